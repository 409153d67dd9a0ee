"""Figures of lesson 3.3: accuracy against zeros, schedules, idle units, artefacts, sparse time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from course_utils import plots, prune
from course_utils.measure import Spread

Curves = Mapping[str, Mapping[float, Sequence[float]]]
"""By rule, by share of zeros, one accuracy for each network."""
LOOKS = {
    "LAMP": ("pruning", "-", "o"),
    "global": ("pruning", "--", "s"),
    "each layer alone": ("pruning", ":", "^"),
    "LAMP's shares, by lot": ("control", "-", "D"),
    "by lot": ("control", "--", "x"),
}
"""The colour's method, the line and the mark of each rule."""


def one_shot(curves: Curves, *, title: str) -> Any:
    """Draw accuracy against the share of zeros: a line through the means, a mark a network."""
    made, axis = plots.figure(height=3.7)
    for rule, points in curves.items():
        method, line, mark = LOOKS[rule]
        shade, shares = plots.colour(method), list(points)
        axis.plot(shares, [np.mean(points[share]) for share in shares], line, color=shade,
                  marker=mark, label=rule)  # fmt: skip
        for share in shares:
            axis.plot([share] * len(points[share]), points[share], ".", color=shade, alpha=0.6)
    _percent(axis, next(iter(curves.values())))
    axis.set(ylim=(0, 1), xlabel="share of all weights set to zero, nothing trained",
             ylabel="accuracy", title=title)  # fmt: skip
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=9)
    return made


def words_for_one_shot(curves: Curves) -> str:
    """The picture of `one_shot` in words."""
    return "Mean accuracy by rule and share of zeros. " + " ".join(
        f"{rule}: " + ", ".join(f"{np.mean(v):.0%} at {s:.0%}" for s, v in points.items()) + "."
        for rule, points in curves.items()
    )


def schedules(found: Mapping[str, Sequence[float]], *, final: float, until: float) -> Any:
    """Draw the share of zeros over a training run at once and gradually, and what came of it.

    Args:
        found: by way, one accuracy for each network.
        until: share of the run at which the gradual schedule is done.
    """
    from matplotlib.ticker import MultipleLocator

    made, (left, right) = plots.figure(columns=2, height=3.1, width_ratios=(3, 2))
    run = np.linspace(0, 1, 101)
    zeros = [prune.cubic(min(1.0, share / until), final=final) for share in run]
    left.plot(run, [final] * len(run), "--", color=plots.colour("control"), label="at once")
    left.plot(run, zeros, color=plots.colour("pruning"), label="gradually")
    left.set(xlabel="share of the training run", ylabel="share of zeros",
             title="Most zeros come early")  # fmt: skip
    left.legend(loc="lower right")
    _percent(left, ())
    places = range(len(found))
    for pair in zip(*found.values(), strict=True):
        right.plot(places, pair, "o-", color=plots.colour("pruning"), alpha=0.7)
    right.set_xticks(places, list(found))
    right.set_xlim(-0.4, len(found) - 0.6)
    right.yaxis.set_major_locator(MultipleLocator(0.02))
    right.yaxis.set_major_formatter("{x:.0%}")
    pairs = list(zip(*found.values(), strict=True))
    up = sum(after > before for before, after in pairs)
    right.set(ylabel="accuracy", title=f"Better in {up} of {len(pairs)}")
    return made


def words_for_schedules(found: Mapping[str, Sequence[float]], *, final: float) -> str:
    """The picture of `schedules` in words."""
    said = "; ".join(
        f"{' '.join(name.split())} " + ", ".join(f"{value:.1%}" for value in values)
        for name, values in found.items()
    )
    return (
        f"The gradual schedule rises steeply from no zeros and bends into {final:.0%}, where the "
        f"other begins. Accuracy of each network in the end: {said}."
    )


def idle_units(zeros: Tensor) -> Any:
    """Draw how often each unit of a layer is zero, in rising order; those always zero stand out."""
    made, axis = plots.figure(height=2.7)
    ranked = zeros.sort().values.numpy()
    gone = int((ranked == 1).sum())
    awake = len(ranked) - gone
    axis.bar(range(awake), ranked[:awake], width=0.8, color=plots.colour("reference"))
    axis.bar(range(awake, len(ranked)), ranked[awake:], width=0.8, color=plots.colour("pruning"))
    axis.yaxis.set_major_formatter("{x:.0%}")
    axis.set(xlabel="unit, sorted", ylabel="share of zeros",
             title=f"{gone} of {len(ranked)} units are zero on every image")  # fmt: skip
    return made


def words_for_idle_units(zeros: Tensor) -> str:
    """The picture of `idle_units` in words."""
    gone = int((zeros == 1).sum())
    return (
        f"The share of zeros of each of {len(zeros)} units, sorted: from {zeros.min():.0%} "
        f"through {zeros.median():.0%} in the middle to 100% for {gone} of them."
    )


def artefacts(rows: Sequence[Mapping[str, Any]], *, title: str) -> Any:
    """Draw bytes, time and accuracy of each artefact against the dense file's.

    Args:
        rows: the dense one first; "artefact", "bytes", "time" (a Spread of ratios) and "accuracy".
    """
    made, (left, middle, right) = plots.figure(columns=3, sharey=True, width=7.6, height=2.6)
    names = [row["artefact"] for row in rows]
    shades = [plots.colour("reference"), *[plots.colour("pruning")] * (len(rows) - 1)]
    sizes = [row["bytes"] / 1000 for row in rows]
    left.barh(names, sizes, color=shades, height=0.6)
    for place, size in enumerate(sizes):
        left.annotate(f"{size:,.0f}", (size, place), xytext=(3, 0), va="center", fontsize=8.5,
                      textcoords="offset points")  # fmt: skip
    left.set_xlim(0, max(sizes) * 1.3)
    for place, (row, shade) in enumerate(zip(rows, shades, strict=True)):
        time = row["time"]
        middle.plot([time.low, time.high], [place, place], color=shade, lw=3, alpha=0.5)
        middle.plot(time.median, place, "o", color=shade)
        right.plot(row["accuracy"], place, "o", color=shade)
    middle.axvline(1, color=plots.colour("reference"), lw=1, ls=":")
    middle.set_xlim(left=0)
    right.set_xlim(min(0.8, *(row["accuracy"] for row in rows)) - 0.02, 1)
    right.xaxis.set_major_formatter("{x:.0%}")
    left.invert_yaxis()
    for axis, label in ((left, "file, kilobytes"), (middle, "time / dense time"),
                        (right, "accuracy")):  # fmt: skip
        axis.set_xlabel(label)
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def words_for_artefacts(rows: Sequence[Mapping[str, Any]]) -> str:
    """The picture of `artefacts` in words."""
    return " ".join(
        f"{row['artefact']}: {row['bytes']:,} bytes, {row['time'].median:.2f} of the dense "
        f"network's time, accuracy {row['accuracy']:.1%}."
        for row in rows
    )


def sparse_time(ratios: Mapping[float, Spread], title: str) -> Any:
    """Draw the time of a sparse product against the dense one, by the share of zeros."""
    from matplotlib.ticker import LogLocator, NullLocator

    made, axis = plots.figure(height=2.9)
    shares = list(ratios)
    axis.fill_between(shares, [r.low for r in ratios.values()], [r.high for r in ratios.values()],
                      color=plots.colour("pruning"), alpha=0.3, lw=0)  # fmt: skip
    axis.plot(shares, [r.median for r in ratios.values()], "o-", color=plots.colour("pruning"))
    axis.axhline(1, color=plots.colour("reference"), lw=1, ls=":")
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_minor_locator(NullLocator())
    axis.yaxis.set_major_formatter("{x:g}")
    _percent(axis, shares[:-2] + shares[-1:], y=False)  # the last labels would overlap
    axis.set(xlabel="share of zeros", ylabel="time / dense time", title=title)
    return made


def words_for_sparse_time(ratios: Mapping[float, Spread]) -> str:
    """The picture of `sparse_time` in words."""
    said = ", ".join(f"{r.median:.2f} at {share:.0%} zeros" for share, r in ratios.items())
    return f"Time of a product in CSR form, divided by that of the dense product: {said}."


def _percent(axis: Any, shares: Any, *, y: bool = True) -> None:
    """Write the shares on the axes as percentages, with a tick at each share given."""
    if len(shares):
        axis.set_xticks(list(shares))
    axis.xaxis.set_major_formatter("{x:.0%}")
    if y:
        axis.yaxis.set_major_formatter("{x:.0%}")
