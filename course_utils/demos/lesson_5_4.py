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
from course_utils.demos.word_values import (
    EXPLAINERS,
    against_people,
    cloud,
    otherwise,
    people_rows,
    rare_words,
    sided,
    spearman,
    times_in,
    weights_of,
)  # fmt: skip
from course_utils.language import Reader, Sentences, accuracy, files, reasons
from course_utils.spread import mean_and_error

if TYPE_CHECKING:
    import pandas

__all__ = [
    "EXPLAINERS", "INT8", "WHOLE", "against_people", "ahead", "bytes_of", "cloud", "column",
    "correlations", "doubt", "falls", "glass_box", "glass_weights", "in_a_new_process",
    "otherwise", "people_rows", "rare_words", "reasons_again", "shift_rows", "sided", "test_rows",
    "times_in", "told", "tried_rows", "version_rows", "weights_of", "with_a_side",
]  # fmt: skip
WHOLE, INT8 = (data.folder() / "studies" / f"language.{end}" for end in ("safetensors", "onnx"))
PATTERN = r"\w+(?:'\w+)*"

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
    return f"{np.mean(values):{form}} ± {np.std(values, ddof=1):{form.lstrip('+')}}"


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


def with_a_side(reader: Reader, texts: Sequence[str]) -> dict[str, list[float]]:
    """Return the falls of attention's words, plain and given leave-one-out's signs.

    Sizes by lot with the same signs are the control: what the signs do alone. Sentence by sentence.
    """
    from course_utils.language import explain

    found: dict[str, list[float]] = {}
    for k, text in enumerate(texts):
        if len(explain.players(text)) <= 2 * reasons.TAKEN:
            continue
        seen, exact = explain.attention(reader, text), explain.leave_one_out(reader, text)
        lot = explain.by_lot(reader, text, seed=k).abs()
        side = exact.sign()
        values = {"attention": seen, "sizes by lot, with a side": lot * side,
                  "attention, with a side": seen * side, "leave one out": exact}  # fmt: skip
        for (name, judge), fall in reasons.falls(reader, text, values).items():
            if judge == "unknown":
                found.setdefault(name, []).append(fall)
    return found


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


def shift_rows(table: pandas.DataFrame) -> list[dict[str, str]]:
    """Return how far "not" and "very" move good and bad words; means over seeds."""
    some = table[table.what == "not"]
    return [{"network": kind, "word": word} | {f"{side} words": told(
             part[f"{word} moves {side}"].tolist(), form="+.2f") for side in ("good", "bad")}
            for kind, part in some.groupby("network", sort=False) for word in ("not", "very")
            ]  # fmt: skip


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
