"""Controls: masks that know nothing of the weights. A method must beat them."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

from course_utils.prune.by_score import masks_by_score
from course_utils.prune.masks import Masks, weights_to_prune


def random_masks(
    model: nn.Module, sparsity: float, *, seed: int, scope: Literal["global", "layer"] = "global"
) -> Masks:
    """Return masks that drop exactly round(sparsity * n) of the n weights in scope, by lot.

    The control for "does it matter which weights go?". Same seed, same masks.
    """
    if scope == "lamp":
        raise ValueError("lots know no LAMP; shuffled(masks, seed=...) keeps its layer shares.")
    generator = torch.Generator().manual_seed(seed)
    lots = {
        name: _lots(weight.shape, generator) for name, weight in weights_to_prune(model).items()
    }
    return masks_by_score(lots, sparsity, scope=scope)


def shuffled(masks: Masks, *, seed: int) -> Masks:
    """Return masks that drop as many weights of each layer, but others: by lot.

    The stricter control: it keeps what a method chose for each layer and takes away what it
    chose inside (Frankle 2021, 2009.08576). Same seed, same masks.
    """
    generator = torch.Generator().manual_seed(seed)
    return {
        name: mask.flatten()[torch.randperm(mask.numel(), generator=generator)].view_as(mask)
        for name, mask in masks.items()
    }


def _lots(shape: torch.Size, generator: torch.Generator) -> torch.Tensor:
    return torch.rand(shape, generator=generator, dtype=torch.float64)
