"""Factorisation: a vector for each user and each film, trained with Adam (1412.6980).

score(user, film)  =  mean + user's bias + film's bias + user · film
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import embedding, softplus

from course_utils.recommend.ratings import Ratings
from course_utils.recommend.ridge import PENALTY, WEIGHT, user_vectors


@dataclass(frozen=True, eq=False)
class Factors:
    """Vectors and biases that score every film for every user.

    Attributes:
        user: user x dimension.
        film: film x dimension.
        user_bias, film_bias: one number each; zeros where a model has none.
        mean: one number, stars; zero where a model does not foretell stars.
        loss: the training loss at each step; empty for what was not trained.
    """

    user: Tensor
    film: Tensor
    user_bias: Tensor
    film_bias: Tensor
    mean: Tensor
    loss: tuple[float, ...] = ()

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return self.film.shape[1]

    def scores(self) -> Tensor:
        """Return user x film: all scores."""
        found = self.user @ self.film.T
        found += self.film_bias
        found += (self.mean + self.user_bias)[:, None]
        return found

    def pairs(self, user: Tensor, film: Tensor) -> Tensor:
        """Return the scores of pairs of user and film, one each."""
        biases = self.user_bias.index_select(0, user) + self.film_bias.index_select(0, film)
        return self.mean + biases + (embedding(user, self.user) * embedding(film, self.film)).sum(1)


Watch = Callable[[int, Factors], None]
"""Called with each step's number, from 0 on, and the factors before that step."""


def biases(train: Ratings, *, penalty: float = 5.0) -> Factors:
    """Return the baseline: the mean, and each film's and user's shrunken distance from it.

    Args:
        penalty: so many ratings of the mean are added to each film's and to each user's.
    """
    mean = train.stars.mean()
    film = _shrunken(train.film, train.stars - mean, train.films, penalty)
    user = _shrunken(train.user, train.stars - mean - film[train.film], train.users, penalty)
    empty = torch.zeros
    return Factors(empty(train.users, 0), empty(train.films, 0), user, film, mean)


def _shrunken(place: Tensor, values: Tensor, count: int, penalty: float) -> Tensor:
    total = torch.zeros(count).index_add(0, place, values)
    return total / (torch.bincount(place, minlength=count) + penalty)


def popularity(train: Ratings) -> Factors:
    """Return the baseline for ranking: how many users liked each film, the same for everybody."""
    counts = train.liked.counts().float()
    empty = torch.zeros
    return Factors(empty(train.users, 0), empty(train.films, 0), empty(train.users), counts,
                   torch.tensor(0.0))  # fmt: skip


def on_stars(
    train: Ratings, *, dimensions: int = 32, penalty: float = 0.1, steps: int = 80,
    rate: float = 0.03, seed: int = 0, watch: Watch | None = None,
) -> Factors:  # fmt: skip
    """Train on the squared error of the stars (Koren 2009, doi 10.1109/MC.2009.263).

    Args:
        penalty: weight of the squared length of the vectors and biases of each rating.
        rate: Adam's learning rate.
    """
    start = drawn(train, dimensions, seed, biases(train))
    often = _often(train)

    def loss(now: Factors) -> Tensor:
        error = (now.pairs(train.user, train.film) - train.stars).square().mean()
        return error + penalty * _size(now, *often)

    return _adam(start, loss, steps, rate, watch)


def on_pairs(
    train: Ratings, *, dimensions: int = 16, penalty: float = 0.01, steps: int = 100,
    rate: float = 0.05, seed: int = 0, watch: Watch | None = None,
) -> Factors:  # fmt: skip
    """Train so that a liked film scores above one drawn by lot: BPR (Rendle 2009, 1205.2618).

    At each step every liked film meets another film, new each time.
    """
    liked = train.liked
    start, lot = drawn(train, dimensions, seed), torch.Generator().manual_seed(seed)
    seen, often = train.table(), _often(liked)

    def loss(now: Factors) -> Tensor:
        other = torch.randint(train.films, (len(liked),), generator=lot)
        fair = ~seen[liked.user, other]
        user, film, other = liked.user[fair], liked.film[fair], other[fair]
        ahead = now.pairs(user, film) - now.pairs(user, other)
        return softplus(-ahead).mean() + penalty * _size(now, *often)

    return _adam(start, loss, steps, rate, watch)


def on_likes(
    train: Ratings, *, dimensions: int = 16, weight: float = WEIGHT, penalty: float = PENALTY,
    steps: int = 60, rate: float = 0.08, seed: int = 0, watch: Watch | None = None,
) -> Factors:  # fmt: skip
    """Train to give 1 for liked films and 0 for all others, the likes weighing more (Hu 2008).

    The sum over all pairs needs no list of pairs: it is the product of two small matrices. At the
    end each user's vector is the best one for these films (`user_vectors`).

    Args:
        weight: a like counts 1 + weight; any other pair counts 1.
        penalty: weight of the squared length of each vector.
    """
    liked = train.liked

    def loss(now: Factors) -> Tensor:
        given = now.pairs(liked.user, liked.film)
        everywhere = (now.user.T @ now.user * (now.film.T @ now.film)).sum()
        likes = ((1 + weight) * (1 - given).square() - given.square()).sum()
        size = now.user.square().sum() + now.film.square().sum()
        return (everywhere + likes + penalty * size) / len(liked)

    start = drawn(train, dimensions, seed)
    found = _adam(start, loss, steps, rate, watch, names=("user", "film"))
    return replace(found, user=user_vectors(found.film, train, weight=weight, penalty=penalty))


def _often(ratings: Ratings) -> tuple[Tensor, Tensor]:
    """Each user's and each film's share of the ratings."""
    users = torch.bincount(ratings.user, minlength=ratings.users)
    return users / len(ratings), ratings.counts() / len(ratings)


def _size(now: Factors, users: Tensor, films: Tensor) -> Tensor:
    """The mean over the ratings of the squared length of all that foretells one."""
    user = now.user.square().sum(1) + now.user_bias.square()
    film = now.film.square().sum(1) + now.film_bias.square()
    return users @ user + films @ film


def drawn(train: Ratings, dimensions: int, seed: int, base: Factors | None = None) -> Factors:
    """Return factors to start from: vectors by lot, and another's biases, or none."""
    if dimensions < 1:
        raise ValueError(f"dimensions must be at least 1; got {dimensions}")
    lot = torch.Generator().manual_seed(seed)
    user = 0.1 * torch.randn(train.users, dimensions, generator=lot)
    film = 0.1 * torch.randn(train.films, dimensions, generator=lot)
    if base is not None:
        return replace(base, user=user, film=film)
    empty = torch.zeros
    return Factors(user, film, empty(train.users), empty(train.films), torch.tensor(0.0))


def _adam(
    start: Factors, loss: Callable[[Factors], Tensor], steps: int, rate: float,
    watch: Watch | None, names: tuple[str, ...] = ("user", "film", "user_bias", "film_bias"),
) -> Factors:  # fmt: skip
    """Follow the loss downwards with Adam, all ratings at each step."""
    parts = {name: getattr(start, name).clone().requires_grad_() for name in names}
    adam, curve = torch.optim.Adam(parts.values(), lr=rate), []
    for step in range(steps):
        if watch:
            now = {name: part.detach().clone() for name, part in parts.items()}
            watch(step, replace(start, **now))
        value = loss(replace(start, **parts))
        adam.zero_grad()
        value.backward()
        adam.step()
        curve.append(value.item())
    return replace(start, **{name: part.detach() for name, part in parts.items()},
                   loss=tuple(curve))  # fmt: skip
