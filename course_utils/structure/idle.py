"""Units that can go for nothing, after a pruning by weights."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import nn

from course_utils.models import Network
from course_utils.structure.filters import Layer, chain, remove_filters


def remove_idle(network: Network) -> Network:
    """Return a narrower network that computes the same, after a pruning by weights.

    Two kinds of unit go: those that nothing reads any more, and those that read nothing. The
    latter say the same for every image: what they say goes into the biases behind them. Each
    removal may idle other units, so this goes on until none is. One unit a layer always stays.
    """
    while units := _idle(network):
        network = remove_filters(_settled(network, units), units)
    return network


def _idle(network: Network) -> dict[str, torch.Tensor]:
    """The units that nothing reads, or that read nothing; without a layer's last one."""
    layers, found = list(chain(network).items()), {}
    for (name, layer), (_, reader) in pairwise(layers):
        asleep = (layer.weight.detach().flatten(1) == 0).all(1)
        if not _takes_constants(reader, layer.bias):
            asleep = torch.zeros_like(asleep)
        unread = (_by_unit(reader, len(layer.weight)) == 0).all(1)
        gone = (asleep | unread).nonzero().flatten()
        gone = gone[1:] if len(gone) == len(layer.weight) else gone
        if len(gone):
            found[name] = gone
    return found


def _settled(network: Network, units: Mapping[str, torch.Tensor]) -> Network:
    """Move what units without inputs say into the biases of those who read them."""
    settled = copy.deepcopy(network)
    layers = list(chain(settled).items())
    with torch.no_grad():
        for (name, layer), (_, reader) in pairwise(layers):
            if name in units and layer.bias is not None and reader.bias is not None:
                asleep = (layer.weight.flatten(1) == 0).all(1)
                said = layer.bias.relu() * asleep
                gone = torch.zeros_like(said)
                gone[units[name]] = said[units[name]]
                weight = _by_unit(reader, len(gone))  # unit x places x output
                reader.bias += (gone[:, None] * weight).view(-1, len(reader.weight)).sum(0)
    return settled


def _by_unit(reader: Layer, units: int) -> torch.Tensor:
    """The weights that read each unit: unit x (place and output, the output last)."""
    weight = reader.weight.detach()
    return weight.reshape(len(weight), units, -1).permute(1, 2, 0).flatten(1)


def _takes_constants(reader: Layer, bias: torch.Tensor | None) -> bool:
    """Whether a constant input is a change of the reader's bias: not with padding."""
    if bias is None:
        return True  # the constant is 0
    padded = isinstance(reader, nn.Conv2d) and reader.padding != (0, 0)
    return reader.bias is not None and not padded
