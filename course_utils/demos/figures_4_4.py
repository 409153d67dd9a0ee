"""Lesson 4.4's figures: students by arm, and the gain against the number of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_utils import plots

SHADES = {"alone": "reference", "taught": "distillation", "learned": "data"}
"""By an arm's name, the method that gives its colour; grey for the controls."""


def arms(values: Mapping[str, Sequence[float]], *, title: str) -> Any:
    """Draw a line of dots an arm, one dot a seed; dots of one seed are joined.

    Args:
        values: by arm, accuracies, shares, one a seed.
    """
    made, axis = plots.figure(height=1.2 + 0.42 * len(values))
    paths = 100 * np.array(list(values.values()))
    axis.plot(paths, range(len(values)), color="#bbbbbb", lw=0.8, zorder=1)
    for place, (name, several) in enumerate(values.items()):
        shade = plots.colour(SHADES.get(name, "random"))
        axis.plot(100 * np.asarray(several), [place] * len(several), "o", color=shade, zorder=2)
    axis.set_yticks(range(len(values)), list(values))
    axis.invert_yaxis()
    axis.set(xlabel="validation accuracy (%)", title=title)
    return made


def ahead(values: Mapping[str, Sequence[float]]) -> str:
    """Return the finding of `arms` in words: from how many starts the taught are ahead."""
    pairs = list(zip(values["alone"], values["taught"], strict=True))
    won = sum(after > before for before, after in pairs)
    return f"The taught student is ahead from {won} of {len(pairs)} starts"


def gains(found: Mapping[int, tuple[float, float]], *, title: str) -> Any:
    """Draw a gain and two standard errors for each number of training images.

    Args:
        found: by the number of images, the mean gain and its standard error, shares.
    """
    made, axis = plots.figure(height=3.2)
    means, errors = 100 * np.array(list(found.values())).T
    axis.axhline(0, color=plots.colour("reference"), lw=1.5)
    axis.errorbar(list(found), means, yerr=2 * errors, fmt="o-", capsize=4,
                  color=plots.colour("distillation"))  # fmt: skip
    axis.set_xscale("log")
    axis.set_xticks(list(found), [f"{count:,}" for count in found])
    axis.minorticks_off()
    axis.set(xlabel="training images (logarithmic)", ylabel="gain (points)", title=title)
    return made


def rows(images: Mapping[str, Sequence[Any]], names: Sequence[str], *, title: str) -> Any:
    """Draw rows of images below the names of their columns.

    Args:
        images: by the row's name, images 1 x height x width in [0, 1], one a column.
    """
    made, axes = plots.figure(rows=len(images), columns=len(names), width=7.6,
                              height=0.6 + 0.85 * len(images), squeeze=False)  # fmt: skip
    for line, (name, several) in zip(axes, images.items(), strict=True):
        for axis, image in zip(line, several, strict=True):
            plots.draw_image(axis, image)
        line[0].text(-0.12, 0.5, name, transform=line[0].transAxes, ha="right", va="center",
                     fontsize=9)  # fmt: skip
    for axis, name in zip(axes[0], names, strict=True):
        axis.set_title(name, fontsize=8, fontweight="normal", loc="center", pad=4)
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def words_for_arms(values: Mapping[str, Sequence[float]]) -> str:
    """The picture of `arms` in words."""
    said = "; ".join(f"{name}: {min(of):.1%} to {max(of):.1%}" for name, of in values.items())
    return f"Validation accuracy over seeds. {said}"


def words_for_gains(found: Mapping[int, tuple[float, float]]) -> str:
    """The picture of `gains` in words."""
    said = "; ".join(f"{count:,} images: {100 * mean:+.1f} ± {100 * error:.1f}"
                     for count, (mean, error) in found.items())  # fmt: skip
    return f"Gain of the taught students in points, with one standard error. {said}"
