"""Ways of taking a part of an image away: what stands in its place afterwards."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

Filling = Callable[[Tensor, Tensor], Tensor]


def black(images: Tensor, boxes: Tensor) -> Tensor:
    """Return images whose box is black, the colour of the ground.

    Args:
        images: n x channel x height x width.
        boxes: n x 4: top, bottom, left, right; the ends are not included.
    """
    return torch.where(inside(images, boxes), torch.zeros_like(images), images)


def across(images: Tensor, boxes: Tensor) -> Tensor:
    """Return images in which each row of the box runs straight from its left to its right rim."""
    left, right = boxes[:, 2], boxes[:, 3]
    return torch.where(inside(images, boxes), _ramp(images, left, right), images)


def down(images: Tensor, boxes: Tensor) -> Tensor:
    """Return images in which each column of the box runs from its upper to its lower rim."""
    turned = _ramp(images.transpose(2, 3), boxes[:, 0], boxes[:, 1]).transpose(2, 3)
    return torch.where(inside(images, boxes), turned, images)


def blurred(images: Tensor, boxes: Tensor) -> Tensor:
    """Return images whose box shows a blur of the whole image, 17 pixels wide."""
    soft = images
    for _ in range(2):
        soft = F.avg_pool2d(soft, 9, stride=1, padding=4)
    return torch.where(inside(images, boxes), soft, images)


def dimmed(images: Tensor, boxes: Tensor) -> Tensor:
    """Return images whose box has a quarter of its brightness."""
    return torch.where(inside(images, boxes), images / 4, images)


def faded(images: Tensor, boxes: Tensor, *, steps: int = 60) -> Tensor:
    """Return images in whose box the rim flows together, as heat would.

    Every pixel becomes the mean of its four neighbours, `steps` times over (Jacobi).
    """
    box = inside(images, boxes)
    found = torch.where(box, (across(images, boxes) + down(images, boxes)) / 2, images)
    for _ in range(steps):
        p = F.pad(found, (1, 1, 1, 1))
        around = p[..., :-2, 1:-1] + p[..., 2:, 1:-1] + p[..., 1:-1, :-2] + p[..., 1:-1, 2:]
        found = torch.where(box, around / 4, found)
    return found


def moved(fill: Filling, by: tuple[int, int, int, int]) -> Filling:
    """Return a filling whose box is moved: pixels to add to top, bottom, left and right."""

    def elsewhere(images: Tensor, boxes: Tensor) -> Tensor:
        height, width = images.shape[2:]
        ends = torch.tensor([height, height, width, width])
        return fill(images, (boxes + torch.tensor(by)).clamp(min=0).minimum(ends))

    return elsewhere


def inside(images: Tensor, boxes: Tensor) -> Tensor:
    """Return which pixels lie in each image's box, n x 1 x height x width."""
    top, bottom, left, right = boxes[:, :, None, None].unbind(1)
    rows = torch.arange(images.shape[2])[None, :, None]
    columns = torch.arange(images.shape[3])[None, None, :]
    return ((rows >= top) & (rows < bottom) & (columns >= left) & (columns < right))[:, None]


def _ramp(images: Tensor, start: Tensor, stop: Tensor) -> Tensor:
    """Rows that run from the pixel before `start` to the one at `stop`; black off the image."""
    framed = F.pad(images, (1, 1))
    channels, height, width = images.shape[1:]
    place = torch.stack([start, stop + 1], 1)[:, None, None].expand(-1, channels, height, -1)
    ends = framed.gather(3, place)
    first, last = start[:, None, None, None] - 1, stop[:, None, None, None]
    share = (torch.arange(width) - first) / (last - first)
    return ends[..., :1] * (1 - share) + ends[..., 1:] * share
