"""Lesson 5.4: the glass box, a new process, tables of the studies, people's words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from course_utils import data
from course_utils.language import Reader, Sentences, accuracy, compress, files, reasons
from course_utils.spread import mean_and_error

if TYPE_CHECKING:
    import pandas

WHOLE, INT8 = (data.folder() / "studies" / f"language.{end}" for end in ("safetensors", "onnx"))
PATTERN = r"\w+(?:'\w+)*"
EXPLAINERS = ("leave one out", "LIME", "Shapley", "attention", "by lot")

_PROGRAM = """
import sys
from course_utils.language import files
print(*files.load(sys.argv[1])(sys.stdin.read().splitlines()).tolist())
"""


def glass_box(train: Sentences, validation: Sentences) -> Any:
    """Return a logistic regression over words; validation chooses its penalty of four."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    made = [
        make_pipeline(CountVectorizer(token_pattern=PATTERN, min_df=3, binary=True),
                      LogisticRegression(C=penalty, max_iter=1000))
        .fit(train.texts, train.liked.numpy())
        for penalty in (0.1, 0.2, 0.5, 1)
    ]  # fmt: skip
    return max(made, key=lambda one: one.score(validation.texts, validation.liked.numpy()))


def glass_weights(glass: Any) -> dict[str, float]:
    """Return a glass box's weight of each word that it knows."""
    return {word: float(glass[-1].coef_[0][k]) for word, k in glass[0].vocabulary_.items()}


def in_a_new_process(path: str | Path, texts: Sequence[str]) -> Tensor:
    """Return what a file's reader says in a new Python process, n."""
    course = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(Path(path).resolve())], input="\n".join(texts),
        cwd=course, capture_output=True, text=True, encoding="utf-8", timeout=120,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{Path(path).name} did not run in a process of its own: {done.stderr}")
    return torch.tensor([float(one) for one in done.stdout.split()])


def bytes_of(reader: Reader) -> dict[str, int]:
    """Return the bytes of a reader's file: all, and those of its words."""
    words = len(" ".join(reader.vocabulary.known).encode())
    return {"file": len(files.file_content(reader)), "words": words}


def told(values: Sequence[float], *, form: str = ".1%") -> str:
    """A mean and its standard deviation over seeds, in words."""
    return f"{np.mean(values):{form}} ± {np.std(values, ddof=1):{form}}"


def version_rows(table: pandas.DataFrame, *, share: float = 0.1) -> list[dict[str, Any]]:
    """Return one row for each network and way, the pruned ones at one share of the words."""
    some = table[table.share.isin((1, share))]
    return [{"network": kind, "version": way if part.share.iloc[0] == 1 else
             f"{share:.0%} of the words, {way}", "bytes": f"{part.bytes.mean():,.0f}",
             "accuracy": told(part.accuracy), "agreement": f"{part.agreement.mean():.2f}",
             "another seed": f"{part['another seed'].mean():.2f}"}
            for (kind, way), part in some.groupby(["network", "way"], sort=False)]  # fmt: skip


def column(table: pandas.DataFrame, name: str, /, **chosen: Any) -> list[float]:
    """Return a column of a study's rows that were chosen by equality, in the order of seeds."""
    for other, value in chosen.items():
        table = table[table[other] == value]
    if not len(table):
        raise ValueError(f"the study has no row with {chosen}.")
    return table.sort_values("seed")[name].tolist()


def correlations(table: pandas.DataFrame) -> dict[str, list[float]]:
    """Return each pair of explainers' rank correlation, a mean over sentences for each seed."""
    pairs = [name for name in table.columns if " ~ " in name]
    return {name: table.groupby("seed")[name].mean().tolist() for name in pairs}


def falls(table: pandas.DataFrame, judge: str) -> dict[str, list[float]]:
    """Return how far the log-odds fall without each explainer's words, a mean for each seed."""
    return {name: table.groupby("seed")[f"{name}, {judge}"].mean().tolist()
            for name in EXPLAINERS}  # fmt: skip


def ahead(table: pandas.DataFrame, one: str, other: str, judge: str) -> list[tuple[float, float]]:
    """Return for each seed by how much one explainer's fall is larger, and the paired error."""
    gap = table[f"{one}, {judge}"] - table[f"{other}, {judge}"]
    return [mean_and_error(part.tolist()) for _, part in gap.groupby(table.seed)]


def reasons_again(reader: Reader, texts: Sequence[str], table: pandas.DataFrame, *,
                  first: int = 10) -> float:  # fmt: skip
    """Explain a study's first sentences again; return the largest difference from its rows."""
    from course_utils.recipes import language as recipe

    gaps = []
    for row in table[table.seed == 0].head(first).to_dict("records"):
        values = recipe.reasons_of(reader, texts[row["sentence"]], seed=row["sentence"])
        again = {f"{name}, {judge}": fall for (name, judge), fall in
                 reasons.falls(reader, texts[row["sentence"]], values).items()}  # fmt: skip
        gaps += [abs(row[name] - value) for name, value in again.items()]
    return max(gaps)


def with_a_side(reader: Reader, texts: Sequence[str]) -> dict[str, float]:
    """Return mean falls of attention's words, plain and given leave-one-out's signs."""
    from course_utils.language import explain

    found: dict[str, list[float]] = {}
    for text in texts:
        if len(explain.players(text)) <= 2 * reasons.TAKEN:
            continue
        seen, exact = explain.attention(reader, text), explain.leave_one_out(reader, text)
        values = {"attention": seen, "with a side": seen * exact.sign(), "leave one out": exact}
        for (name, judge), fall in reasons.falls(reader, text, values).items():
            if judge == "unknown":
                found.setdefault(name, []).append(fall)
    return {name: float(np.mean(several)) for name, several in found.items()}


# ---- people's words


def spearman(one: Any, other: Any) -> float:
    """Return the rank correlation of two columns."""
    import pandas

    return float(pandas.Series(np.asarray(one)).corr(pandas.Series(np.asarray(other)),
                                                     method="spearman"))  # fmt: skip


def against_people(table: pandas.DataFrame, others: Mapping[str, Sequence[Mapping[str, float]]],
                   *, seed: int = 0) -> dict[str, dict[str, list[float]]]:  # fmt: skip
    """Return how each explainer's word values follow people's ratings, seed by seed.

    Args:
        table: the study of words: an explainer's mean value of each rated word.
        others: more values: by name, for each seed a value for every word; 0 where unknown.

    Returns:
        By name: "rank" (Spearman) and "sign" (the share of words on people's side; of 0 half).
    """
    ratings, found = reasons.rated(), {}
    draw = np.random.default_rng(seed)
    for _, part in table.groupby("seed"):
        people = part.word.map(ratings).to_numpy()
        values = {name: part[name].to_numpy() for name in EXPLAINERS if name != "by lot"}
        values["Shapley, words shuffled"] = draw.permutation(values["Shapley"])
        for name, one in values.items():
            _note(found, name, one, people)
    words = table[table.seed == table.seed.min()].word
    for name, several in others.items():
        for weights in several:
            values = np.array([weights.get(word, 0.0) for word in words])
            _note(found, name, values, words.map(ratings).to_numpy())
    return found


def _note(found: dict, name: str, values: np.ndarray, people: np.ndarray) -> None:
    row = found.setdefault(name, {"rank": [], "sign": []})
    row["rank"].append(spearman(values, people))
    row["sign"].append(float(np.where(values == 0, 0.5, values * people > 0).mean()))


def people_rows(found: Mapping[str, Mapping[str, Sequence[float]]]) -> list[dict[str, str]]:
    """Return the table of `against_people`: means over seeds."""
    return [
        {"words valued by": name, "rank correlation": f"{np.mean(row['rank']):.2f}",
         "same side": f"{np.mean(row['sign']):.0%}"} for name, row in found.items()
    ]  # fmt: skip


def weights_of(reader: Reader) -> dict[str, float]:
    """Return a bag's weight of each word that it knows."""
    return dict(zip(reader.vocabulary.known, compress.word_weights(reader).tolist()))


def times_in(texts: Sequence[str]) -> dict[str, int]:
    """Return in how many texts each word stands."""
    from collections import Counter

    from course_utils.language import words

    return Counter(word for text in texts for word in set(words(text)))


def otherwise(bags: Sequence[Mapping[str, float]], texts: Sequence[str], sentences: Sentences, *,
              least: int = 12) -> list[dict[str, Any]]:  # fmt: skip
    """Return frequent rated words that every bag puts on the other side than people do.

    Returns:
        The surest first: the word, people's rating of it alone, its mean weight, in how many
        sentences it stands, and what people thought of *those sentences* on average.
    """
    from course_utils.language import words

    ratings, times, rows = reasons.rated(), times_in(texts), []
    spoken = [set(words(text)) for text in texts]
    for word, rating in ratings.items():
        weights = [bag.get(word, 0.0) for bag in bags]
        if times.get(word, 0) < least or max(w * rating for w in weights) >= 0:
            continue
        inside = [k for k, one in enumerate(spoken) if word in one]
        mean, error = mean_and_error(sentences.rating[inside])
        rows.append({"word": word, "alone": round(rating, 1), "weight": float(np.mean(weights)),
                     "sentences": len(inside), "mean": mean, "error": error})  # fmt: skip
    return sorted(rows, key=lambda row: row["mean"] * np.sign(row["alone"]) / row["error"])


def cloud(bags: Sequence[Reader], texts: Sequence[str], *, least: int = 12
          ) -> list[tuple[str, float, float]]:  # fmt: skip
    """Return frequent rated words, people's rating of each and the bags' mean weight."""
    ratings, times = reasons.rated(), times_in(texts)
    weights = [weights_of(bag) for bag in bags]
    return [(word, rating, float(np.mean([one[word] for one in weights])))
            for word, rating in ratings.items()
            if times.get(word, 0) >= least and word in weights[0]]  # fmt: skip


# ---- answers


def doubt(readers: Mapping[str, Sequence[Reader]], held: Sentences) -> list[dict[str, Any]]:
    """Return how a reader's doubt follows people's disagreement, by rank.

    Doubt is minus the size of the log-odds. "clear only" leaves out sentences whose mean is within
    1 of 0; a sentence there is unsure because of its mean, too.
    """
    rows = []
    for name, several in readers.items():
        found: dict[str, list[float]] = {"all": [], "clear only": [], "shuffled": []}
        for k, reader in enumerate(several):
            less, spread = -reader(held.texts).abs(), held.spread
            order = torch.randperm(len(spread), generator=torch.Generator().manual_seed(k))
            found["all"].append(spearman(less, spread))
            found["clear only"].append(spearman(less[held.clear], spread[held.clear]))
            found["shuffled"].append(spearman(less, spread[order]))
        rows.append({"reader": name} | {key: told(one, form=".2f") if len(one) > 1 else
                                        f"{one[0]:.2f}" for key, one in found.items()})  # fmt: skip
    return rows


def tried_rows(table: pandas.DataFrame, *, kind: str) -> list[dict[str, str]]:
    """Return rows of minimal pairs, means over seeds with their spread; kinds by name."""
    some = table[(table.network == kind) & ~table.what.str.startswith("attention")]
    return [{"pairs": what, "turned": told(part.turned, form=".0%"),
             "in control pairs": told(part.control, form=".0%"), "n": f"{part.pairs.mean():.0f}"}
            for what, part in some.groupby("what", sort=False)]  # fmt: skip


def test_rows(readers: Mapping[str, Sequence[Any]], held: Sentences) -> list[dict[str, str]]:
    """Return the accuracy of readers: on all sentences, clear ones, and the unsure middle.

    Args:
        readers: by name, for each seed its answers as log-odds or scores, n.
    """
    parts = {"all": slice(None), "clear": held.clear, "unsure": ~held.clear}
    rows = []
    for name, several in readers.items():
        found = {key: [accuracy(said[some], held.liked[some]) for said in several]
                 for key, some in parts.items()}  # fmt: skip
        rows.append({"reader": name} | {key: told(one) if len(one) > 1 else f"{one[0]:.1%}"
                                        for key, one in found.items()})  # fmt: skip
    return rows
