"""Shapley values by enumeration: every coalition is asked once."""

from __future__ import annotations

from collections.abc import Callable
from math import comb

import torch

Game = Callable[[torch.Tensor], torch.Tensor]
"""From coalitions, rows x players of booleans, to what each is worth, rows."""


def coalitions(players: int) -> torch.Tensor:
    """Return all 2^players coalitions, one a row of booleans; row k holds the bits of k."""
    if not 1 <= players <= 20:
        raise ValueError(
            f"enumeration takes 1 to 20 players (2^20 coalitions are a million); got {players}. "
            f"For more, sample orders: shapley.sampled."
        )
    numbers = torch.arange(2**players)
    return (numbers[:, None] >> torch.arange(players)) & 1 == 1


def exact(value: Game, players: int) -> torch.Tensor:
    """Return Shapley values by enumeration (Shapley 1953; Lundberg & Lee 2017, 1705.07874).

    A player's value is what joining adds, averaged over every order in which the players
    could arrive. They sum to value(all) - value(nobody); one who adds nothing gets 0; two who
    always add the same get the same.

    Args:
        value: from coalitions, rows x players of booleans, to what each is worth, rows.

    Returns:
        players values, float64.
    """
    worth = worths(value, coalitions(players))
    numbers = torch.arange(2**players)
    sizes = coalitions(players).sum(1)
    weight = torch.tensor(
        [1 / (players * comb(players - 1, size)) for size in range(players)], dtype=torch.float64
    )
    shares = []
    for player in range(players):
        without = numbers[(numbers >> player) & 1 == 0]
        gain = worth[without + 2**player] - worth[without]
        shares.append((weight[sizes[without]] * gain).sum())
    return torch.stack(shares)


def worths(value: Game, rows: torch.Tensor) -> torch.Tensor:
    """Return what each coalition is worth, float64 on the CPU.

    Raises:
        ValueError: not one finite number for each coalition.
    """
    worth = torch.as_tensor(value(rows)).detach().double().cpu()
    if worth.shape != (len(rows),):
        raise ValueError(
            f"value must give one number for each of {len(rows)} coalitions; "
            f"got shape {tuple(worth.shape)}."
        )
    if not worth.isfinite().all():
        raise ValueError(
            "value gave nan or infinity for a coalition: a log-odds of a certain answer? "
            "Explain logits instead."
        )
    return worth
