"""Shapley values: what each player of a game is owed."""

from __future__ import annotations

from collections.abc import Callable
from math import comb

import torch


def coalitions(players: int) -> torch.Tensor:
    """Return all 2^players coalitions, one a row of booleans; row k holds the bits of k."""
    if not 1 <= players <= 20:
        raise ValueError(
            f"enumeration takes 1 to 20 players (2^20 coalitions are a million); got {players}."
        )
    numbers = torch.arange(2**players)
    return (numbers[:, None] >> torch.arange(players)) & 1 == 1


def exact(value: Callable[[torch.Tensor], torch.Tensor], players: int) -> torch.Tensor:
    """Return Shapley values by enumeration (Shapley 1953; Lundberg & Lee 2017, 1705.07874).

    A player's value is what joining adds, averaged over every order in which the players
    could arrive. They sum to value(all) - value(nobody); one who adds nothing gets 0; two who
    always add the same get the same.

    Args:
        value: from coalitions, rows x players of booleans, to what each is worth, rows.

    Returns:
        players values, float64.
    """
    worth = value(coalitions(players)).detach().double().cpu()
    if worth.shape != (2**players,):
        raise ValueError(
            f"value must give one number for each of {2**players} coalitions; "
            f"got shape {tuple(worth.shape)}."
        )
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
