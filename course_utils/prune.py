"""Pruning: setting to zero the weights a network can do without."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Literal

import torch
from torch import nn

Masks = dict[str, torch.Tensor]


def prunable(model: nn.Module) -> dict[str, nn.Parameter]:
    """Return the weights that pruning may touch: those of convolutions and linear layers."""
    return {
        f"{name}.weight": layer.weight
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
    }


def magnitude(
    model: nn.Module, sparsity: float, *, scope: Literal["global", "layer"] = "global"
) -> nn.Module:
    """Return a copy in which the weights nearest to zero are zero (Han 2015, 1506.02626).

    Exactly round(sparsity * n) of the n weights in scope are zero, ties included, or more
    where more were zero before. Biases stay.

    Args:
        sparsity: share of the weights to remove, in [0, 1).
        scope: compare all weights with each other, or each layer's among themselves.
    """
    return apply(model, magnitude_masks(model, sparsity, scope=scope))


def magnitude_masks(
    model: nn.Module, sparsity: float, *, scope: Literal["global", "layer"] = "global"
) -> Masks:
    """Return, for each prunable weight, which entries `magnitude` keeps: bool, same shape."""
    check_sparsity(sparsity)
    if scope not in ("global", "layer"):
        raise ValueError(f"scope must be 'global' or 'layer'; got {scope!r}.")
    sizes = {name: weight.detach().abs() for name, weight in prunable(model).items()}
    if not sizes:
        raise ValueError("this model has no convolution and no linear layer to prune.")
    if scope == "layer":
        return {name: _largest(size, sparsity) for name, size in sizes.items()}
    kept = _largest(torch.cat([size.flatten() for size in sizes.values()]), sparsity)
    parts = kept.split([size.numel() for size in sizes.values()])
    return {n: part.view_as(size) for (n, size), part in zip(sizes.items(), parts, strict=True)}


def apply(model: nn.Module, masks: Masks) -> nn.Module:
    """Return a copy whose weights are zero wherever their mask is False."""
    pruned = copy.deepcopy(model)
    _zero(pruned, masks)
    return pruned


def keep_zeros(masks: Masks) -> Callable[[nn.Module, float], None]:
    """Return an `after_step` for training.train that puts the zeros back after every update."""
    return lambda model, share: _zero(model, masks)


def sparsity(model: nn.Module) -> float:
    """Return the share of the prunable weights that are exactly zero."""
    weights = prunable(model).values()
    zeros = sum(int((weight == 0).sum()) for weight in weights)
    return zeros / sum(weight.numel() for weight in weights)


def check_sparsity(value: float) -> None:
    """Raise ValueError unless value is a share in [0, 1)."""
    if not 0 <= value < 1:
        hint = f" Did you mean {value / 100:g}?" if 1 < value < 100 else ""
        raise ValueError(f"sparsity must be in [0, 1); got {value!r}.{hint}")


def _largest(sizes: torch.Tensor, share: float) -> torch.Tensor:
    """Mark all but the round(share * n) smallest entries; of equals, the first go first."""
    kept = torch.ones(sizes.numel(), dtype=torch.bool, device=sizes.device)
    order = sizes.flatten().argsort(stable=True)
    kept[order[: round(share * sizes.numel())]] = False
    return kept.view_as(sizes)


def _zero(model: nn.Module, masks: Masks) -> None:
    weights = prunable(model)
    if unknown := set(masks) - set(weights):
        raise ValueError(f"masks for {', '.join(sorted(unknown))}, which this model does not have.")
    with torch.no_grad():
        for name, mask in masks.items():
            weights[name].mul_(mask.to(weights[name].device))
