"""Lesson 3.7: games to edit, and a row of one's own as a waterfall."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import permutations
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_utils import lesson, shapley, widgets
from course_utils.demos import figures_3_7 as figures
from course_utils.demos.tumours import COLUMNS

Worth = Callable[[frozenset], float]
"""From the players of a coalition to what it is worth."""


# ---- a game to edit


def gains_by_order(worth: Worth, players: Sequence[str]) -> dict[str, list[float]]:
    """For every order of arrival, such as "A B C", what each player adds, in `players`' order."""
    found = {}
    for order in permutations(players):
        gain = {p: worth(frozenset(order[: i + 1])) - worth(frozenset(order[:i]))
                for i, p in enumerate(order)}  # fmt: skip
        found[" ".join(order)] = [gain[p] for p in players]
    return found


def table_of(players: Sequence[str], worths: Mapping[str, float]) -> Worth:
    """A game from its table: "AB" is what A and B are worth; nobody is worth 0."""

    def worth(members: frozenset) -> float:
        return worths["".join(p for p in players if p in members)] if members else 0.0

    return worth


def party(**values: Any) -> tuple[list[str], dict[str, list[float]]]:
    """Who takes part (`A_plays` ...), and every order's gains (worths `A`, `AB`, ...)."""
    players = [name for name in "ABC" if values[f"{name}_plays"]]
    return players, gains_by_order(table_of("ABC", values), players)


def draw_party(**values: Any) -> Any:
    """Draw the orders of those who take part, and their shares."""
    players, gains = party(**values)
    if not players:
        return "<p>Nobody takes part: there is nothing to share.</p>"
    return figures.orders(gains, players, title=words_for_party(**values))


def words_for_party(**values: Any) -> str:
    """The shares in words."""
    players, gains = party(**values)
    if not players:
        return "Nobody takes part"
    means = np.mean(list(gains.values()), axis=0)
    return ", ".join(f"{p} gets {mean:.2f}" for p, mean in zip(players, means, strict=True))


def purses() -> dict[str, Any]:
    """A slider for what each coalition is worth; at first the game of gloves."""
    groups = ("A", "B", "C", "AB", "AC", "BC", "ABC")
    return {group: widgets.slider(0, 24, start=12 if group in groups[3:5] + groups[6:] else 0)
            for group in groups}  # fmt: skip


# ---- a row of one's own


class OwnRow:
    """Draws the waterfall of a row that the learner sets.

    Args:
        predict: from rows x 7 columns to log-odds.
        backgrounds: by name, the rows to compare with.
    """

    def __init__(self, predict: Callable[[Tensor], Tensor], backgrounds: Mapping[str, Tensor]):
        self.predict, self.backgrounds = predict, dict(backgrounds)

    def controls(self, start: Tensor) -> dict[str, Any]:
        """The widget's controls: backgrounds, what absent means, a slider for each column."""
        every = torch.cat(list(self.backgrounds.values()))
        return {"background": list(self.backgrounds), "absent": ["any values", "usual values"]} | (
            sliders(every, start)
        )

    def shares(self, background: str, absent: str, **row: float) -> tuple[Tensor, float]:
        """The columns' shares, and the background's mean log-odds."""
        rows = self.backgrounds[background]
        values = torch.tensor([float(row[name]) for name in COLUMNS], dtype=rows.dtype)
        game = shapley.column_game if absent == "any values" else shapley.conditional_game
        return shapley.exact(game(self.predict, values, rows), len(COLUMNS)), float(
            self.predict(rows).mean()
        )

    def draw(self, background: str, absent: str, **row: float) -> Any:
        """Draw the waterfall."""
        values, base = self.shares(background, absent, **row)
        return figures.waterfall(
            named(row), values, base, unit="log-odds of malignant", title=self._title(values, base),
            start=background,
        )  # fmt: skip

    def words(self, background: str, absent: str, **row: float) -> str:
        """The waterfall in words."""
        values, base = self.shares(background, absent, **row)
        return (
            f"{self._title(values, base)}, against {background}. "
            f"{figures.words_for_waterfall(named(row), values, base)}"
        )

    def _title(self, values: Tensor, base: float) -> str:
        end = base + values.sum().item()
        chance = 1 / (1 + np.exp(-abs(end)))
        return f"The network says {'malignant' if end > 0 else 'benign'}, {chance:.1%} sure"


def named(row: Mapping[str, float]) -> list[str]:
    """Each column with its value, in the columns' order."""
    return [f"{name} = {float(row[name]):.4g}" for name in COLUMNS]


def sliders(rows: Tensor, start: Tensor) -> dict[str, Any]:
    """A slider for each column, from its lowest to its highest value, in round steps."""
    found = {}
    for name, column, at in zip(COLUMNS, rows.T, start.tolist(), strict=True):
        low, high = min(column.min().item(), at), max(column.max().item(), at)
        places = 1 - math.floor(math.log10((high - low) / 5))
        step = 10.0**-places
        low, high = math.floor(low / step) * step, math.ceil(high / step) * step
        low, high, at = (round(value, max(places, 0)) for value in (low, high, at))
        found[name] = widgets.slider(float(low), float(high), start=float(at), step=step)
    return found


def show_waterfall(row: Tensor, shares: Tensor, base: Tensor) -> None:
    """Show one row's shares."""
    names = named(dict(zip(COLUMNS, row.tolist(), strict=True)))
    drawn = figures.waterfall(
        names, shares, base.item(), unit="log-odds of malignant",
        title=f"{shares.sum().item():+.2f} log-odds, shared out: nothing is left over",
        start="mean of the background",
    )  # fmt: skip
    lesson.show(drawn, alt=figures.words_for_waterfall(names, shares, base.item()))


def side_by_side(shares: Mapping[str, Tensor]) -> list[dict[str, str]]:
    """Rows for `lesson.table`: every column's share, one way beside the other, and the sums."""
    rows = [{"measurement": name} | {way: f"{found[i]:+.2f}" for way, found in shares.items()}
            for i, name in enumerate(COLUMNS)]  # fmt: skip
    return [*rows, {"measurement": "sum"} | {way: f"{v.sum():+.2f}" for way, v in shares.items()}]


def on_arrays(predict: Callable[[Tensor], Tensor]) -> Callable[[np.ndarray], np.ndarray]:
    """The same function from arrays to arrays, as `shap` calls it."""
    return lambda rows: predict(torch.as_tensor(rows)).numpy()


def in_float32(*parts: Tensor) -> list[np.ndarray]:
    """Tables rounded to float32, which is what trees read, as float64 arrays."""
    return [part.float().double().numpy() for part in parts]


def many(way: Callable, predict: Callable, rows: Any, background: Any) -> Tensor:
    """The shares of many rows by one kind of game: rows x 7."""
    return torch.stack([shapley.exact(way(predict, row, background), len(COLUMNS))
                        for row in rows])  # fmt: skip
