"""Are the named words the reason? Take them away, in two ways, and ask again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from course_utils import data
from course_utils.language import explain
from course_utils.language.reader import Reader
from course_utils.language.tokens import UNKNOWN, words

TAKEN = 3
"""Words that an explainer names."""


def named(values: Tensor, *, side: float, count: int = TAKEN) -> Tensor:
    """Return the places of the words that speak most for the answer.

    Args:
        values: one for each word, positive for "liked"; attention has no sign: give side 1.
        side: 1 or -1, the answer's side.
    """
    return (values * side).argsort(descending=True, stable=True)[:count]


def taken_away(reader: Reader, text: str, places: Sequence[Tensor]) -> dict[str, Tensor]:
    """Return the log-odds without some words, for each set of places.

    Returns:
        "left out" and "unknown", where an unknown word stands in a word's place.
    """
    names, spoken = explain.players(text), words(text)
    owner = torch.tensor([names.index(word) for word in spoken])
    on = torch.ones(len(places), len(names), dtype=torch.bool)
    for row, some in enumerate(places):
        on[row, some] = False
    numbers = reader.vocabulary.rows([text])[0]
    hidden = torch.where(on[:, owner], numbers, UNKNOWN)
    return {"left out": explain.game(reader, text)(on), "unknown": reader.read(hidden).double()}


def falls(reader: Reader, text: str, values: Mapping[str, Tensor]) -> dict[tuple[str, str], float]:
    """Return how far the answer's log-odds fall without each explainer's three words.

    Args:
        values: by explainer, a value for each word.

    Returns:
        By explainer and judge ("left out", "unknown").
    """
    whole = reader([text]).item()
    side = 1.0 if whole > 0 else -1.0
    places = [named(one, side=1.0 if name == "attention" else side)
              for name, one in values.items()]  # fmt: skip
    after = taken_away(reader, text, places)
    return {(name, judge): side * (whole - after[judge][k].item())
            for judge in after for k, name in enumerate(values)}  # fmt: skip


def rated() -> dict[str, float]:
    """Return people's ratings of single words, out of any sentence, by word."""
    table = data.word_ratings()
    return dict(zip(table["word"], table["rating"], strict=True))
