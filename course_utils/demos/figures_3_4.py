"""Lesson 3.4's pictures: entropy, unseen digits, small sets and their scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from course_utils import plots

Seeds = Mapping[str, Sequence[float]]
"""By name, one number for each seed."""


def entropy_curve(temperatures: Sequence[float], shares: Tensor, *, title: str) -> Any:
    """Draw the entropy against the temperature: the mean, and the middle 80 % of images.

    Args:
        shares: temperature x image, each entropy as a share of the largest possible.
    """
    made, axis = plots.figure(height=2.9)
    low, high = np.quantile(shares.numpy(), [0.1, 0.9], axis=1)
    shade = plots.COLOURS["distillation"]
    axis.fill_between(
        temperatures, low, high, color=shade, alpha=0.2, label="middle 80 % of images"
    )
    axis.plot(temperatures, shares.mean(1), "o-", color=shade, label="mean")
    axis.axhline(1, color="#999999", lw=1)
    axis.set_xscale("log", base=2)
    axis.set_xticks(temperatures, [f"{t:g}" for t in temperatures])
    axis.set(xlabel="temperature T", ylabel="entropy, share of log 10", ylim=(0, 1.05), title=title)
    axis.legend(loc="lower right")
    return made


def before_and_after(before: Seeds, after: Seeds, methods: Sequence[str], *, title: str) -> Any:
    """Draw two panels of dots, one a seed: unseen digits right before and after the shift."""
    made, axes = plots.figure(columns=2, width=7.4, height=1.1 + 0.42 * len(before), sharey=True)
    for axis, values, name in zip(axes, (before, after), ("as trained", "after the shift"),
                                  strict=True):  # fmt: skip
        for place, (several, method) in enumerate(zip(values.values(), methods, strict=True)):
            axis.plot(several, [place] * len(several), "o", color=plots.colour(method), alpha=0.8)
        axis.set(xlim=(-0.04, 1.04), xlabel="unseen 3s read right, share", title=name)
    axes[0].set_yticks(range(len(before)), list(before))
    axes[0].invert_yaxis()
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def sets_of_ten(sets: Mapping[str, tuple[Tensor, Tensor]], *, title: str) -> Any:
    """Draw sets of ten images, one below the other."""
    made, axes = plots.figure(rows=len(sets), columns=10, width=7.6, height=0.75 * len(sets) + 0.4)
    for row, (name, (images, _)) in zip(np.atleast_2d(axes), sets.items(), strict=True):
        for axis, image in zip(row, images, strict=True):
            plots.draw_image(axis, image)
        row[0].annotate(name, (-0.1, 0.5), xycoords="axes fraction", ha="right", va="center",
                        fontsize=9)  # fmt: skip
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def scores(rows: Mapping[str, Seeds], methods: Sequence[str], *, title: str) -> Any:
    """Draw one panel a protocol: the accuracy that each set teaches, one dot a seed.

    Args:
        rows: by protocol, by set.
        methods: the colours of the sets.
    """
    count = len(next(iter(rows.values())))
    made, axes = plots.figure(columns=len(rows), width=7.8, height=1.1 + 0.33 * count, sharey=True)
    for axis, (protocol, sets) in zip(np.atleast_1d(axes), rows.items(), strict=True):
        for place, (several, method) in enumerate(zip(sets.values(), methods, strict=True)):
            axis.plot(several, [place] * len(several), "o", color=plots.colour(method), alpha=0.8)
        axis.axvline(0.1, color="#999999", lw=1)  # guessing
        axis.set(xlim=(0, 1), xlabel="held-out accuracy", title=protocol)
    first = np.atleast_1d(axes)[0]
    first.set_yticks(range(count), list(next(iter(rows.values()))), fontsize=9)
    first.invert_yaxis()
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def words(values: Seeds) -> str:
    """Dots in words: the smallest and largest of each row."""
    return "; ".join(f"{name}: {min(of):.0%} to {max(of):.0%}" for name, of in values.items())
