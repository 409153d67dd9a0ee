"""Lesson 1.2's figures: maps beside each other, and where strongest pixels fall."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from course_utils import plots
from course_utils.data import FASHION_CLASSES
from course_utils.demos.lesson_1_2 import CHEATING, HONEST


def maps(images: Tensor, attributions: Mapping[str, Tensor], *, title: str) -> Any:
    """Draw images in a row, and below it a row of maps for each network.

    Every map has its own scale: what counts is where it is strongest (a circle).

    Args:
        images: n x 1 x height x width; attributions the same, by network.
    """
    count = len(images)
    made, axes = plots.figure(rows=1 + len(attributions), columns=count, height=3.9)
    for axis, image in zip(axes[0], images, strict=True):
        plots.draw_image(axis, image)
    for row, (name, found) in zip(axes[1:], attributions.items(), strict=True):
        for axis, image, one in zip(row, images, found, strict=True):
            plots.draw_attribution(axis, one, over=image)
            top, left = divmod(int(one.argmax()), one.shape[-1])
            axis.plot(left, top, "o", ms=9, mfc="none", mec="#0072B2", mew=1.6)
        row[0].set_title(name, loc="left", fontsize=9.5)
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def piles(shares: Mapping[str, Tensor], *, title: str) -> Any:
    """Draw where the strongest pixels of each class fall: a row a network, a column a class.

    A dot's area is the share of images whose strongest pixel it is.

    Args:
        shares: by network, class x height x width; each class sums to 1.
    """
    made, axes = plots.figure(rows=len(shares), columns=10, width=8.0, height=1.25 * len(shares))
    shades = (CHEATING, HONEST)
    for row, (name, found), shade in zip(axes, shares.items(), shades, strict=True):
        for axis, one, label in zip(row, found, FASHION_CLASSES, strict=True):
            high, wide = one.shape
            rows, columns = one.nonzero(as_tuple=True)
            areas = (150 * one[rows, columns]).tolist()
            axis.scatter(columns.tolist(), rows.tolist(), s=areas, color=shade, lw=0)
            axis.set(xticks=[], yticks=[], xlim=(-0.5, wide - 0.5), ylim=(high - 0.5, -0.5))
            axis.set_aspect("equal")
            axis.spines[:].set_visible(True)
            axis.grid(visible=False)
            axis.set_title(f"{label}\n{one.max():.0%}", loc="center", fontsize=8,
                           fontweight="normal")  # fmt: skip
        row[0].set_ylabel(name, fontsize=9)
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def words_for_piles(shares: Mapping[str, Tensor]) -> str:
    """The picture of `piles` in words."""
    return "; ".join(
        f"{name}: " + ", ".join(
            f"{label} {one.max():.0%}" for label, one in zip(FASHION_CLASSES, found, strict=True)
        )
        for name, found in shares.items()
    )  # fmt: skip
