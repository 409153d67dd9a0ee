"""LIME against its controls: cheaper maps and chance on images, other patients on tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from course_utils import surrogate, training
from course_utils.demos import lime_package
from course_utils.demos.lime_runs import alike


def painted_out(
    network: Any, images: Tensor, classes: Tensor, scores: Mapping[str, Tensor]
) -> dict[str, dict[str, Tensor]]:
    """How far the probability falls when the four highest of 16 squares are painted over.

    Black is what LIME was fitted on; a piece of another image is a test that it never saw.

    Args:
        scores: by map, a score for each square, n x 16.

    Returns:
        By paint and by map a fall for each image, n.
    """
    paints = {"black": torch.zeros_like(images), "a piece of another image": images.roll(1, 0)}
    return {
        name: {kind: falls(network, images, classes, found, paint)
               for kind, found in scores.items()}
        for name, paint in paints.items()
    }  # fmt: skip


def square_scores(network: Any, images: Tensor, classes: Tensor) -> dict[str, Tensor]:
    """A score for each of 16 squares, n x 16: LIME's, and those of its cheaper rivals."""
    lime = surrogate.lime(network, images, classes, log_odds=True, samples=200)
    side, chance = images.shape[-1] // 4, torch.Generator().manual_seed(0)
    return {
        "LIME, 200 questions": avg_pool2d(lime, side).flatten(1),
        "each square off once": switched_once(network, images, classes),
        "brightness": avg_pool2d(images, side).flatten(1),
        "at random": torch.rand(len(images), 16, generator=chance),
    }


def switched_once(network: Any, images: Tensor, classes: Tensor) -> Tensor:
    """By how much the class's log-odds fall when one of 16 squares is black, n x 16."""
    squares, alone = surrogate.grid_segments(*images.shape[-2:], 4), 1 - torch.eye(16)
    masks = torch.cat([torch.ones(1, 16), alone])
    odds = torch.stack([
        surrogate.masked_log_odds(network, image, int(label), masks, segments=squares)
        for image, label in zip(images, classes, strict=True)
    ])  # fmt: skip
    return (odds[:, :1] - odds[:, 1:]).float()


def falls(network: Any, images: Tensor, classes: Tensor, scores: Tensor, paint: Tensor) -> Tensor:
    """How far each image's probability falls when its four highest squares show `paint`."""
    squares = surrogate.grid_segments(*images.shape[-2:], 4)
    gone = highest(scores)[:, squares][:, None]
    before, after = (
        training.predict(network, pictures).softmax(1).gather(1, classes[:, None])[:, 0]
        for pictures in (images, images * (1 - gone) + paint * gone)
    )
    return before - after


def highest(scores: Tensor) -> Tensor:
    """1 for each image's four highest squares, 0 for the others, n x squares."""
    return torch.zeros(scores.shape).scatter_(1, scores.topk(4).indices, 1)


def gap_to_library(network: Any, image: Tensor, label: int, squares: Tensor) -> float:
    """The largest difference of `fit_line`'s weights from the library's, on the same masks.

    The library takes the square root of each sample's weight: its width 0.25 is our 0.25 · √2.
    """
    theirs = lime_package.explain_image(network, image, segments=squares, hide_color=0,
                                        random_seed=0)  # fmt: skip
    count = int(squares.max()) + 1
    ours = surrogate.fit_line(
        surrogate.switched_image(network, image, int(label), segments=squares), count,
        masks=lime_package.masks_of(0, 500, count), kernel_width=0.25 * 2**0.5, ridge=1,
    )  # fmt: skip
    return float(abs(lime_package.in_order(theirs, count) - ours.weights.numpy()).max())


def blamed(predict: Callable, table: Any) -> dict[str, str]:
    """Which column LIME finds most important, for how many patients: ours and the library's.

    Args:
        table: a data frame of numbers; 30 rows are explained by ours, 10 by the library.
    """
    rows = table.to_numpy()
    ours = surrogate.lime_rows(predict, rows[:30], background=rows.mean(0)).numpy()
    library = [lime_package.in_order(lime_package.explain_row(predict, row, rows), rows.shape[1])
               for row in rows[:10]]  # fmt: skip
    return {
        name: ", ".join(f"{column} {count} of {len(found)}" for column, count in Counter(
            table.columns[np.abs(found).argmax(1)]).most_common())
        for name, found in (("ours", ours), ("library", np.array(library)))
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
