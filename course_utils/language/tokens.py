"""From a text to numbers: words, a vocabulary, and one number for every unknown word."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

WORD = re.compile(r"\w+(?:'\w+)*")
PAD, UNKNOWN = 0, 1
FIRST = 2
"""The number of a vocabulary's first word; 0 fills up short rows, 1 is any unknown word."""
PLACES = 64
"""So many words of a text are read; the rest is cut off."""


def words(text: str) -> list[str]:
    """Return a text's words in lower case, in order: "It isn't!" is it, isn't."""
    return WORD.findall(text.lower().replace("’", "'"))


@dataclass(frozen=True)
class Vocabulary:
    """The words that a network knows, each with a number.

    Attributes:
        known: different words; `known[k]` has the number k + 2.
    """

    known: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.numbers) != len(self.known):
            raise ValueError("a vocabulary holds each word once; some came twice.")

    @cached_property
    def numbers(self) -> dict[str, int]:
        """By word, its number."""
        return {word: k + FIRST for k, word in enumerate(self.known)}

    def __len__(self) -> int:
        """How many numbers there are, padding and unknown included."""
        return len(self.known) + FIRST

    def number(self, word: str) -> int:
        """Return a word's number; 1 where it is unknown."""
        return self.numbers.get(word, UNKNOWN)

    def rows(self, texts: Sequence[str]) -> Tensor:
        """Return texts as numbers, text x place, int64; short rows end in 0."""
        return padded([[self.number(word) for word in words(text)] for text in texts])


def padded(rows: Sequence[Sequence[int]]) -> Tensor:
    """Return lists of numbers as one table, filled up with 0; at least one column wide."""
    longest = max([1, *map(len, rows)])
    table = torch.full((len(rows), longest), PAD, dtype=torch.int64)
    for k, row in enumerate(rows):
        table[k, : len(row)] = torch.tensor(row, dtype=torch.int64)
    return table


def learn(texts: Iterable[str], *, least: int = 3) -> Vocabulary:
    """Return the words that stand at least so often in the texts, the most frequent first."""
    if least < 1:
        raise ValueError(f"least must be 1 or more times; got {least!r}.")
    count = Counter(word for text in texts for word in words(text))
    chosen = sorted((word for word in count if count[word] >= least),
                    key=lambda word: (-count[word], word))  # fmt: skip
    return Vocabulary(tuple(chosen))
