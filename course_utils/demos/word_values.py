"""Lesson 5.4: values of words, beside what people say of the words alone and in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.language import Reader, Sentences, compress, reasons
from course_utils.spread import mean_and_error

if TYPE_CHECKING:
    import pandas

EXPLAINERS = ("leave one out", "LIME", "Shapley", "attention", "by lot")


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


def sided(rows: Sequence[Mapping[str, Any]]) -> str:
    """Say on whose side the sentences' mean is, of the words of `otherwise`; clearly: 2 errors."""
    nets = [row["mean"] * row["weight"] > 0 for row in rows]
    sure = [abs(row["mean"]) > 2 * row["error"] for row in rows]
    clearly = [sum(s for s, n in zip(sure, nets) if n == side) for side in (True, False)]
    return (f"on the network's side in {sum(nets)} (clearly: {clearly[0]}), on the ratings' in "
            f"{len(rows) - sum(nets)} (clearly: {clearly[1]})")  # fmt: skip


def cloud(bags: Sequence[Reader], texts: Sequence[str], *, least: int = 12
          ) -> list[tuple[str, float, float]]:  # fmt: skip
    """Return frequent rated words, people's rating of each and the bags' mean weight."""
    ratings, times = reasons.rated(), times_in(texts)
    weights = [weights_of(bag) for bag in bags]
    return [(word, rating, float(np.mean([one[word] for one in weights])))
            for word, rating in ratings.items()
            if times.get(word, 0) >= least and word in weights[0]]  # fmt: skip


def rare_words(reader: Reader, texts: Sequence[str], *, share: float = 0.1) -> tuple[float, float]:
    """Return what the words beyond a share of the most frequent ones say, of a bag.

    Returns:
        Their share of all known words spoken in the texts, and of the sizes of their weights.
    """
    from course_utils.language import words

    weights, number = weights_of(reader), reader.vocabulary.numbers
    first = round(share * len(weights)) + 2
    spoken = [word for text in texts for word in words(text) if word in weights]
    rare = [word for word in spoken if number[word] >= first]
    size = {word: abs(one) for word, one in weights.items()}
    return len(rare) / len(spoken), sum(map(size.get, rare)) / sum(map(size.get, spoken))
