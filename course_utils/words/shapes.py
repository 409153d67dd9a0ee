"""Named features of a garment's shape: what one could measure with a ruler and a light meter."""

from __future__ import annotations

import torch
from torch import Tensor

from course_utils.words.parts import SEEN, bounding_boxes

GRID = 20
"""Every garment is first brought to so many rows and columns, so that only height and width
know its size."""

_ROWS = (
    ("width at the top", "顶部的宽度"),
    ("width below the top", "上部的宽度"),
    ("width half-way down", "中部的宽度"),
    ("width above the bottom", "下部的宽度"),
    ("width at the bottom", "底部的宽度"),
)
_COLUMNS = (
    ("height at the left", "左端的高度"),
    ("height left of the middle", "中间偏左的高度"),
    ("height in the middle", "中间的高度"),
    ("height right of the middle", "中间偏右的高度"),
    ("height at the right", "右端的高度"),
)
_LEVELS = (("top", "顶部"), ("upper part", "上部"), ("lower part", "下部"), ("bottom", "底部"))
_SIDES = (("far left", "最左"), ("left", "偏左"), ("right", "偏右"), ("far right", "最右"))
_WHOLE = (
    ("height", "高度"), ("width", "宽度"), ("height / width", "高宽比"),
    ("asymmetry", "左右不对称度"), ("contrast", "明暗反差"),
    ("filling between the legs", "下半部中线的填充"), ("filling at the neck", "领口处的填充"),
    ("upright edges", "竖直边缘"), ("level edges", "水平边缘"),
    ("edges down the middle", "中线附近的边缘"),
)  # fmt: skip
NAMES: tuple[tuple[str, str], ...] = (
    *_WHOLE, *_ROWS, *_COLUMNS,
    *((f"brightness, {level[0]}, {side[0]}", f"{level[1]}{side[1]}处的亮度")
      for level in _LEVELS for side in _SIDES),
)  # fmt: skip
"""Each feature's name in English and in Chinese, in the order of `measure`'s columns."""

ENGLISH = tuple(english for english, _ in NAMES)
CHINESE = tuple(chinese for _, chinese in NAMES)


def measure(images: Tensor) -> Tensor:
    """Return n x 36 named features of garments on a black ground.

    Height and width are in pixels; all others are shares or brightness in [0, 1], except
    height / width. All are rounded to two places. A garment that is moved as a whole has the
    same features.

    Args:
        images: n x 1 x height x width in [0, 1].
    """
    if images.dim() != 4 or images.shape[1] != 1:
        raise ValueError(f"images must be n x 1 x height x width; got {tuple(images.shape)}.")
    top, bottom, left, right = bounding_boxes(images).unbind(1)
    height, width = (bottom - top).clamp(min=1).float(), (right - left).clamp(min=1).float()
    light = _cut_out(images[:, 0], top, height, left, width)
    seen = light > SEEN
    whole = [height, width, height / width, *_looks(light, seen)]
    rows, columns = _strips(seen.float(), 5), _strips(seen.float().transpose(1, 2), 5)
    places = light.unflatten(2, (4, -1)).unflatten(1, (4, -1)).mean((2, 4)).flatten(1)
    return torch.cat([torch.stack(whole, 1), rows, columns, places], 1).round(decimals=2)


def _cut_out(pixels: Tensor, top: Tensor, height: Tensor, left: Tensor, width: Tensor) -> Tensor:
    """Each garment's bounding box at GRID x GRID pixels, the nearest ones."""
    share = (torch.arange(GRID, device=pixels.device) + 0.5) / GRID
    rows = (top[:, None] + share * height[:, None]).long()
    columns = (left[:, None] + share * width[:, None]).long()
    one = torch.arange(len(pixels), device=pixels.device)[:, None, None]
    return pixels[one, rows[:, :, None], columns[:, None, :]]


def _looks(light: Tensor, seen: Tensor) -> list[Tensor]:
    """Asymmetry, contrast, what stands between the legs and at the neck, edges of three kinds."""
    count = seen.sum((1, 2)).clamp(min=1)
    mean = (light * seen).sum((1, 2)) / count
    spread = ((light - mean[:, None, None]) ** 2 * seen).sum((1, 2)) / count
    middle = slice(GRID // 2 - 1, GRID // 2 + 1)
    across = (light[:, :, 1:] - light[:, :, :-1]).abs()
    return [
        (seen != seen.flip(2)).float().mean((1, 2)),
        spread.sqrt(),
        seen[:, GRID // 2 :, middle].float().mean((1, 2)),
        seen[:, : GRID // 5, GRID // 2 - 2 : GRID // 2 + 2].float().mean((1, 2)),
        across.mean((1, 2)),
        (light[:, 1:] - light[:, :-1]).abs().mean((1, 2)),
        across[:, :, GRID // 3 : GRID - GRID // 3 - 1].mean((1, 2)),
    ]


def _strips(seen: Tensor, count: int) -> Tensor:
    """How much of each of `count` level strips is garment, n x strips."""
    return torch.stack([part.mean((1, 2)) for part in seen.tensor_split(count, 1)], 1)
