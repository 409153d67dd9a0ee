"""Augmentation (数据增强) for handwritten digits: every batch a little different."""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F


def turn_and_shift(
    images: torch.Tensor,
    generator: torch.Generator,
    *,
    degrees: float = 8.0,
    scale: float = 0.06,
    pixels: float = 1.0,
) -> torch.Tensor:
    """Turn, stretch and move each image on its own, by amounts drawn evenly up to the limits.

    Made for `training.train(augment=...)`; what moves in is black, and nothing is mirrored: a
    mirrored 2 is no 2. All limits at 0 give the images back, but for rounding.

    Args:
        images: n x channel x height x width, height = width.
        degrees: the largest turn either way.
        scale: the largest stretch or shrinking, a share.
        pixels: the largest shift along each axis.
    """
    size = images.shape[-1]
    if images.dim() != 4 or images.shape[-2] != size:
        raise ValueError(
            f"images must be n x channel x height x width, as high as wide; got "
            f"{tuple(images.shape)}."
        )
    if min(degrees, scale, pixels) < 0:
        raise ValueError(
            f"the limits are sizes, not below 0; got degrees={degrees}, scale={scale}, "
            f"pixels={pixels}."
        )
    drawn = 2 * torch.rand(4, len(images), generator=generator) - 1
    angle, zoom = drawn[0] * math.radians(degrees), 1 + scale * drawn[1]
    right, down = drawn[2:] * pixels * 2 / size  # the picture spans -1 to 1
    cosine, sine = angle.cos() * zoom, angle.sin() * zoom
    rows = torch.stack([cosine, -sine, right, sine, cosine, down], 1)
    places = F.affine_grid(rows.view(-1, 2, 3).to(images.device), images.shape, align_corners=False)
    return F.grid_sample(images, places, align_corners=False)
