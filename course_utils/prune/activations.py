"""Idle units: how often a channel or neuron says nothing, and which could go.

A unit is one output of a layer: a channel of a convolution, a neuron of a linear layer. What
is selected here are indices that structure.remove_filters takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

import torch
from torch import nn

from course_utils import training
from course_utils.prune.masks import check_sparsity

Units = dict[str, torch.Tensor]
"""Layer name to the indices of some of its units (int64)."""


def apoz(model: nn.Module, images: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return layer -> each unit's average percentage of zeros (Hu 2016, 1607.03250).

    A share in [0, 1], float64, one for each unit of every layer with an nn.ReLU behind it:
    the share of zeros behind that ReLU, over all images and, for a channel, all places. 1
    means that these images never woke the unit; others might.

    Args:
        model: its layers run in the order in which they are named, as in an nn.Sequential,
            without skip connections.
        images: n x channel x height x width; never the test set.
    """
    counts = zero_counts(model, images)
    return {layer: zeros.double() / places for layer, (zeros, places) in counts.items()}


def dead(zeros: Mapping[str, torch.Tensor]) -> Units:
    """Return the units that were zero throughout; without them nothing changes on those images.

    Args:
        zeros: what `apoz` returns.
    """
    return rarely_active(zeros, at_least=1.0)


def rarely_active(zeros: Mapping[str, torch.Tensor], *, at_least: float) -> Units:
    """Return the units whose share of zeros is `at_least` so large, in rising order.

    Args:
        zeros: what `apoz` returns.
        at_least: share of zeros in [0, 1].
    """
    if not 0 <= at_least <= 1:
        hint = f" Did you mean {at_least / 100:g}?" if 1 < at_least <= 100 else ""
        raise ValueError(f"at_least must be in [0, 1]; got {at_least!r}.{hint}")
    return {layer: (share >= at_least).nonzero().flatten() for layer, share in zeros.items()}


def idlest(zeros: Mapping[str, torch.Tensor], share: float) -> Units:
    """Return of each layer exactly round(share * n) of its n units: those most often zero.

    Of equals the first goes first. Any score does: random numbers make the control.

    Args:
        zeros: what `apoz` returns, or {layer: one number for each unit}; the largest go.
        share: of each layer's units, in [0, 1).
    """
    check_sparsity(share, name="share")
    chosen = {}
    for layer, score in zeros.items():
        order = score.argsort(descending=True, stable=True)
        chosen[layer] = order[: round(share * len(score))].sort().values
    return chosen


def rectifiers(model: nn.Module) -> dict[str, str]:
    """Return the name of each layer with an nn.ReLU behind it -> the name of that ReLU."""
    found, layer = {}, None
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            layer = name
        elif isinstance(module, nn.ReLU) and layer is not None:
            found[layer], layer = name, None
    if not found:
        raise ValueError(
            "no nn.ReLU stands behind a layer of this model; a ReLU called as a function "
            "(F.relu) is not seen."
        )
    return found


def zero_counts(model: nn.Module, images: torch.Tensor) -> dict[str, tuple[torch.Tensor, int]]:
    """Count layer -> (each unit's zeros behind its ReLU, the numbers looked at per unit)."""
    counts: dict[str, tuple[torch.Tensor, int]] = {}

    def count(layer: str, units: int):
        def hook(relu: nn.Module, inputs: tuple, output: torch.Tensor) -> None:
            if output.shape[1] != units:
                raise ValueError(
                    f"{layer} has {units} units, but its ReLU gave {tuple(output.shape)}. Has each "
                    f"layer its own ReLU, and does it stand right behind?"
                )
            silent = (output == 0).transpose(0, 1).flatten(1)  # unit x (image and place)
            zeros, places = counts.get(layer, (0, 0))
            counts[layer] = zeros + silent.sum(1).cpu(), places + silent.shape[1]

        return hook

    with ExitStack() as hooks:
        for layer, relu in rectifiers(model).items():
            hook = count(layer, len(model.get_submodule(layer).weight))
            hooks.callback(model.get_submodule(relu).register_forward_hook(hook).remove)
        training.predict(model, images)
    return counts
