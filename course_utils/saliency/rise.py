"""RISE: show random parts of the image, and see which pixels were there when the score was high."""

from __future__ import annotations

import torch
from torch.nn.functional import interpolate

from course_utils.saliency.masked import masked_scores
from course_utils.saliency.scores import Network, asking
from course_utils.targets import Target


def rise(
    network: Network,
    images: torch.Tensor,
    target: Target = None,
    *,
    samples: int = 1000,
    grid: int = 8,
    keep: float = 0.5,
    background: float | torch.Tensor = 0.0,
    seed: int = 0,
    batch_size: int = 250,
) -> torch.Tensor:
    """Return which pixels were shown when the target's logit was high (Petsiuk 2018, 1806.07421).

    Needs predictions only: any callable from images to logits will do, integers included.
    The paper averages the masks, each weighted by its score. Here the mean score is taken
    off first: 0 then means "no difference", and maps are signed.

    Args:
        samples: how many masks are tried, the same for all images.
        grid: cells along a side; a mask is that coarse, drawn larger without edges.
        keep: the share of the image that a mask shows on average, in (0, 1).

    Returns:
        n x channel x height x width, in units of the logit.
    """
    if not isinstance(samples, int) or samples < 2:
        raise ValueError(f"samples must be a whole number, 2 or more; got {samples!r}.")
    height, width = images.shape[-2:]
    total = torch.zeros(len(images), height * width, dtype=torch.float64, device=images.device)
    generator = torch.Generator().manual_seed(seed)
    scores, shown = [], torch.zeros_like(total[:1])
    with asking(network, images, target) as (score, target):
        for count in _portions(samples):  # all masks at once could fill the memory
            masks = rise_masks(count, height, width, grid=grid, keep=keep, generator=generator)
            masks = masks.to(images.device)
            found = masked_scores(score, images, target, masks, background=background,
                                  batch_size=batch_size).double()  # fmt: skip
            total += found @ masks.flatten(1).double()
            shown += masks.flatten(1).double().sum(0)
            scores.append(found)
    maps = (total - torch.cat(scores, 1).mean(1, keepdim=True) * shown) / (samples * keep)
    maps = maps.to(images.dtype).view(len(images), 1, height, width)
    return maps.expand_as(images).clone()


def rise_masks(
    count: int, height: int, width: int, *, grid: int, keep: float, generator: torch.Generator
) -> torch.Tensor:
    """Return soft random masks in [0, 1], count x 1 x height x width.

    A coarse grid of ones (with probability `keep`) and zeros is drawn larger bilinearly,
    and shifted at random by less than a cell.
    """
    if not 0 < keep < 1:
        hint = f" Did you mean {keep / 100:g}?" if 1 < keep < 100 else ""
        raise ValueError(f"keep must be in (0, 1); got {keep!r}.{hint}")
    if not 1 <= grid <= min(height, width):
        raise ValueError(f"grid must be from 1 to {min(height, width)} cells; got {grid!r}.")
    cells = -(-height // grid), -(-width // grid)  # rounded up
    coarse = torch.rand(count, 1, grid + 1, grid + 1, generator=generator) < keep
    size = [(grid + 1) * cell for cell in cells]
    large = interpolate(coarse.float(), size=size, mode="bilinear", align_corners=False)
    downs, rights = (torch.randint(cell, (count,), generator=generator).tolist() for cell in cells)
    cut = [one[:, down : down + height, right : right + width]
           for one, down, right in zip(large, downs, rights, strict=True)]  # fmt: skip
    return torch.stack(cut)


def _portions(samples: int, largest: int = 500) -> list[int]:
    return [min(largest, samples - start) for start in range(0, samples, largest)]
