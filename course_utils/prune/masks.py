"""Masks: which weights stay, and how the others become zero and remain so."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import nn

Masks = dict[str, torch.Tensor]
"""Parameter name, such as "conv1.weight", to a bool tensor of its shape: True stays."""


def prunable(model: nn.Module) -> dict[str, nn.Parameter]:
    """Return the weights that pruning may touch: those of convolutions and linear layers."""
    return {
        f"{name}.weight": layer.weight
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
    }


def weights_to_prune(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return `prunable` without gradient history; ValueError when there is none."""
    weights = {name: weight.detach() for name, weight in prunable(model).items()}
    if not weights:
        raise ValueError("this model has no convolution and no linear layer to prune.")
    return weights


def apply(model: nn.Module, masks: Masks) -> nn.Module:
    """Return a copy whose weights are zero wherever their mask is False."""
    pruned = copy.deepcopy(model)
    zero(pruned, masks)
    return pruned


def keep_zeros(masks: Masks) -> Callable[[nn.Module, float], None]:
    """Return an `after_step` for training.train that puts the zeros back after every update."""
    return lambda model, share: zero(model, masks)


def sparsity(model: nn.Module) -> float:
    """Return the share of the prunable weights that are exactly zero."""
    weights = weights_to_prune(model).values()
    zeros = sum(int((weight == 0).sum()) for weight in weights)
    return zeros / sum(weight.numel() for weight in weights)


def check_sparsity(value: float, *, name: str = "sparsity") -> None:
    """Raise ValueError unless value is a share in [0, 1)."""
    if not 0 <= value < 1:
        hint = f" Did you mean {value / 100:g}?" if 1 < value < 100 else ""
        raise ValueError(f"{name} must be in [0, 1); got {value!r}.{hint}")


def zero(model: nn.Module, masks: Masks) -> None:
    """Set a model's masked weights to zero, in place.

    To +0 and not, as a product with the mask would, to −0 where the weight was negative: in a
    coded file the signs of the zeros are noise, and noise costs bytes.
    """
    weights = prunable(model)
    if unknown := set(masks) - set(weights):
        raise ValueError(f"masks for {', '.join(sorted(unknown))}, which this model does not have.")
    for name, mask in masks.items():
        if mask.shape != weights[name].shape:
            raise ValueError(
                f"the mask of {name} is {tuple(mask.shape)}, the weight "
                f"{tuple(weights[name].shape)}; take masks made for this network."
            )
    with torch.no_grad():
        for name, mask in masks.items():
            weights[name].masked_fill_(mask.to(weights[name].device) == 0, 0.0)
