"""Parts of a garment with names, by place inside its bounding box."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

CHINESE = ("T恤", "长裤", "套头衫", "连衣裙", "外套", "凉鞋", "衬衫", "运动鞋", "包", "短靴")
"""The names of `data.FASHION_CLASSES` in Chinese."""


class Part(NamedTuple):
    """A part's name in English and Chinese and its place, as shares of the bounding box."""

    english: str
    chinese: str
    top: float
    bottom: float
    left: float
    right: float


_SHIRT = (
    Part("collar", "领口", 0, 0.2, 0.25, 0.75),
    Part("left sleeve", "左侧的袖子", 0, 1, 0, 0.25),
    Part("right sleeve", "右侧的袖子", 0, 1, 0.75, 1),
    Part("chest", "胸前", 0.2, 0.5, 0.25, 0.75),
    Part("front", "门襟", 0, 1, 0.4, 0.6),
    Part("hem", "下摆", 0.8, 1, 0, 1),
    Part("upper half", "上半部", 0, 0.5, 0, 1),
    Part("lower half", "下半部", 0.5, 1, 0, 1),
)
_SHOE = (
    Part("toe", "鞋头", 0, 1, 0, 0.3),
    Part("heel", "后跟", 0, 1, 0.7, 1),
    Part("middle", "中段", 0, 1, 0.35, 0.65),
    Part("upper edge", "鞋口", 0, 0.4, 0, 1),
    Part("sole", "鞋底", 0.75, 1, 0, 1),
)
_BOOT = (*_SHOE[:3], Part("shaft", "靴筒", 0, 0.4, 0, 1), _SHOE[4])
_TROUSER = (
    Part("waistband", "裤腰", 0, 0.2, 0, 1),
    Part("left leg", "左侧的裤腿", 0.2, 1, 0, 0.5),
    Part("right leg", "右侧的裤腿", 0.2, 1, 0.5, 1),
    Part("gap between the legs", "两腿之间的空隙", 0.2, 1, 0.4, 0.6),
    Part("lower half", "下半部", 0.5, 1, 0, 1),
)
_DRESS = (
    Part("neckline", "领口", 0, 0.2, 0, 1),
    Part("left side", "左侧", 0, 1, 0, 0.3),
    Part("right side", "右侧", 0, 1, 0.7, 1),
    Part("waist", "腰部", 0.3, 0.55, 0, 1),
    Part("skirt", "裙摆", 0.55, 1, 0, 1),
)
_BAG = (
    Part("handle", "提手", 0, 0.35, 0, 1),
    Part("left side", "左侧", 0, 1, 0, 0.25),
    Part("right side", "右侧", 0, 1, 0.75, 1),
    Part("front", "正面", 0.2, 0.8, 0.25, 0.75),
    Part("base", "底部", 0.75, 1, 0, 1),
)
PARTS = (_SHIRT, _TROUSER, _SHIRT, _DRESS, _SHIRT, _SHOE, _SHIRT, _SHOE, _BAG, _BOOT)
"""The parts of each class of `data.FASHION_CLASSES`."""

SEEN = 0.1
"""A pixel brighter than this belongs to the garment; the ground is black."""


def bounding_boxes(images: Tensor) -> Tensor:
    """Return the smallest box around each garment, n x 4: top, bottom, left, right.

    The ends are not included. An image without a garment has a box of no size.
    """
    seen = (images > SEEN).any(1)
    ends = []
    for lit in (seen.any(2), seen.any(1)):  # rows, then columns
        place = torch.arange(lit.shape[1], device=images.device)
        ends += [torch.where(lit, place, lit.shape[1]).amin(1),
                 torch.where(lit, place, -1).amax(1) + 1]  # fmt: skip
    found = torch.stack(ends, 1)
    return torch.where(seen.any((1, 2))[:, None], found, torch.zeros_like(found))


def boxes(images: Tensor, part: Part) -> Tensor:
    """Return where a part lies in each image, n x 4 whole pixels."""
    top, bottom, left, right = bounding_boxes(images).double().unbind(1)
    height, width = bottom - top, right - left
    place = (top + part.top * height, top + part.bottom * height,
             left + part.left * width, left + part.right * width)  # fmt: skip
    return torch.stack(place, 1).round().long()
