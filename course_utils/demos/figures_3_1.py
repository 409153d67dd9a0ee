"""Figures of lesson 3.1: spectra, ranks, terms, gradients by depth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from course_utils import plots

Points = Mapping[int, Sequence[float]]
"""By rank, terms or depth: one number a network or seed."""
WAYS = {"SVD": ("structure", "o"), "by lot": ("random", "^")}
"""How a rank is lowered; the colour's method, and the mark."""
LOOKS = {
    "plain": ("reference", "-"), "plain + norm": ("reference", "--"),
    "skip": ("structure", "-"), "skip + norm": ("structure", "--"),
}  # fmt: skip
"""Kinds of body; the colour's method, and the line."""


def ranks(
    spectra: Mapping[str, Sequence[Tensor]],
    curves: Mapping[str, Points],
    whole: float,
    *,
    title: str,
) -> Any:
    """Draw singular values, each as a share of the largest, and accuracy against rank.

    Args:
        spectra: name to one falling row of singular values a network.
    """
    made, (left, right) = plots.figure(columns=2, width=7.6, height=3.1, width_ratios=(1, 1.4))
    for name, several in spectra.items():
        shade = plots.colour("random" if name == "untrained" else "structure")
        for number, values in enumerate(several):
            left.plot(range(1, len(values) + 1), values / values[0], color=shade,
                      label=None if number else name)  # fmt: skip
    left.set(xlabel="place", ylabel="singular value / largest", ylim=(0, 1.05))
    left.legend(fontsize=8.5)
    for way, points in curves.items():
        method, mark = WAYS[way]
        _line(right, points, plots.colour(method), way, marker=mark)
    right.axhline(whole, color=plots.colour("reference"), lw=1, ls=":")
    right.set_xscale("log", base=2)
    right.set_xticks(list(next(iter(curves.values()))))
    right.xaxis.set_major_formatter(lambda x, _: f"{x:.0f}")
    right.set(xlabel="rank of fc1, nothing retrained", ylabel="accuracy")
    right.yaxis.set_major_formatter(lambda y, _: f"{y:.0%}")
    right.legend(fontsize=8.5, loc="upper left", bbox_to_anchor=(0, 0.93))
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def words_for_ranks(curves: Mapping[str, Points], whole: float) -> str:
    """The picture of `ranks` in words."""
    return f"Accuracy by fc1's rank, median of the networks; whole {whole:.1%}. " + "; ".join(
        f"{way}: " + ", ".join(f"{np.median(v):.0%} at {rank}" for rank, v in points.items())
        for way, points in curves.items()
    ) + "."  # fmt: skip


def terms(points: Points, whole: float, *, title: str) -> Any:
    """Draw accuracy against the number of separable terms."""
    made, axis = plots.figure(width=5.4, height=2.7)
    _line(axis, points, plots.colour("structure"), "", marker="o")
    axis.axhline(whole, color=plots.colour("reference"), lw=1, ls=":")
    axis.set_xticks(list(points))
    axis.set(xlabel="terms for each channel of conv2, nothing retrained", ylabel="accuracy",
             title=title)  # fmt: skip
    axis.yaxis.set_major_formatter(lambda y, _: f"{y:.0%}")
    return made


def words_for_terms(points: Points) -> str:
    """The picture of `terms` in words."""
    told = ", ".join(f"{np.median(values):.0%} with {count}" for count, values in points.items())
    return f"Accuracy by number of separable terms, median of the networks: {told}."


def by_depth(kinds: Mapping[str, Points], *, title: str, what: str,
             logarithmic: bool = False) -> Any:  # fmt: skip
    """Draw one line a kind of stack, against depth.

    Args:
        kinds: kind in LOOKS to points.
        what: the vertical axis.
    """
    made, axis = plots.figure(width=5.6, height=3.2)
    for kind, points in kinds.items():
        method, line = LOOKS[kind]
        _line(axis, points, plots.colour(method), kind, marker="o", ls=line)
    axis.set_xscale("log")
    depths = list(next(iter(kinds.values())))
    axis.set_xticks(depths, [str(depth) for depth in depths])
    axis.minorticks_off()
    axis.set(xlabel="layers", ylabel=what, title=title)
    if logarithmic:
        axis.set_yscale("log")
    else:
        axis.yaxis.set_major_formatter(lambda y, _: f"{y:.0%}")
    axis.legend(fontsize=8.5, loc="lower left", handlelength=4)  # long enough to show dashes
    return made


def words_for_depth(kinds: Mapping[str, Points], *, share: bool = False) -> str:
    """The picture of `by_depth` in words; share: the numbers are shares."""
    form = ".0%" if share else ".0e"
    return "Median of the seeds. " + "; ".join(
        f"{kind}: " + ", ".join(f"{np.median(v):{form}} at {depth}" for depth, v in points.items())
        for kind, points in kinds.items()
    ) + "."  # fmt: skip


def inside(runs: Sequence[Any], *, kind: str, title: str) -> Any:
    """Draw gradients and spreads by layer before training, and the loss in it; a line a seed.

    Args:
        kind: in LOOKS, for the colour and the line.
    """
    made, axes = plots.figure(columns=3, width=7.6, height=2.7)
    method, line = LOOKS[kind]
    shade = plots.colour(method)
    for one in runs:
        for axis, values in zip(axes, (one.gradients, one.spreads, one.losses), strict=True):
            axis.plot(range(1, len(values) + 1), values, line, color=shade, lw=1.2, alpha=0.8)
    for axis, (name, unit) in zip(axes, (("gradient", "layer"), ("distance of pictures", "layer"),
                                         ("loss", "training step")), strict=True):  # fmt: skip
        axis.set_title(name, fontsize=9.5, loc="center")
        axis.set_xlabel(unit)
    for axis, (low, high) in zip(axes[:2], ((1e-21, 1e5), (1e-15, 1e5)), strict=True):
        axis.set_yscale("log")
        axis.set_ylim(low, high)
    axes[2].set_ylim(0, 3)
    made.suptitle(title, fontsize=10.5, fontweight="bold")
    return made


def _line(axis: Any, points: Points, shade: str, label: str, **look: Any) -> None:
    """A line through the medians, and every single value as a faint dot."""
    axis.plot(list(points), [np.median(v) for v in points.values()], color=shade, label=label,
              ms=5, **look)  # fmt: skip
    for place, values in points.items():
        axis.plot([place] * len(values), values, ".", color=shade, alpha=0.5, ms=4)
