"""Lesson 3.6: what a classifier says of words, two runs drawn side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from course_utils import data, plots, surrogate
from course_utils.demos.lime_runs import LADDER, Runs, Setting, alike, at_random, r2
from course_utils.spread import mean_and_error as with_error

__all__ = [
    "LADDER", "Runs", "Setting", "TwoRuns", "alike", "at_random", "clear", "fall_rows", "fit_rows",
    "in_squares", "named", "recovered", "standing", "steps", "told", "with_error", "written_in",
]  # fmt: skip


def written_in(model: Any, text: str) -> Tensor:
    """What each word of a text adds to a bag-of-words line: its weight times its count, words.

    Args:
        model: a pipeline of a CountVectorizer and a LogisticRegression.
    """
    counter, line = model[0], model[-1]
    counts, place = counter.transform([text]).toarray()[0], counter.vocabulary_
    return torch.tensor([
        line.coef_[0][place[word]] * counts[place[word]] if word in place else 0.0
        for word in surrogate.words_of(text)
    ], dtype=torch.float64)  # fmt: skip


def recovered(reader: Any, texts: Sequence[str]) -> tuple[dict[str, Tensor], float]:
    """How well LIME finds what is written in a bag-of-words line, text by text.

    Returns:
        Rank correlations with the true weights: of LIME's for the probability, of LIME's for
        the log-odds, and of the true weights in random order; the largest error of a weight
        in log-odds.
    """
    asks = {"probability": reader.predict_proba, "log-odds": reader.decision_function}
    found: dict[str, list[float]] = {name: [] for name in (*asks, "random order")}
    errors = []
    for seed, text in enumerate(texts):
        written = written_in(reader, text)
        for name, ask in asks.items():
            weights = torch.tensor(list(surrogate.lime_words(ask, text, 1).values()))
            found[name].append(alike(weights, written))
        errors.append(float((weights - written).abs().max()))  # the last way: log-odds
        found["random order"].append(alike(at_random(written, seed=seed), written))
    return {name: torch.tensor(rho) for name, rho in found.items()}, max(errors)


def in_squares(scores: Mapping[str, Tensor], squares: Tensor) -> dict[str, Tensor]:
    """Scores of squares, n x squares, as maps, n x 1 x height x width."""
    return {kind: found[:, squares][:, None] for kind, found in scores.items()}


def clear(difference: Tensor, errors: float) -> bool:
    """Whether a mean difference is above 0 by more than so many standard errors."""
    mean, error = with_error(difference)
    return mean > errors * error


def told(values: Tensor, *, digits: int = 2) -> str:
    """A mean and its standard error in words."""
    mean, error = with_error(values)
    return f"{mean:.{digits}f} ± {error:.{digits}f}"


def fit_rows(fits: Mapping[str, tuple[Tensor, Tensor]]) -> list[dict[str, str]]:
    """Rows for `lesson.table`: R² on a line's own masks and on fresh ones, with their errors."""
    return [
        {"line": name, "own masks": told(own), "fresh masks": told(fresh),
         "fresh below 0": f"{int((fresh < 0).sum())} of {len(fresh)}"}
        for name, (own, fresh) in fits.items()
    ]  # fmt: skip


def fall_rows(fall: Mapping[str, Mapping[str, Tensor]]) -> list[dict[str, str]]:
    """Rows for `lesson.table`: a map in each, how far the probability falls under each paint."""
    kinds = next(iter(fall.values()))
    return [
        {"the four highest of": kind} | {paint: told(by[kind]) for paint, by in fall.items()}
        for kind in kinds
    ]


def standing(own: Tensor, fresh: Tensor) -> str:
    """How R² on fresh masks compares with R² on a line's own, in words.

    R² has no floor, so one image may rule a mean: below 0 is decided by most of the images.
    """
    if (fresh < 0).double().mean() > 0.5:
        return "worse than a constant"
    return "half as good" if fresh.mean() < 0.75 * own.mean() else "about as good"


def steps(found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """By how much each change raised the agreement, image by image."""
    names = list(found)
    return {name: found[name] - found[names[k]] for k, name in enumerate(names[1:])}


class TwoRuns:
    """Draws two runs of LIME on one image, which differ in the seed alone, and a control.

    Args:
        runs: what they are run on.
        choices: by name the place of an image.
    """

    def __init__(self, runs: Runs, choices: Mapping[str, int]):
        self.runs, self.choices = runs, dict(choices)

    def _setting(self, squares: int, samples: int, width: float, explain: str, empty: bool):
        return Setting(squares, samples, explain == "log-odds", empty, width)

    def measured(self, image: str, **controls: Any) -> tuple[list[Tensor], float, Any]:
        """Two maps, a random one; the two runs' rank correlation; what is told of the first run.

        That is its R² on its own masks and on the second run's, and its effective samples.
        """
        place, setting = self.choices[image], self._setting(**controls)
        plane = self.runs.plane(place, setting)
        weights = [self.runs.line(place, setting, seed).weights for seed in (0, 1)]
        weights.append(at_random(weights[0]))
        rho = alike(*(self.runs.ranked(place, setting, seed) for seed in (0, 1)))
        line, (masks, scores, near) = (
            self.runs.line(place, setting), self.runs.samples(place, setting, 1)
        )  # fmt: skip
        fresh = r2(scores, line.intercept + masks @ line.weights, near)
        return [w[plane] for w in weights], rho, (line.fit, fresh, line.effective)

    def draw(self, image: str, **controls: Any) -> Any:
        """Draw the image, the two maps and the control."""
        maps, rho, (own, fresh, count) = self.measured(image, **controls)
        shown = self.runs.images[self.choices[image]]
        made, axes = plots.figure(columns=4, width=8.0, height=2.7)
        plots.draw_image(axes[0], shown)
        axes[0].set_title(image, fontsize=9)
        names = ("seed 0", "seed 1", "control: random order")
        limit = max(float(found.abs().max()) for found in maps)
        for axis, found, name in zip(axes[1:], maps, names, strict=True):
            plots.draw_attribution(axis, found[None], over=shown, limit=limit)
            axis.set_title(name, fontsize=9)
        made.suptitle(
            f"Two seeds: ρ = {rho:.2f}   ·   R² {own:.2f} on own masks, {fresh:.2f} on fresh   ·   "
            f"{controls['samples']} samples count as {count:.0f}", fontsize=10.5,
        )  # fmt: skip
        return made

    def words(self, image: str, **controls: Any) -> str:
        """The picture in words."""
        _, rho, (own, fresh, count) = self.measured(image, **controls)
        return (
            f"LIME on one image, {image}, with two seeds, and a random control. The maps' rank "
            f"correlation is {rho:.2f}, the first line's R² {own:.2f} on its own masks and "
            f"{fresh:.2f} on fresh ones; {controls['samples']} samples count as {count:.0f}."
        )


def named(classes: Sequence[int]) -> dict[str, int]:
    """The places of images by the names of their classes; the first of each class."""
    found: dict[str, int] = {}
    for place, label in enumerate(classes):
        found.setdefault(data.FASHION_CLASSES[label], place)
    return found
