"""Filters and units that go, with every weight that reads them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from course_utils.models import Network
from course_utils.prune import check_sparsity

REMOVABLE = ("conv1", "conv2", "fc1")
"""SimplifiedCNN's layers whose outputs may go; fc2's are the classes."""
WIDTHS = ("channels", "hidden")
"""Settings that name widths, in the order of the layers."""
Layer = nn.Conv2d | nn.Linear


def filter_norms(layer: Layer) -> torch.Tensor:
    """Return the L1 norm of each output's weights: a filter's size (Li 2016, 1608.08710)."""
    return layer.weight.detach().abs().flatten(1).sum(1)


def remove_filters(network: Network, remove: Mapping[str, float | torch.Tensor]) -> Network:
    """Return a narrower network without some filters and units, and without their traces.

    Every later weight that read a removed output goes too, through a flatten layer, which
    lays a channel's places side by side. The result is an ordinary network of its class: it
    saves, loads and runs faster. Removing outputs that are always zero changes nothing.

    Args:
        network: convolutions and linear layers in a chain, whose settings give their widths
            as `channels` and `hidden`: SimplifiedCNN, ShallowCNN, Net, LeNet5, TinyCNN.
        remove: layer name to what goes: a share in [0, 1) of its outputs, those of least L1
            norm; or the indices of the outputs. The last layer's are the classes and stay.
    """
    layers = chain(network)
    *inner, last = layers
    if unknown := set(remove) - set(inner):
        raise ValueError(
            f"outputs of {', '.join(sorted(unknown))} cannot be removed; name some of "
            f"{', '.join(inner)}."
        )
    kept = {name: _kept(name, layers[name], remove.get(name, 0.0)) for name in inner}
    kept[last] = torch.arange(len(layers[last].weight))
    smaller = type(network)(**network.settings | _widths(network, [len(kept[n]) for n in inner]))
    state, read = dict(network.state_dict()), None
    for name, layer in layers.items():
        weight = layer.weight.detach()[kept[name]]
        state[f"{name}.weight"] = weight if read is None else _columns(weight, *read)
        if layer.bias is not None:
            state[f"{name}.bias"] = layer.bias.detach()[kept[name]]
        read = kept[name], len(layer.weight)
    smaller.load_state_dict(state)
    return smaller.train(network.training)


def chain(network: Network) -> dict[str, Layer]:
    """Return the layers with weights in the order in which they run.

    Raises:
        ValueError: they are no plain chain, or stand replaced.
    """
    settings = getattr(network, "settings", {})
    if "replaced" in settings:
        raise ValueError(
            f"{', '.join(settings['replaced'])} of this network stands replaced; "
            "remove filters first, then replace layers."
        )
    layers = {n: m for n, m in network.named_modules() if isinstance(m, Layer)}
    norms = any(isinstance(m, nn.BatchNorm2d) for m in network.modules())
    widths = [len(layer.weight) for layer in layers.values()][:-1]
    if norms or not widths or widths != _listed(settings):
        raise ValueError(
            f"{type(network).__name__} is no plain chain of layers whose settings name their "
            "widths, so its outputs cannot be removed."
        )
    return layers


def _listed(settings: dict) -> list[int]:
    """All widths that the settings name, a single one or a list of them."""
    named = [settings[key] for key in WIDTHS if key in settings]
    return [width for one in named for width in (one if isinstance(one, list) else [one])]


def _widths(network: Network, widths: list[int]) -> dict:
    """Settings for the widths of all layers but the last."""
    rest, new = iter(widths), {}
    for key in WIDTHS:
        old = network.settings.get(key)
        if old is not None:
            new[key] = [next(rest) for _ in old] if isinstance(old, list) else next(rest)
    return new


def _kept(name: str, layer: Layer, gone: float | torch.Tensor) -> torch.Tensor:
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


def _columns(weight: torch.Tensor, kept: torch.Tensor, before: int) -> torch.Tensor:
    """Keep the columns that read the kept outputs; each may have several, side by side."""
    by_output = weight.reshape(len(weight), before, -1, *weight.shape[2:])
    return by_output[:, kept].reshape(len(weight), -1, *weight.shape[2:])
