"""Lesson 3.4's pictures: unseen digits, and what small sets teach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_utils import plots

Seeds = Mapping[str, Sequence[float]]
"""By name, one number for each seed."""


SHADES = {"hard": "reference", "teacher": "distillation", "herded": "reference", "learned": "data",
          "its": "data"}  # fmt: skip
"""By the first word of a row's name, the method that gives its colour; grey for the others."""


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
