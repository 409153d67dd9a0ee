"""Units that can go: out of a chain of layers, with all that reads them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import nn

from course_utils.models import Network

Layer = nn.Conv2d | nn.Linear


def remove_units(network: Network, units: Mapping[str, torch.Tensor]) -> Network:
    """Return a narrower network without some units, and without the weights that read them.

    A unit is one output of a layer, as in `prune.apoz`. The result is an ordinary network of
    its class: it saves, loads and runs faster. Removing units that are always zero changes
    nothing.

    Args:
        network: convolutions and linear layers in a chain, whose settings give their widths
            as `channels` and `hidden`: Net, LeNet5, TinyCNN, SimplifiedCNN.
        units: layer name to the indices of its outputs that go. The last layer's are the
            classes and stay.
    """
    layers = _chain(network)
    *inner, last = layers
    if unknown := set(units) - set(inner):
        raise ValueError(
            f"units of {', '.join(sorted(unknown))} cannot be removed; name some of "
            f"{', '.join(inner)}."
        )
    kept = {name: _kept(name, len(layers[name].weight), units.get(name)) for name in inner}
    kept[last] = torch.arange(len(layers[last].weight))
    smaller = type(network)(**network.settings | _widths(network, [len(kept[n]) for n in inner]))
    state, read = dict(network.state_dict()), None
    for name, layer in layers.items():
        weight = layer.weight.detach()[kept[name]]
        state[f"{name}.weight"] = weight if read is None else _columns(weight, read)
        if layer.bias is not None:
            state[f"{name}.bias"] = layer.bias.detach()[kept[name]]
        read = (kept[name], len(layer.weight))
    smaller.load_state_dict(state)
    return smaller.train(network.training)


def remove_idle(network: Network) -> Network:
    """Return a narrower network that computes the same, after a pruning by weights.

    Two kinds of unit go: those that nothing reads any more, and those that read nothing. The
    latter say the same for every image: what they say goes into the biases behind them. Each
    removal may idle other units, so this goes on until none is. One unit a layer always stays.
    """
    while units := _idle(network):
        network = remove_units(_settled(network, units), units)
    return network


def _idle(network: Network) -> dict[str, torch.Tensor]:
    """The units that nothing reads, or that read nothing; without a layer's last one."""
    layers, found = list(_chain(network).items()), {}
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
    layers = list(_chain(settled).items())
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


def _chain(network: Network) -> dict[str, Layer]:
    """The layers with weights in the order in which they run."""
    layers = {n: m for n, m in network.named_modules() if isinstance(m, Layer)}
    norms = [n for n, m in network.named_modules() if isinstance(m, nn.BatchNorm2d)]
    known = isinstance(network, Network) and {"channels", "hidden"} & set(network.settings)
    widths = [len(layer.weight) for layer in layers.values()][:-1]
    if not known or norms or widths != _listed(network.settings):
        raise ValueError(
            f"{type(network).__name__} is no plain chain of layers whose settings name their "
            "widths, so its units cannot be removed."
        )
    return layers


def _listed(settings: dict) -> list[int]:
    hidden = settings.get("hidden", [])
    return [*settings.get("channels", []), *(hidden if isinstance(hidden, list) else [hidden])]


def _widths(network: Network, widths: list[int]) -> dict:
    """Settings for the widths of all layers but the last."""
    count = len(network.settings.get("channels", []))
    channels, hidden = widths[:count], widths[count:]
    new = {"channels": channels} if count else {}
    if "hidden" in network.settings:
        new["hidden"] = hidden if isinstance(network.settings["hidden"], list) else hidden[0]
    return new


def _kept(name: str, count: int, gone: torch.Tensor | None) -> torch.Tensor:
    """The outputs that stay, in rising order."""
    gone = torch.as_tensor([] if gone is None else gone, dtype=torch.int64)
    if gone.numel() and not (gone.min() >= 0 and gone.max() < count):
        raise ValueError(f"{name} has units 0 to {count - 1}; asked to remove {gone.tolist()}.")
    stays = torch.ones(count, dtype=torch.bool)
    stays[gone] = False
    if not stays.any():
        raise ValueError(f"that would remove all {count} units of {name}; leave at least one.")
    return stays.nonzero().flatten()


def _columns(weight: torch.Tensor, read: tuple[torch.Tensor, int]) -> torch.Tensor:
    """Keep the columns that read the kept units; a unit may have several, side by side."""
    kept, before = read
    by_unit = weight.reshape(len(weight), before, -1, *weight.shape[2:])
    return by_unit[:, kept].reshape(len(weight), -1, *weight.shape[2:])
