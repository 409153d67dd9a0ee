"""Diagnosis: which mistakes a network makes, and what it looks at."""

from __future__ import annotations

from collections.abc import Callable

import torch

from course_utils import training

Network = Callable[[torch.Tensor], torch.Tensor]


def confusion(network: Network, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Count predictions: entry (true, predicted), class x class, int64."""
    logits = training.predict(network, images)
    classes = logits.shape[1]
    if len(labels) != len(images) or labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"labels must be {len(images)} classes from 0 to {classes - 1}; got {len(labels)} "
            f"from {labels.min().item()} to {labels.max().item()}."
        )
    cells = labels.cpu() * classes + logits.argmax(1)
    return cells.bincount(minlength=classes**2).view(classes, classes)


def per_class(network: Network, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return each class's accuracy, the share of its images that are recognised (recall).

    A class without an image gets nan.
    """
    counts = confusion(network, images, labels).double()
    return counts.diagonal() / counts.sum(1)


def pointing_game(maps: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
    """Return for each map whether its highest value lies in its box (Zhang 2016, 1608.00507).

    A map without a single highest place, such as one of zeros, points nowhere: it misses.

    Args:
        maps: n x 1 x height x width (or n x height x width).
        boxes: n x 4, whole numbers: top, left, bottom, right; bottom and right are outside.

    Returns:
        n booleans; their mean is the score. A random map scores box area / image area.
    """
    flat = maps.reshape(len(maps), -1)
    width = maps.shape[-1]
    if flat.shape[1] != maps.shape[-2] * width or boxes.shape != (len(maps), 4):
        raise ValueError(
            f"maps must be n x 1 x height x width and boxes n x 4; got {tuple(maps.shape)} "
            f"and {tuple(boxes.shape)}."
        )
    highest, place = flat.max(1)
    unique = (flat == highest[:, None]).sum(1) == 1
    row, column = place // width, place % width
    top, left, bottom, right = boxes.T
    inside = (top <= row) & (row < bottom) & (left <= column) & (column < right)
    return inside & unique
