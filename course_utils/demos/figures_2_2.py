"""Lesson 2.2's figures: maps beside their controls, two stories of a patient, unsteady weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from course_utils import plots


def controls(images: Tensor, maps: Mapping[str, Tensor], *, rows: Sequence[str], title: str) -> Any:
    """Draw images, one a row, and beside each its maps, all of one method on one scale a row.

    Args:
        images: n x 1 x height x width.
        maps: by name, the same shape.
        rows: a name for each image.
    """
    made, axes = plots.figure(
        rows=len(images), columns=1 + len(maps), width=8.0, height=0.6 + 1.8 * len(images),
        squeeze=False,
    )  # fmt: skip
    for place, (image, name) in enumerate(zip(images, rows, strict=True)):
        line = axes[place]
        plots.draw_image(line[0], image)
        line[0].set_title(name.replace(", ", ",\n"), fontsize=9)
        for axis, (method, found) in zip(line[1:], maps.items()):
            plots.draw_attribution(axis, found[place], over=image)
            axis.set_title(method, fontsize=9)
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def stories(names: Sequence[str], by_model: Mapping[str, Sequence[float]], *,
            methods: Sequence[str], unit: str, title: str) -> Any:  # fmt: skip
    """Draw each column's weight or contribution, as bars side by side where there are several.

    Args:
        by_model: by model, a number for each name.
        methods: for each model its name in `plots.COLOURS`.
    """
    made, axis = plots.figure(height=0.9 + 0.34 * len(names))
    places, high = np.arange(len(names)), 0.8 / len(by_model)
    shades = [plots.colour(method) for method in methods]
    for number, ((model, values), shade) in enumerate(zip(by_model.items(), shades, strict=True)):
        axis.barh(places + (number - (len(by_model) - 1) / 2) * high, values, high, color=shade,
                  label=model)  # fmt: skip
    axis.axvline(0, color="black", lw=0.8)
    axis.set_yticks(places, list(names))
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)
    axis.set(xlabel=unit, title=title)
    if len(by_model) > 1:
        made.legend(loc="outside right center")
    return made


def words_for_stories(names: Sequence[str], by_model: Mapping[str, Sequence[float]]) -> str:
    """The picture of `stories` in words."""
    return "; ".join(
        f"{model}: "
        + ", ".join(f"{n} {round(float(v))}" for n, v in zip(names, values, strict=True))
        for model, values in by_model.items()
    )


def weights(names: Sequence[str], drawn: np.ndarray, *, unit: str, title: str) -> Any:
    """Draw each column's weight in every resample: a dot each, and their middle 95 % as a bar.

    Where the bar lies on both sides of zero, dots and bar are grey.

    Args:
        drawn: resamples x columns.
    """
    made, axis = plots.figure(height=0.9 + 0.34 * len(names))
    chance = np.random.default_rng(0)
    for place, values in enumerate(np.asarray(drawn).T):
        low, high = np.percentile(values, [2.5, 97.5])
        shade = plots.colour("random" if low < 0 < high else "reference")
        axis.plot(values, place + chance.uniform(-0.18, 0.18, len(values)), "o", ms=2, alpha=0.35,
                  color=shade)  # fmt: skip
        axis.plot([low, high], [place, place], lw=3, color=shade)
    axis.axvline(0, color="black", lw=0.8)
    axis.set_yticks(range(len(names)), list(names))
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)
    axis.set(xlabel=unit, title=title)
    return made


def words_for_weights(names: Sequence[str], drawn: np.ndarray) -> str:
    """The picture of `weights` in words."""
    ends = np.percentile(drawn, [2.5, 97.5], axis=0).T
    return "Middle 95% of the weights over resamples: " + "; ".join(
        f"{name} {low:.0f} to {high:.0f}" for name, (low, high) in zip(names, ends, strict=True)
    )
