"""Corruptions: what may happen to an image on its way to the network, in five strengths."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

# What each strength means: standard deviation · pixels · share of the contrast that is lost ·
# pixels · degrees · side of the square as a share of the image's.
AMOUNTS = {
    "noise": (0.05, 0.1, 0.15, 0.2, 0.3),
    "blur": (0.5, 0.75, 1.0, 1.5, 2.0),
    "low contrast": (0.2, 0.4, 0.5, 0.6, 0.75),
    "shift": (1, 2, 3, 4, 6),
    "rotation": (5, 10, 15, 20, 30),
    "occlusion": (0.125, 0.1875, 0.25, 0.3125, 0.4375),
}
UNITS = {
    "noise": "standard deviation", "blur": "pixels", "low contrast": "share lost",
    "shift": "pixels", "rotation": "degrees", "occlusion": "share of the side",
}  # fmt: skip
STRENGTHS = 5


def corrupt(images: Tensor, kind: str, strength: int, *, seed: int = 0) -> Tensor:
    """Return corrupted copies; strength 0 changes nothing.

    Each image draws its own noise, direction or place. The same seed gives the same draws at
    every strength, so that only the strength differs.

    Args:
        images: n x channel x height x width in [0, 1]; the result stays in [0, 1].
        kind: one of `AMOUNTS`.
        strength: 0 to 5.
    """
    if kind not in _WAYS:
        raise ValueError(f"kind must be one of {', '.join(_WAYS)}; got {kind!r}.")
    if isinstance(strength, bool) or strength not in range(STRENGTHS + 1):
        raise ValueError(f"strength must be a whole number from 0 to {STRENGTHS}; got {strength}.")
    if strength == 0:
        return images.clone()
    chance = torch.Generator().manual_seed(seed)
    changed = _WAYS[kind](images, AMOUNTS[kind][int(strength) - 1], chance)
    return changed.clamp(0, 1)


def _noise(images: Tensor, spread: float, chance: torch.Generator) -> Tensor:
    drawn = torch.randn(images.shape, generator=chance, dtype=images.dtype)
    return images + spread * drawn.to(images.device)


def _blur(images: Tensor, width: float, chance: torch.Generator) -> Tensor:
    reach = math.ceil(3 * width)
    line = torch.arange(-reach, reach + 1, dtype=images.dtype, device=images.device)
    bell = torch.exp(-(line**2) / (2 * width**2))
    bell = (bell / bell.sum()).expand(images.shape[1], 1, 1, -1)
    channels = images.shape[1]
    across = F.conv2d(images, bell, padding=(0, reach), groups=channels)
    return F.conv2d(across, bell.transpose(2, 3), padding=(reach, 0), groups=channels)


def _low_contrast(images: Tensor, lost: float, chance: torch.Generator) -> Tensor:
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + (1 - lost) * (images - mean)


def _shift(images: Tensor, pixels: float, chance: torch.Generator) -> Tensor:
    """In one of the eight directions; what moves in is black."""
    ways = torch.tensor([(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b])
    step = ways[torch.randint(8, (len(images),), generator=chance)] * int(pixels)
    moved = torch.zeros_like(images)
    height, width = images.shape[2:]
    for down, right in step.unique(dim=0).tolist():
        rows = (step == torch.tensor([down, right])).all(1)
        part = F.pad(images[rows], [abs(right)] * 2 + [abs(down)] * 2)
        top, left = abs(down) - down, abs(right) - right
        moved[rows] = part[:, :, top : top + height, left : left + width]
    return moved


def _rotation(images: Tensor, degrees: float, chance: torch.Generator) -> Tensor:
    """To the left or to the right, about the middle, bilinear; what turns in is black."""
    side = 2.0 * torch.randint(2, (len(images),), generator=chance) - 1
    angle = torch.deg2rad(side * degrees).to(images)
    cos, sin, none = angle.cos(), angle.sin(), torch.zeros_like(angle)
    ratio = images.shape[2] / images.shape[3]
    turn = torch.stack([cos, -sin * ratio, none, sin / ratio, cos, none], 1).view(-1, 2, 3)
    grid = F.affine_grid(turn, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


def _occlusion(images: Tensor, share: float, chance: torch.Generator) -> Tensor:
    """A grey square at a place of its own in each image."""
    height, width = images.shape[2:]
    tall, wide = round(share * height), round(share * width)
    draw = torch.rand(2, len(images), 1, 1, 1, generator=chance).to(images.device)
    top, left = (draw[0] * (height - tall + 1)).floor(), (draw[1] * (width - wide + 1)).floor()
    row = torch.arange(height, device=images.device)[None, None, :, None]
    column = torch.arange(width, device=images.device)[None, None, None, :]
    inside = (row >= top) & (row < top + tall) & (column >= left) & (column < left + wide)
    return torch.where(inside, torch.full_like(images, 0.5), images)


_WAYS: dict[str, Callable[[Tensor, float, torch.Generator], Tensor]] = {
    "noise": _noise,
    "blur": _blur,
    "low contrast": _low_contrast,
    "shift": _shift,
    "rotation": _rotation,
    "occlusion": _occlusion,
}
