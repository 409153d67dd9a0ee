"""Lesson 4.1's figures: every bill of every design, a short race beside a long one, the wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import plots

if TYPE_CHECKING:
    import pandas

LOOKS = {
    "narrow": ("o", "#56B4E9", "#56B4E9"),
    "shallow": ("s", "#1f6f9f", "#1f6f9f"),
    "ResNet": ("D", "#0b3c5d", "#0b3c5d"),
    "small ResNet": ("D", "#0b3c5d", "white"),
}
"""For each design a marker, its colour and its filling: shades of the colour of structure."""


def bills(rows: Mapping[str, Mapping[str, float]], *, title: str) -> Any:
    """Draw each design's costs as multiples of the reference's, a row of dots a cost.

    Args:
        rows: by the design's name, its costs by name; all name the same costs.
    """
    costs = list(next(iter(rows.values())))
    made, axis = plots.figure(height=1.3 + 0.42 * len(costs))
    for name, amounts in rows.items():
        marker, shade, filling = LOOKS[name]
        axis.plot([amounts[cost] for cost in costs], range(len(costs)), marker=marker, ms=8,
                  ls=":", lw=1, color=shade, mfc=filling, mew=1.5, label=name)  # fmt: skip
    axis.axvline(1, color=plots.colour("reference"), lw=1.5)
    axis.annotate("reference", (1, -0.6), xytext=(-5, 0), ha="right", fontsize=8.5,
                  textcoords="offset points", va="center")  # fmt: skip
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter(lambda v, _: f"{v:g}")
    axis.set_yticks(range(len(costs)), costs)
    axis.set_ylim(len(costs) - 0.5, -1)
    axis.set(xlabel="times the reference's (logarithmic)", title=title)
    made.legend(loc="outside lower center", ncols=len(rows))
    return made


def words_for_bills(rows: Mapping[str, Mapping[str, float]]) -> str:
    """The bills in words."""
    said = "; ".join(
        f"{name}: " + ", ".join(f"{cost} {value:.2f}" for cost, value in amounts.items())
        for name, amounts in rows.items()
    )
    return f"Costs as multiples of the reference's. {said}"


def race(
    short: Mapping[str, Sequence[float]], long: Mapping[str, Sequence[float]], *, title: str
) -> Any:
    """Draw two designs' accuracies after a short and after a long training, a dot a network.

    Args:
        short: by the design's name, shares right, one a seed; `long` likewise.
    """
    made, axis = plots.figure(height=3.2)
    for name in short:
        marker, shade, filling = LOOKS[name]
        runs = (short[name], long[name])
        means = [100 * float(np.mean(values)) for values in runs]
        axis.plot((0, 1), means, color=shade, lw=1.5)
        for place, values in enumerate(runs):
            axis.plot([place] * len(values), 100 * np.asarray(values), marker, ms=8,
                      color=shade, mfc=filling, mew=1.5)  # fmt: skip
        axis.annotate(name, (0, means[0]), xytext=(-12, 0), ha="right", va="center",
                      textcoords="offset points")  # fmt: skip
    axis.set_xticks((0, 1), ("short race", "whole recipe"))
    axis.set_xlim(-0.55, 1.25)
    axis.set(ylabel="validation accuracy (%)", title=title)
    return made


def words_for_race(
    short: Mapping[str, Sequence[float]], long: Mapping[str, Sequence[float]]
) -> str:
    """The race in words."""
    return "; ".join(
        f"{name}: {np.mean(short[name]):.1%} after the short race, {np.mean(long[name]):.1%} after "
        f"the whole recipe" for name in short
    )  # fmt: skip


def by_time(board: pandas.DataFrame) -> Any:
    """Draw the scoreboard's accuracy against its time for a batch."""
    points = board.assign(**{
        "test accuracy (%)": 100 * board["accuracy"],
        "time for a batch (× the reference's)": board["latency_ratio"],
    })  # fmt: skip
    return plots.pareto(
        points.to_dict("records"), x="time for a batch (× the reference's)",
        y="test accuracy (%)", logarithmic=False,
        title="By time, the designs stand closer together",
    )  # fmt: skip
