"""Where a map points: does its strongest pixel lie where it should?"""

from __future__ import annotations

import torch


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
