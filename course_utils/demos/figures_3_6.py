"""Lesson 3.6's figures: words and their true weights, maps beside chance, a ladder of changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from course_utils import plots


def words(names: Sequence[str], found: Mapping[str, Sequence[float]], *, title: str) -> Any:
    """Draw each word's weight as bars side by side, on one axis for each kind.

    Args:
        found: by kind, a number for each word; the first are the true weights.
    """
    made, axes = plots.figure(columns=len(found), width=8.0, height=0.8 + 0.24 * len(names),
                              sharey=True)  # fmt: skip
    shades = ["reference", *["lime"] * (len(found) - 2), "random"]
    for axis, (kind, values), shade in zip(axes, found.items(), shades, strict=True):
        axis.barh(range(len(names)), list(values), color=plots.colour(shade))
        axis.axvline(0, color="black", lw=0.8)
        axis.set_title(kind, fontsize=9.5)
        axis.grid(axis="y", visible=False)
    axes[0].set_yticks(range(len(names)), list(names))
    axes[0].invert_yaxis()
    made.supxlabel("weight: log-odds, or probability", fontsize=9)
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def words_for_words(names: Sequence[str], found: Mapping[str, Sequence[float]]) -> str:
    """The bars in words: the three strongest of each kind."""
    said = []
    for kind, values in found.items():
        first = np.argsort(-np.abs(np.asarray(values)))[:3]
        said.append(f"{kind}: " + ", ".join(f"{names[k]} {values[k]:+.2f}" for k in first))
    return "The strongest words. " + "; ".join(said)


def maps(images: Tensor, by_kind: Mapping[str, Tensor], *, title: str) -> Any:
    """Draw images, one a row, with a column of maps for each kind, each map on its own scale.

    Args:
        images: n x channel x height x width; the maps have the same shape.
    """
    made, axes = plots.figure(rows=len(images), columns=1 + len(by_kind), width=8.0,
                              height=0.7 + 1.55 * len(images), squeeze=False)  # fmt: skip
    for row, image in enumerate(images):
        plots.draw_image(axes[row, 0], image)
        for axis, (kind, found) in zip(axes[row, 1:], by_kind.items(), strict=True):
            plots.draw_attribution(axis, found[row], over=image)
            if row == 0:
                axis.set_title(kind, fontsize=8.5)
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def ladder(found: Mapping[str, Tensor], *, title: str) -> Any:
    """Draw the agreement of two runs for each way to run LIME: a dot an image, mean and error.

    Args:
        found: by way, a rank correlation for each image; the last is the control.
    """
    made, axis = plots.figure(height=0.9 + 0.42 * len(found))
    chance = np.random.default_rng(0)
    for place, values in enumerate(found.values()):
        shade = plots.colour("random" if place == len(found) - 1 else "lime")
        spread = place + chance.uniform(-0.12, 0.12, len(values))
        axis.plot(values.numpy(), spread, "o", ms=4, alpha=0.4, color=shade)
        error = values.std().item() / len(values) ** 0.5
        axis.errorbar(values.mean().item(), place, xerr=error, fmt="D", ms=7, capsize=4,
                      color=shade, mec="black")  # fmt: skip
    axis.set_yticks(range(len(found)), list(found))
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)
    axis.set(xlabel="rank correlation of two seeds (each dot an image; diamond: mean)",
             title=title)  # fmt: skip
    return made


def words_for_ladder(found: Mapping[str, Tensor]) -> str:
    """The ladder in words."""
    return "Rank correlation of two seeds, mean over images: " + "; ".join(
        f"{name} {values.mean().item():.2f}" for name, values in found.items()
    )
