"""Lesson 3.4's pictures: entropy, unseen digits, small sets and their scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from course_utils import plots

Seeds = Mapping[str, Sequence[float]]
"""By name, one number for each seed."""


SHADES = {"hard": "reference", "teacher": "distillation", "herded": "reference", "learned": "data",
          "its": "data"}  # fmt: skip
"""By the first word of a row's name, the method that gives its colour; grey for the others."""


def entropy_curve(temperatures: Sequence[float], shares: Tensor) -> Any:
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
    axis.set(xlabel="temperature T", ylabel="entropy, share of log 10", ylim=(0, 1.05))
    axis.set_title(_entropies(temperatures, shares))
    axis.legend(loc="lower right")
    return made


def words_for_entropy(temperatures: Sequence[float], shares: Tensor) -> str:
    """The picture of `entropy_curve` in words."""
    return f"Entropy against temperature. {_entropies(temperatures, shares)}."


def _entropies(temperatures: Sequence[float], shares: Tensor) -> str:
    """The first, a middle and the last mean, as a title."""
    some = [0, len(temperatures) // 3, len(temperatures) - 1]
    parts = [f"{shares[k].mean():.0%} at T = {temperatures[k]:g}" for k in some]
    return f"Mean entropy: {', '.join(parts)}"


def before_and_after(before: Seeds, after: Seeds, *, title: str) -> Any:
    """Draw two panels of dots, one a seed: unseen digits right before and after the shift."""
    made, axes = plots.figure(columns=2, width=7.4, height=1.1 + 0.42 * len(before), sharey=True)
    for axis, values, name in zip(axes, (before, after), ("as trained", "after the shift"),
                                  strict=True):  # fmt: skip
        _dots(axis, values)
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


def scores(rows: Mapping[str, Seeds], *, title: str) -> Any:
    """Draw one panel a protocol: the accuracy that each set teaches, one dot a seed.

    Args:
        rows: by protocol, by set.
    """
    count = len(next(iter(rows.values())))
    made, axes = plots.figure(columns=len(rows), width=7.8, height=1.1 + 0.33 * count, sharey=True)
    for axis, (protocol, sets) in zip(np.atleast_1d(axes), rows.items(), strict=True):
        _dots(axis, sets)
        axis.axvline(0.1, color="#999999", lw=1)  # guessing
        axis.set(xlim=(0, 1), xlabel="held-out accuracy", title=protocol)
    first = np.atleast_1d(axes)[0]
    first.set_yticks(range(count), list(next(iter(rows.values()))), fontsize=9)
    first.invert_yaxis()
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def words_for_shift(before: Seeds, after: Seeds) -> str:
    """The picture of `before_and_after` in words."""
    return f"Unseen 3s read right. As trained: {words(before)}. After the shift: {words(after)}."


def words_for_scores(rows: Mapping[str, Seeds]) -> str:
    """The picture of `scores` in words."""
    return " ".join(f"Read by {protocol}: {words(sets)}." for protocol, sets in rows.items())


def words(values: Seeds) -> str:
    """Dots in words: the smallest and largest of each row."""
    return "; ".join(f"{name}: {min(of):.0%} to {max(of):.0%}" for name, of in values.items())


def _dots(axis: Any, rows: Seeds) -> None:
    """One line of dots a row, coloured by the first word of its name."""
    for place, (name, several) in enumerate(rows.items()):
        shade = plots.COLOURS[SHADES.get(name.split()[0].rstrip(","), "random")]
        axis.plot(several, [place] * len(several), "o", color=shade, alpha=0.8)
