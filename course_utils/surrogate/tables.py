"""LIME for tables: a feature is a column; it is switched off, or moved a little."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from course_utils.surrogate.core import Score, Surrogate, fit_line, weighted_line

Predict = Callable[[Any], Any]


def lime_rows(
    predict: Predict,
    rows: Any,
    target: int | None = None,
    *,
    background: Any,
    samples: int = 500,
    kernel_width: float = 0.25,
    ridge: float = 1e-3,
    seed: int = 0,
) -> torch.Tensor:
    """Attribute a model's score to the columns of rows, by switching columns off.

    Args:
        predict: from rows to a score each, rows, or to one for each class, rows x class. It is
            called with what it is given here: arrays for arrays, tensors for tensors.
        rows: rows x columns.
        target: the class; None: the class with the highest score for that row.
        background: a value for each column: what a column has that is off, such as the mean.

    Returns:
        rows x columns, float64: what the row's value adds, compared with the background's.
    """
    found = []
    for row in rows:
        score = switched_rows(predict, row, background, target)
        line = fit_line(score, len(row), samples=samples, kernel_width=kernel_width, ridge=ridge,
                        seed=seed)  # fmt: skip
        found.append(line.weights)
    return torch.stack(found)


def switched_rows(predict: Predict, row: Any, background: Any, target: int | None = None) -> Score:
    """Return the score that `fit_line` asks: columns that are off have the background's value."""
    if len(row) != len(background):
        raise ValueError(
            f"background must have a value for each of {len(row)} columns; got {len(background)}."
        )
    answer = _scorer(predict, row, target)

    def score(masks: torch.Tensor) -> torch.Tensor:
        if torch.is_tensor(row):
            behind = torch.as_tensor(background, dtype=row.dtype, device=row.device)
            return answer(torch.where(masks.to(row.device) > 0, row, behind))
        return answer(np.where(masks.numpy() > 0, row, background))

    return score


def slopes(
    predict: Predict,
    row: Any,
    target: int | None = None,
    *,
    spread: Any,
    samples: int = 500,
    kernel_width: float | None = None,
    ridge: float = 1e-3,
    seed: int = 0,
) -> Surrogate:
    """Fit the line to a cloud around one row: how fast the score changes with each column.

    Args:
        row: columns; `predict` and `target` as in `lime_rows`.
        spread: for each column the standard deviation of the cloud, in the column's own unit.
        kernel_width: in spreads; a sample d spreads away counts exp(-d² / width²). None: all
            alike, since the cloud is already local.

    Returns:
        `weights` are per spread of each column; divided by `spread` they are slopes.
    """
    noise, near = _cloud(samples, len(row), kernel_width, seed)
    answer = _scorer(predict, row, target)
    if torch.is_tensor(row):
        width = torch.as_tensor(spread, dtype=row.dtype, device=row.device)
        return weighted_line(noise, answer(row + noise.to(row) * width), near, ridge=ridge)
    cloud = np.asarray(row) + noise.numpy() * np.asarray(spread)
    return weighted_line(noise, answer(cloud), near, ridge=ridge)


def _cloud(
    samples: int, columns: int, kernel_width: float | None, seed: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Standard normal noise, samples x columns, the first row zero; each row's weight."""
    if samples <= columns:
        raise ValueError(
            f"{samples} samples cannot settle {columns} weights; give more samples than columns."
        )
    if kernel_width is not None and not kernel_width > 0:
        raise ValueError(f"kernel_width must be above 0, or None; got {kernel_width!r}.")
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(samples, columns, generator=generator, dtype=torch.float64)
    noise[0] = 0
    if kernel_width is None:
        return noise, torch.ones(samples)
    return noise, torch.exp(-((noise.norm(dim=1) / kernel_width) ** 2))


def _scorer(predict: Predict, row: Any, target: int | None) -> Score:
    """From rows to one score each, a tensor: the target's, if there are several."""
    first = _as_scores(predict(row[None]))
    if first.dim() == 2 and target is None:
        target = int(first.argmax(1))
    if first.dim() == 2 and not 0 <= target < first.shape[1]:
        raise ValueError(f"target must be a class from 0 to {first.shape[1] - 1}; got {target!r}.")

    def answer(rows: Any) -> torch.Tensor:
        scores = _as_scores(predict(rows))
        return scores[:, target] if scores.dim() == 2 else scores

    return answer


@torch.no_grad()
def _as_scores(found: Any) -> torch.Tensor:
    scores = found.detach() if torch.is_tensor(found) else torch.from_numpy(np.asarray(found))
    return scores[:, 0] if scores.dim() == 2 and scores.shape[1] == 1 else scores
