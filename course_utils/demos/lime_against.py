"""LIME against its controls: brightness and chance on images, other patients on tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from course_utils import surrogate
from course_utils.demos import lime_package
from course_utils.demos.lesson_2_2 import falls
from course_utils.demos.lime_runs import alike


def painted_out(network: Any, images: Tensor, classes: Tensor) -> dict[str, Tensor]:
    """How far the probability falls when the four highest of 16 squares are black, by their rank.

    The squares are ranked by LIME's log-odds weights, by their brightness, and at random.
    """
    maps = {
        "LIME": surrogate.lime(network, images, classes, log_odds=True, samples=200),
        "brightness": images,
        "at random": torch.rand(
            len(images), 1, 4, 4, generator=torch.Generator().manual_seed(0)
        ).repeat_interleave(8, 2).repeat_interleave(8, 3),
    }  # fmt: skip
    side = images.shape[-1] // 4
    return {
        name: falls(network, images, classes,
                    avg_pool2d(found, side).flatten(1), 0.0)
        for name, found in maps.items()
    }  # fmt: skip


Line = Callable[[np.ndarray, int], np.ndarray]
"""From a row and a seed to LIME's weights, a standard deviation of the column each."""


def lines(
    predict: Callable, rows: np.ndarray, ways: Mapping[str, Mapping[str, Any]]
) -> dict[str, Line]:
    """Ways to explain a row: the library's with its options, then the course's `slopes`.

    Args:
        rows: the table, rows x columns.
        ways: by name, options of the library's explainer.
    """
    spread = rows.std(0)

    def library(row: np.ndarray, seed: int, options: Mapping[str, Any]) -> np.ndarray:
        found = lime_package.explain_row(predict, row, rows, discretize_continuous=False,
                                         random_state=seed, **options)  # fmt: skip
        return lime_package.in_order(found, len(row))

    def ours(row: np.ndarray, seed: int) -> np.ndarray:
        line = surrogate.slopes(predict, row, spread=spread / 2, samples=2000, seed=seed)
        return 2 * line.weights.numpy()

    found = {
        name: lambda row, seed, options=options: library(row, seed, options)
        for name, options in ways.items()
    }
    return found | {"ours: slopes, half a spread": ours}


def near(predict: Callable, row: np.ndarray, weights: np.ndarray, spread: np.ndarray) -> float:
    """R² of a line's slopes on 1,000 fresh rows, half a standard deviation around a row."""
    cloud = np.random.default_rng(1).normal(size=(1000, len(row))) / 2
    scores = predict(row + cloud * spread)
    return 1 - np.var(scores - cloud @ weights) / np.var(scores)


def two_patients(
    predict: Callable, patients: np.ndarray, rows: np.ndarray, ways: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Rows for `lesson.table`: for each way, how alike patients' and seeds' explanations are."""
    table = []
    for name, line in lines(predict, rows, ways).items():
        found = [line(row, 0) for row in patients]
        again = [line(row, 1) for row in patients]
        fits = [near(predict, row, w, rows.std(0)) for row, w in zip(patients, found, strict=True)]
        table.append({
            "explainer": name,
            "two patients, ρ": _mean(alike(a, b) for a, b in combinations(found, 2)),
            "two seeds, ρ": _mean(map(alike, found, again)),
            "R²": round(_mean(fits), 2),
        })  # fmt: skip
    return table


def _mean(values: Any) -> float:
    return float(np.mean(list(values)))
