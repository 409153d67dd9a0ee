"""Kernel SHAP: Shapley values as the weights of one weighted line through the coalitions."""

from __future__ import annotations

from math import comb

import torch

from course_utils.shapley.enumeration import Game, coalitions, worths


def kernel(value: Game, players: int, *, samples: int | None = None, seed: int = 0) -> torch.Tensor:
    """Return Shapley values by weighted least squares (Lundberg & Lee 2017, 1705.07874).

    The line must pass through nobody and everybody, so the values always sum to the
    difference of the two. With all coalitions they are the exact ones.

    Args:
        samples: how many coalitions to draw; None asks all of them. Each is drawn with its
            complement (Covert & Lee 2021, 2012.01536), so an even number is used.

    Returns:
        players values, float64.
    """
    ends = torch.stack([torch.zeros(players), torch.ones(players)]).bool()
    nobody, everybody = worths(value, ends)
    if players == 1:
        return (everybody - nobody)[None]
    if samples is None:
        rows = coalitions(players)[1:-1]
        of_size = [0.0] + [shapley_weight(players, size) for size in range(1, players)]
        weights = torch.tensor(of_size, dtype=torch.float64)[rows.sum(1)]
    else:
        rows = _drawn(players, samples, seed)
        weights = torch.ones(len(rows)).double()  # they were drawn by their weights
    return _constrained(rows, worths(value, rows) - nobody, weights, everybody - nobody)


def shapley_weight(players: int, size: int) -> float:
    """Return a coalition's weight in the line: (n - 1) / (C(n, s) s (n - s))."""
    return (players - 1) / (comb(players, size) * size * (players - size))


def _constrained(
    rows: torch.Tensor, gains: torch.Tensor, weights: torch.Tensor, total: torch.Tensor
) -> torch.Tensor:
    """Solve min sum of w (gain - row·x)² with sum(x) = total: the last player takes the rest."""
    present = rows.double()
    design = present[:, :-1] - present[:, -1:]
    left = gains - present[:, -1] * total
    root = weights.sqrt()
    first = torch.linalg.lstsq(
        design * root[:, None], (left * root)[:, None], driver="gelsd"
    ).solution[:, 0]
    if torch.linalg.matrix_rank(design) < design.shape[1]:
        raise ValueError(
            f"the {len(rows)} coalitions drawn cannot tell all {rows.shape[1]} players apart; "
            f"give more samples."
        )
    return torch.cat([first, (total - first.sum())[None]])


def _drawn(players: int, samples: int, seed: int) -> torch.Tensor:
    """Coalitions drawn by their weights, each followed by its complement: rows x players."""
    if not isinstance(samples, int) or samples < 2 * players:
        raise ValueError(
            f"samples must be a whole number, at least two for each of {players} players; "
            f"got {samples!r}."
        )
    generator = torch.Generator().manual_seed(seed)
    sizes = torch.arange(1, players)
    chance = 1 / (sizes * (players - sizes)).double()
    size = sizes[torch.multinomial(chance, samples // 2, replacement=True, generator=generator)]
    rank = torch.rand(samples // 2, players, generator=generator).argsort(1).argsort(1)
    half = rank < size[:, None]
    return torch.stack([half, ~half], 1).flatten(0, 1)
