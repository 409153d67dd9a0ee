"""The film sentences, split once by sentence, and what people thought of each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from course_utils import data

SIZES = {"test": 1_500, "validation": 1_500}
"""Sentences held out; all others are for training."""


@dataclass(frozen=True)
class Sentences:
    """One split.

    Attributes:
        texts: n sentences.
        share: of the people asked, the share that liked what they read; a rating of 0 counts
            half; n.
        rating: their mean rating, from -4 to 4, n.
        people: every person's rating, sentence by sentence.
    """

    texts: list[str]
    share: Tensor
    rating: Tensor
    people: list[np.ndarray]

    @property
    def liked(self) -> Tensor:
        """Whether the mean rating is above 0, n; the class that a classifier must tell."""
        return self.rating > 0

    @property
    def clear(self) -> Tensor:
        """Whether the mean is at least 1 away from 0, n."""
        return self.rating.abs() >= 1

    @property
    def spread(self) -> Tensor:
        """How much people disagree: the standard deviation of their ratings, n."""
        return torch.tensor([one.std(ddof=1) for one in self.people])


@cache
def sentences(split: data.Split) -> Sentences:
    """Return a split of `data.movie_reviews`: 1,500 test, 1,500 validation, the rest to train."""
    if split not in ("train", "validation", "test"):
        raise ValueError(f"split must be 'train', 'validation' or 'test'; got {split!r}.")
    table, people = data.movie_reviews(), data.review_ratings()
    order = np.random.RandomState(0).permutation(len(table))  # frozen for ever
    ends = np.cumsum([0, *SIZES.values(), len(table)])
    place = [*SIZES, "train"].index(split)
    rows = order[ends[place] : ends[place + 1]]
    share = [((people[k] > 0) + 0.5 * (people[k] == 0)).mean() for k in rows]
    return Sentences(
        texts=table["text"].iloc[rows].tolist(),
        share=torch.tensor(share, dtype=torch.float32),
        rating=torch.tensor(table["rating"].to_numpy()[rows]),
        people=[people[k] for k in rows],
    )


def one_against_the_rest(people: np.ndarray) -> float:
    """Return how often one person is on the side of the other people's mean; a 0 counts half."""
    rest = (people.sum() - people) / (len(people) - 1)
    agrees = np.where(people * rest == 0, 0.5, people * rest > 0)
    return float(agrees.mean())
