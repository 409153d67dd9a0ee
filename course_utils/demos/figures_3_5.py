"""Lesson 3.5's figures: maps beside each other, filters, favourites, forgotten layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from torch import Tensor

from course_utils import plots
from course_utils.demos.map_tests import STAGES


def gallery(images: Tensor, maps: Mapping[str, Tensor], *, title: str) -> Any:
    """Draw a row for each image: the image, then its maps; every map on its own scale.

    Args:
        images: n x 1 x height x width; `maps` by method, the same shape.
    """
    made, axes = plots.figure(
        rows=len(images), columns=1 + len(maps), width=8.0, height=0.7 + 1.1 * len(images),
        squeeze=False,
    )  # fmt: skip
    for place, (row, image) in enumerate(zip(axes, images, strict=True)):
        plots.draw_image(row[0], image)
        for axis, (name, found) in zip(row[1:], maps.items(), strict=True):
            plots.draw_attribution(axis, found[place], over=image)
            if place == 0:
                axis.set_title(name.replace(" ", "\n"), fontsize=8, fontweight="normal",
                               loc="center")  # fmt: skip
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def filters(weights: Tensor, outputs: Tensor, *, title: str) -> Any:
    """Draw filters, and below each what it makes of a picture, each on its own zero-centred scale.

    Args:
        weights: filter x 1 x height x width.
        outputs: the same number of channels x height x width.
    """
    count = len(weights)
    made, axes = plots.figure(rows=2, columns=count, width=8.0, height=1.7)
    for column in range(count):
        for axis, found in (
            (axes[0, column], weights[column, 0]),
            (axes[1, column], outputs[column]),
        ):
            plots.draw_image(axis, found, limit=float(found.abs().max()) or 1.0)
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def favourites(rows: Mapping[str, Tensor], *, title: str) -> Any:
    """Draw in each row the nine images that excite one channel most.

    Args:
        rows: by name, 9 x 1 x height x width.
    """
    made, axes = plots.figure(rows=len(rows), columns=9, width=8.0, height=0.4 + 1.3 * len(rows))
    for row, (name, images) in zip(axes, rows.items(), strict=True):
        for axis, image in zip(row, images, strict=True):
            plots.draw_image(axis, image)
        words = row[0].annotate(name, (0, 1), (0, 4), "axes fraction", "offset points",
                                fontsize=9.5, fontweight="bold")  # fmt: skip
        words.set_in_layout(False)  # wider than an image, it would push the others away
    made.get_layout_engine().set(h_pad=0.15)
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def forgetting(found: Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]], *,
               title: str) -> Any:  # fmt: skip
    """Draw how far maps stay the same while layers forget, a panel each for signs and sizes.

    Args:
        found: by method, then "signed" or "size", then stage: one number a network.
    """
    made, axes = plots.figure(columns=2, height=3.2, sharey=True)
    looks = (("gradient", "o"), ("shap", "s"), ("quantization", "D"), ("structure", "^"))
    for axis, kind, words in zip(axes, ("signed", "size"), ("with signs", "sizes only")):
        for (name, kinds), (method, marker) in zip(found.items(), looks):
            points = [mean(kinds[kind][stage]) for stage in STAGES]
            axis.plot(range(5), [1.0, *points], marker=marker, color=plots.colour(method),
                      label=name)  # fmt: skip
            for place, stage in enumerate(STAGES, 1):
                values = kinds[kind][stage]
                axis.plot([place] * len(values), values, ".", ms=3, color=plots.colour(method))
        axis.axhline(0, color=plots.colour("random"), lw=3, zorder=0)
        axis.set_xticks(range(5), ["none", *(f"… {s}" if i else s for i, s in enumerate(STAGES))])
        axis.set(xlabel="layers that forgot", title=words)
    axes[0].set_ylabel("rank correlation with before")
    made.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def words_for_forgetting(
    found: Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]],
) -> str:
    """The picture of `forgetting` in words."""
    return "; ".join(
        f"{name}, {kind}: "
        + ", ".join(f"{stage} {mean(stages[stage]):.2f}" for stage in STAGES)
        for name, kinds in found.items() for kind, stages in kinds.items()
    )  # fmt: skip
