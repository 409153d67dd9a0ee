"""Structure: networks with fewer filters and units, physically smaller."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from course_utils.models import SimplifiedCNN
from course_utils.prune import check_sparsity

REMOVABLE = ("conv1", "conv2", "fc1")
"""SimplifiedCNN's layers whose outputs may go; fc2's are the classes."""


def filter_norms(layer: nn.Conv2d | nn.Linear) -> torch.Tensor:
    """Return the L1 norm of each output's weights: a filter's size (Li 2016, 1608.08710)."""
    return layer.weight.detach().abs().flatten(1).sum(1)


def remove_filters(
    network: SimplifiedCNN, remove: Mapping[str, float | torch.Tensor]
) -> SimplifiedCNN:
    """Return a narrower network without some filters and units, and without their traces.

    Every later weight that read a removed output goes too, through the flatten layer. The
    result is an ordinary SimplifiedCNN: it saves, loads and runs faster. Removing outputs
    that are always zero changes nothing.

    Args:
        remove: layer name ("conv1", "conv2", "fc1") to what goes: a share in [0, 1) of
            its outputs, those of least L1 norm; or the indices of the outputs.
    """
    if "replaced" in network.settings:
        raise ValueError(
            f"{', '.join(network.settings['replaced'])} of this network stands replaced; "
            "remove filters first, then replace layers."
        )
    keep = {name: _kept(name, getattr(network, name), remove.get(name, 0.0)) for name in REMOVABLE}
    if unknown := set(remove) - set(REMOVABLE):
        raise ValueError(
            f"outputs of {', '.join(sorted(unknown))} cannot be removed; "
            f"name some of {', '.join(REMOVABLE)}."
        )
    settings = network.settings | {
        "channels": (len(keep["conv1"]), len(keep["conv2"])), "hidden": len(keep["fc1"]),
    }  # fmt: skip
    smaller = SimplifiedCNN(**settings)
    places = (settings["size"] // 4) ** 2  # flatten lays a channel's places side by side
    flat = (keep["conv2"][:, None] * places + torch.arange(places)).flatten()
    outputs = torch.arange(network.settings["classes"])
    _copy(network.conv1, smaller.conv1, keep["conv1"], torch.arange(1))
    _copy(network.conv2, smaller.conv2, keep["conv2"], keep["conv1"])
    _copy(network.fc1, smaller.fc1, keep["fc1"], flat)
    _copy(network.fc2, smaller.fc2, outputs, keep["fc1"])
    return smaller.train(network.training)


def _kept(name: str, layer: nn.Conv2d | nn.Linear, gone: float | torch.Tensor) -> torch.Tensor:
    """Return the outputs that stay, in rising order."""
    count = len(layer.weight)
    if isinstance(gone, int | float):
        check_sparsity(gone)
        gone = filter_norms(layer).argsort(stable=True)[: round(gone * count)]
    gone = torch.as_tensor(gone, dtype=torch.int64)
    stays = torch.ones(count, dtype=torch.bool)
    if gone.numel() and not (gone.min() >= 0 and gone.max() < count):
        raise ValueError(f"{name} has outputs 0 to {count - 1}; asked to remove {gone.tolist()}.")
    stays[gone] = False
    if not stays.any():
        raise ValueError(f"that would remove all {count} outputs of {name}; leave at least one.")
    return stays.nonzero().flatten()


@torch.no_grad()
def _copy(old: nn.Module, new: nn.Module, outputs: torch.Tensor, inputs: torch.Tensor) -> None:
    new.weight.copy_(old.weight[outputs][:, inputs])
    new.bias.copy_(old.bias[outputs])
