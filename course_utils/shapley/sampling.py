"""Shapley values from some of the orders, and how far they may be off."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from course_utils.shapley.enumeration import Game, worths


@dataclass(frozen=True)
class Sampled:
    """What players gained in orders drawn at random.

    Attributes:
        gains: draws x players, float64: what each player added on joining. Every row sums to
            value(all) - value(nobody).
    """

    gains: torch.Tensor

    @property
    def values(self) -> torch.Tensor:
        """The estimated Shapley values, players: mean gains."""
        return self.gains.mean(0)

    @property
    def errors(self) -> torch.Tensor:
        """The values' standard errors, players: the gains' spread / sqrt(draws)."""
        return self.gains.std(0) / len(self.gains) ** 0.5


def sampled(
    value: Game, players: int, *, orders: int = 200, paired: bool = False, seed: int = 0
) -> Sampled:
    """Return Shapley values estimated from random orders (Castro et al. 2009).

    Each order asks for `players` coalitions; they are handed to `value` 1,000 orders at a time.

    Args:
        orders: how many orders of arrival are tried.
        paired: follow every order by its reverse; then a draw is the mean of the two, and
            the errors are those of pairs. Often more exact for the same cost.
    """
    _check(players, orders, paired)
    generator = torch.Generator().manual_seed(seed)
    draws = orders // 2 if paired else orders
    rank = torch.rand(draws, players, generator=generator).argsort(1).argsort(1)
    ends = worths(value, torch.stack([torch.zeros(players), torch.ones(players)]).bool())
    gains = _gains(value, rank, ends)
    if paired:
        gains = (gains + _gains(value, players - 1 - rank, ends)) / 2
    return Sampled(gains)


def _gains(value: Game, rank: torch.Tensor, ends: torch.Tensor) -> torch.Tensor:
    """What each player adds at its place in each order: orders x players.

    Args:
        rank: orders x players, a player's place from 0.
        ends: what nobody and everybody are worth.
    """
    players, found = rank.shape[1], []
    for part in rank.split(1000):
        here = part[:, None] < torch.arange(1, players)[:, None]  # order x size x player
        inner = here.flatten(0, 1)
        between = worths(value, inner) if len(inner) else torch.zeros(0).double()
        between = between.view(len(part), players - 1)
        nobody, everybody = ends.expand(len(part), 2).split(1, 1)
        steps = torch.cat([nobody, between, everybody], 1).diff(dim=1)
        found.append(steps.gather(1, part))
    return torch.cat(found)


def _check(players: int, orders: int, paired: bool) -> None:
    if not isinstance(players, int) or players < 1:
        raise ValueError(f"players must be a whole number, 1 or more; got {players!r}.")
    least = 4 if paired else 2
    if not isinstance(orders, int) or orders < least or (paired and orders % 2):
        pairs = " even, for the pairs," if paired else ""
        raise ValueError(
            f"orders must be a whole number,{pairs} at least {least} for an error; got {orders!r}."
        )
