"""Lesson 1.2's figures: recall by class, maps beside each other, where strongest pixels fall."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from course_utils import plots
from course_utils.data import FASHION_CLASSES
from course_utils.demos.lesson_1_2 import CHEATING, HONEST


def by_class(recalls: Mapping[str, tuple[Tensor, Tensor]], *, title: str) -> Any:
    """Draw each class's recall: a full mark in the own shop, a larger ring elsewhere.

    Args:
        recalls: by network, "cheating" first: class shares in the own shop, and elsewhere.
    """
    made, axis = plots.figure(height=3.8)
    looks = zip(recalls.items(), (CHEATING, HONEST), ("o", "s"), (-0.16, 0.16), strict=True)
    for (name, (own, other)), shade, mark, shift in looks:
        places = [place + shift for place in range(len(own))]
        axis.hlines(places, 100 * own, 100 * other, color=shade, lw=1)
        axis.plot(100 * own, places, mark, ms=4, color=shade, label=f"{name}, same shop")
        axis.plot(100 * other, places, mark, ms=8, color=shade, mfc="none",
                  label=f"{name}, another shop")  # fmt: skip
    axis.set_yticks(range(len(FASHION_CLASSES)), FASHION_CLASSES)
    axis.invert_yaxis()
    axis.set(xlim=(-3, 103), xlabel="recognised (% of the class)", title=title)
    made.legend(loc="outside lower center", ncols=2)
    return made


def words_for_classes(recalls: Mapping[str, tuple[Tensor, Tensor]]) -> str:
    """The picture of `by_class` in words."""
    return "Recognised in the same shop, and in another: " + "; ".join(
        f"{name} " + ", ".join(
            f"{label} {a:.0%} and {b:.0%}"
            for label, a, b in zip(FASHION_CLASSES, own, other, strict=True)
        )
        for name, (own, other) in recalls.items()
    )  # fmt: skip


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
