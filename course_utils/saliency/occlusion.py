"""Occlusion: cover a square, and see how far the score falls."""

from __future__ import annotations

import torch

from course_utils.saliency.masked import masked_scores
from course_utils.saliency.scores import Network, asking, in_batches
from course_utils.targets import Target


def occlusion(
    network: Network,
    images: torch.Tensor,
    target: Target = None,
    *,
    size: int = 4,
    stride: int = 2,
    background: float | torch.Tensor = 0.0,
    batch_size: int = 250,
) -> torch.Tensor:
    """Return how far the target's logit falls when a square is covered (Zeiler 2014, 1311.2901).

    Needs predictions only: any callable from images to logits will do, integers included.

    Args:
        size: the square's side in pixels.
        stride: how far it moves from one try to the next; the last one ends at the edge.
        background: what covers: a number, or an image that broadcasts.

    Returns:
        n x channel x height x width: each pixel's mean fall over the squares that cover it.
    """
    covers = squares(*images.shape[-2:], size=size, stride=stride).to(images.device)
    with asking(network, images, target) as (score, target), torch.no_grad():
        whole = in_batches(score, images, target, batch_size=batch_size)
        left = masked_scores(score, images, target, ~covers, background=background,
                             batch_size=batch_size)  # fmt: skip
    falls = (whole[:, None] - left).to(images.dtype)
    flat = covers.flatten(1).to(images.dtype)
    maps = falls @ flat / flat.sum(0)
    return maps.view(len(images), 1, *images.shape[-2:]).expand_as(images).clone()


def squares(height: int, width: int, *, size: int, stride: int) -> torch.Tensor:
    """Return masks that are True on a square, square x 1 x height x width; together they cover all.

    Raises:
        ValueError: a square larger than the image, or a stride that leaves gaps.
    """
    if not 1 <= size <= min(height, width):
        raise ValueError(f"size must be from 1 to {min(height, width)} pixels; got {size!r}.")
    if not 1 <= stride <= size:
        raise ValueError(
            f"stride must be from 1 to size, {size}, or pixels between the squares stay "
            f"unexplained; got {stride!r}."
        )
    tops, lefts = (sorted({*range(0, side - size, stride), side - size})
                   for side in (height, width))  # fmt: skip
    masks = torch.zeros(len(tops) * len(lefts), 1, height, width, dtype=torch.bool)
    corners = [(top, left) for top in tops for left in lefts]
    for mask, (top, left) in zip(masks, corners, strict=True):
        mask[:, top : top + size, left : left + size] = True
    return masks
