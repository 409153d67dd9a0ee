"""Magnitude pruning: the weights nearest to zero go."""

from __future__ import annotations

from torch import nn

from course_utils.prune.by_score import Scope, masks_by_score
from course_utils.prune.masks import Masks, apply, weights_to_prune


def magnitude(model: nn.Module, sparsity: float, *, scope: Scope = "global") -> nn.Module:
    """Return a copy in which the weights nearest to zero are zero (Han 2015, 1506.02626).

    Exactly round(sparsity * n) of the n weights in scope are zero, ties included, or more
    where more were zero before. Biases stay.

    Args:
        sparsity: share of the weights to remove, in [0, 1).
        scope: compare all weights with each other ("global"), each layer's among themselves
            ("layer"), or all after LAMP has put layers on one scale ("lamp", 2010.07611).
    """
    return apply(model, magnitude_masks(model, sparsity, scope=scope))


def magnitude_masks(
    model: nn.Module, sparsity: float, *, scope: Scope = "global", within: Masks | None = None
) -> Masks:
    """Return, for each prunable weight, which entries `magnitude` keeps: bool, same shape.

    Args:
        within: masks whose dropped weights go first, as in `masks_by_score`.
    """
    sizes = {name: weight.abs() for name, weight in weights_to_prune(model).items()}
    return masks_by_score(sizes, sparsity, scope=scope, within=within)
