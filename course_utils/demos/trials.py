"""Explanations on trial: sampled shares against the truth, credit against cause, and the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from course_utils import shapley

Game = Callable[[Tensor], Tensor]


# ---- sampling against the truth


class Off(NamedTuple):
    """How far sampled shares are off, over seeds and players, in the game's unit.

    Attributes:
        true: root mean square of the distances from the truth.
        reported: that of the standard errors.
        covered: the share of estimates whose truth lies within two standard errors.
    """

    true: float
    reported: float
    covered: float


def off(game: Game, truth: Tensor, orders: int, *, paired: bool = False, seeds: int = 40) -> Off:
    """Estimate the shares with every seed, and compare with the truth."""
    runs = [shapley.sampled(game, len(truth), orders=orders, paired=paired, seed=seed)
            for seed in range(seeds)]  # fmt: skip
    away = torch.stack([run.values - truth for run in runs])
    said = torch.stack([run.errors for run in runs])
    return Off(
        away.pow(2).mean().sqrt().item(), said.pow(2).mean().sqrt().item(),
        (away.abs() <= 2 * said).double().mean().item(),
    )  # fmt: skip


def measured(
    game: Game, truth: Tensor, *, counts: Sequence[int] = (16, 64, 256, 1024)
) -> dict[str, dict[int, Off]]:
    """`off` for both ways of sampling, by the number of orders."""
    return {name: {count: off(game, truth, count, paired=paired) for count in counts}
            for name, paired in (("single orders", False), ("pairs", True))}  # fmt: skip


def remembered(game: Callable[[Tensor], Tensor], players: int) -> Callable[[Tensor], Tensor]:
    """The same game, each coalition asked once and then looked up."""
    worth = game(shapley.coalitions(players))
    return lambda rows: worth[(rows * 2 ** torch.arange(players)).sum(1)]


# ---- credit and cause


def fever(people: int = 2000, seed: int = 0) -> tuple[list[float], float, float]:
    """A cause makes people ill, illness makes fever; a line reads both.

    Returns:
        The mean sizes of the shares of cause and fever; how many are ill, and how many are
        in the same world when everybody's fever is set to 0.
    """
    from sklearn.linear_model import LogisticRegression

    def world(cool: bool) -> tuple[np.ndarray, np.ndarray]:
        chance = np.random.default_rng(seed)
        cause = chance.normal(size=people)
        ill = cause + chance.normal(size=people) > 1
        fever = 0 * ill if cool else 2 * ill + chance.normal(size=people)
        return np.column_stack([cause, fever]), ill

    rows, ill = world(cool=False)
    line = LogisticRegression().fit(rows, ill)
    shares = line.coef_[0] * (rows - rows.mean(0))  # a line's Shapley values
    return abs(shares).mean(0).tolist(), ill.mean(), world(cool=True)[1].mean()


# ---- players torn apart


def credit(
    predict: Callable[[Tensor], Tensor], rows: Tensor, background: Tensor
) -> tuple[dict[str, float], dict[str, float]]:
    """Each player's part of all credit (sizes of shares): of seven columns; with size as one."""
    player = torch.tensor([0, 0, 0, 1, 2, 3, 4])
    torn, whole = torch.zeros(7).double(), torch.zeros(5).double()
    for row in rows:
        game = shapley.column_game(predict, row, background)
        torn += shapley.exact(game, 7).abs()
        whole += shapley.exact(lambda known, game=game: game(known[:, player]), 5).abs()
    torn = torch.cat([torn[:3].sum()[None], torn[3:]])
    found = []
    for part in (torn / torn.sum(), whole / whole.sum()):
        size, texture, smoothness, concavity, symmetry = part.tolist()
        found.append({"texture": texture, "symmetry": symmetry, "size": size,
                      "the rest": smoothness + concavity})  # fmt: skip
    return found[0], found[1]


def split(credits: Mapping[str, Mapping[str, float]]) -> list[dict[str, str]]:
    """Rows for `lesson.table`: how all credit is split, by who the players are."""
    return [{"players": name} | {player: f"{part:.0%}" for player, part in parts.items()}
            for name, parts in credits.items()]  # fmt: skip


# ---- costs


def milliseconds(explain: Callable[[], Any], *, runs: int = 3) -> float:
    """The median time of one explanation."""
    times = []
    for _ in range(runs):
        start = perf_counter()
        explain()
        times.append(perf_counter() - start)
    return 1000 * float(np.median(times))


def costs(ways: Mapping[str, Callable[[], Any]]) -> list[dict[str, str]]:
    """Rows for `lesson.table`: the time of each explanation."""
    return [{"explanation": name, "ms": f"{milliseconds(way):.1f}"} for name, way in ways.items()]
