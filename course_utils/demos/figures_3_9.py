"""Lesson 3.9's pictures: errors in a matrix, slices tried twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from course_utils import plots
from course_utils.data import FASHION_CLASSES


def errors(matrix: Tensor, *, title: str) -> Any:
    """Draw a confusion matrix without its diagonal: darker is more."""
    counts = (matrix - matrix.diag().diag()).numpy()
    made, axis = plots.figure(width=6.2, height=4.9)
    axis.imshow(counts, cmap="Greys", vmin=0)
    half = counts.max() / 2
    for row, column in np.argwhere(counts > 0):
        shade = "white" if counts[row, column] > half else "#333333"
        axis.text(column, row, counts[row, column], ha="center", va="center", fontsize=8,
                  color=shade)  # fmt: skip
    ticks = range(len(FASHION_CLASSES))
    axis.set_xticks(ticks, FASHION_CLASSES, rotation=45, ha="right")
    axis.set_yticks(ticks, FASHION_CLASSES)
    axis.grid(visible=False)
    axis.set(xlabel="answer", ylabel="label", title=title)
    return made


def words_for_errors(kinds: Sequence[Any]) -> str:
    """The commonest errors in words."""
    return "; ".join(
        f"{FASHION_CLASSES[one.true]} called {FASHION_CLASSES[one.answer]}: {one.images}"
        for one in kinds[:6]
    )


def twice(tried: Mapping[str, Sequence[Any]], *, title: str) -> Any:
    """Draw each slice's weakness when sought (across) and when tried again (up).

    Args:
        tried: by kind of slices, pairs of weaknesses.
    """
    made, axis = plots.figure(width=6.2, height=3.9)
    axis.axhline(0, color=plots.colour("random"), lw=1)
    looks = zip(tried.items(), ("quantization", "random"), ("o", "x"), strict=False)
    for (name, pairs), look, mark in looks:
        across, up = ([one.z for one in side] for side in zip(*pairs, strict=True))
        axis.plot(across, up, mark, color=plots.colour(look), label=name, ls="", alpha=0.85,
                  zorder=2 if look == "random" else 3)  # fmt: skip
    axis.set(xlabel="when sought, validation (standard errors)",
             ylabel="when tried again, test", title=title)  # fmt: skip
    axis.legend(loc="upper left")
    return made


def words_for_twice(tried: Mapping[str, Sequence[Any]]) -> str:
    """Each kind's weakest five: how they did when tried again."""
    told = []
    for name, pairs in tried.items():
        first = sorted(pairs, key=lambda pair: -pair[0].z)[:5]
        told.append(
            f"{name}: the five weakest when sought had "
            + ", ".join(f"{one.z:.1f} and then {two.z:.1f}" for one, two in first)
            + " standard errors"
        )
    return "; ".join(told)
