"""Figures of lesson 6, one to an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from course_utils import data, paired, plots
from course_utils.demos.lesson_6 import Chooser

Seeds = Mapping[str, Sequence[float]]


def features(right: Seeds) -> Any:
    """Draw the share of right answers of lines on each kind of feature, a dot a network."""
    methods = ["random" if name.startswith("untrained") else "reference" for name in right]
    return plots.bars({name: [100 * x for x in of] for name, of in right.items()},
                      unit="right answers of lines on 1,000 validation images (%)",
                      title="What is learned stands in the last hidden layer",
                      methods=methods)  # fmt: skip


def words_for(right: Seeds) -> str:
    """The picture of `features` in words."""
    return "Lines on " + ", ".join(f"{name} {np.mean(of):.1%}" for name, of in right.items()) + "."


def left(shares: Sequence[float], found: Sequence[Sequence[float]]) -> Any:
    """Draw accuracy against the share of zeros, a line for each network."""
    made, axis = plots.figure(height=2.8)
    for one in found:
        axis.plot([100 * share for share in shares], [100 * x for x in one], "o-",
                  color=plots.colour("pruning"), alpha=0.8, ms=4)  # fmt: skip
    axis.set(xlabel="weights set to 0 (%)", ylabel="right answers (%)", ylim=(0, 100),
             title="Half costs nothing; the edge is elsewhere for each network")  # fmt: skip
    return made


def words_for_left(shares: Sequence[float], found: Sequence[Sequence[float]]) -> str:
    """The picture of `left` in words."""
    return ". ".join(
        f"{share:.0%} zeros: " + ", ".join(f"{one[k]:.0%}" for one in found)
        for k, share in enumerate(shares)
    ) + "."  # fmt: skip


def pair(image: Tensor, trained: Tensor, random: Tensor) -> Any:
    """Draw an image and the sizes of two maps of it."""
    made, axes = plots.figure(columns=3, width=6.0, height=2.2)
    plots.draw_image(axes[0], image)
    for axis, one in zip(axes[1:], (trained, random), strict=True):
        plots.draw_attribution(axis, one)
    for axis, title in zip(axes, ("the picture", "trained", "never trained"), strict=True):
        axis.set_title(title, fontsize=9, fontweight="normal")
    made.suptitle("One of these networks knows nothing", fontsize=11, fontweight="bold")
    return made


def recalls(moved: Mapping[str, Sequence[paired.Paired]]) -> Any:
    """Draw how each class's recall moved, with its error, a panel for each network."""
    made, axes = plots.figure(columns=len(moved), width=7.8, height=3.2, sharex=True, sharey=True)
    shades = {"another seed": plots.colour("random")}
    for axis, (name, classes) in zip(np.atleast_1d(axes), moved.items(), strict=True):
        axis.barh(range(len(classes)), [100 * one.difference for one in classes],
                  xerr=[100 * one.error for one in classes], ecolor="#555555",
                  color=shades.get(name, plots.colour("pruning")))  # fmt: skip
        axis.axvline(0, color="black", lw=0.8)
        axis.set_title(name, fontsize=9, fontweight="normal")
        axis.set_xlabel("recall, points gained (± 1 standard error)")
    axis.set_yticks(range(len(classes)), data.FASHION_CLASSES)
    axis.invert_yaxis()
    made.suptitle("The classes do not pay alike; nor do two seeds", fontsize=11, fontweight="bold")
    return made


def words_for_recalls(moved: Mapping[str, Sequence[paired.Paired]]) -> str:
    """The picture of `recalls` in words."""
    return ". ".join(
        f"{name}: " + ", ".join(f"{cls} {100 * one.difference:+.1f} points"
                                for cls, one in zip(data.FASHION_CLASSES, classes, strict=True))
        for name, classes in moved.items()
    ) + "."  # fmt: skip


UNITS = {"bytes": "bytes of the file", "time": "time, the reference is 1",
         "MACs": "MACs an image"}  # fmt: skip


def chosen(chooser: Chooser, *, scarce: str, points: float) -> Any:
    """Draw the networks by cost and accuracy, and mark the chosen one."""
    row = chooser.choose(scarce, loss=points / 100)
    column = chooser.column(scarce)
    made, axis = plots.figure(height=3.2)
    for method, some in chooser.table.groupby("method", sort=False):
        axis.plot(some[column], 100 * some["accuracy"], "o", color=plots.colour(method),
                  alpha=0.8, label=method)  # fmt: skip
    axis.plot(row[column], 100 * row["accuracy"], "o", ms=15, mfc="none", mec="black", mew=1.5)
    axis.axhline(100 * chooser.whole - points, color="#999999", lw=0.9, ls="--")
    axis.set(xscale="log", xlabel=UNITS[scarce], ylabel="right of 1,000 (%)",
             title=f"{_asked(scarce, points)}: {row['name']}")  # fmt: skip
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return made


def words_for_chosen(chooser: Chooser, *, scarce: str, points: float) -> str:
    """The picture of `chosen` in words."""
    row = chooser.choose(scarce, loss=points / 100)
    return (f"{_asked(scarce, points)}: {row['name']}, {row['bytes']:,} bytes, "
            f"{row['latency_ratio']:.2f} of the time, {row['accuracy']:.1%} right.")  # fmt: skip


def _asked(scarce: str, points: float) -> str:
    return f"Least {scarce} within {points:g} point{'' if points == 1 else 's'}"
