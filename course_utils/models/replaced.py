"""Layers that take another layer's place: two thin ones, or a depthwise-separable pair.

A network with such layers says so in its settings, so that its file can rebuild it:
`settings["replaced"]` is {layer name: [kind, size]}.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping

from torch import nn

from course_utils.models.architectures import Network

Weighted = nn.Conv2d | nn.Linear


def two_thin(layer: Weighted, rank: int) -> nn.Sequential:
    """Build, untrained, `down` to `rank` channels or units and `up` to the layer's outputs.

    A convolution's kernel goes into `down`; `up` is 1 x 1. The bias belongs to `up`.
    """
    largest = min(len(layer.weight), layer.weight[0].numel())
    _check("rank", rank, largest, layer)
    bias = layer.bias is not None
    if isinstance(layer, nn.Linear):
        down = nn.Linear(layer.in_features, rank, bias=False)
        up = nn.Linear(rank, layer.out_features, bias=bias)
    else:
        down = nn.Conv2d(layer.in_channels, rank, bias=False, **_sliding(layer))
        up = nn.Conv2d(rank, layer.out_channels, 1, bias=bias)
    return _pair(layer, down=down, up=up)


def separable_pair(layer: Weighted, terms: int) -> nn.Sequential:
    """Build, untrained, a depthwise convolution and the 1 x 1 convolution after it.

    `depthwise` gives each input channel `terms` kernels of its own; `pointwise` mixes their
    results. One term is the usual depthwise-separable convolution.
    """
    if not isinstance(layer, nn.Conv2d):
        raise ValueError(f"only a convolution can be made separable; this is a {_name(layer)}.")
    largest = min(layer.out_channels, layer.weight[0, 0].numel())
    _check("terms", terms, largest, layer)
    inputs, between = layer.in_channels, layer.in_channels * terms
    depthwise = nn.Conv2d(inputs, between, groups=inputs, bias=False, **_sliding(layer))
    pointwise = nn.Conv2d(between, layer.out_channels, 1, bias=layer.bias is not None)
    return _pair(layer, depthwise=depthwise, pointwise=pointwise)


KINDS: dict[str, Callable[[Weighted, int], nn.Sequential]] = {
    "low_rank": two_thin, "separable": separable_pair,
}  # fmt: skip
"""What may stand in a layer's place."""


def replace(network: nn.Module, replaced: Mapping[str, tuple[str, int]]) -> nn.Module:
    """Put untrained pairs in the place of some layers, and note them in the settings.

    Changes the network it is given, which a constructor or a copy has just made.

    Args:
        replaced: layer name, such as "fc1" or "block1_1.conv2", to kind and size.
    """
    for name, (kind, size) in replaced.items():
        if kind not in KINDS:
            raise ValueError(f"{name} cannot become {kind!r}; known are {', '.join(KINDS)}.")
        network.set_submodule(name, KINDS[kind](weighted_layer(network, name), size))
        if isinstance(network, Network):
            noted = network.settings.get("replaced", {})
            network.settings = network.settings | {"replaced": noted | {name: [kind, size]}}
    return network


def weighted_layer(network: nn.Module, name: str) -> Weighted:
    """Return a convolution or linear layer by its name; say which there are if it is none."""
    layers = {n: m for n, m in network.named_modules() if isinstance(m, Weighted)}
    if name not in layers:
        raise ValueError(f"no convolution or linear layer {name!r}; there are {', '.join(layers)}.")
    return layers[name]


def _sliding(layer: nn.Conv2d) -> dict:
    return {"kernel_size": layer.kernel_size, "stride": layer.stride, "padding": layer.padding}


def _pair(layer: Weighted, **pair: nn.Module) -> nn.Sequential:
    return nn.Sequential(OrderedDict(pair)).to(layer.weight).train(layer.training)


def _check(what: str, size: int, largest: int, layer: Weighted) -> None:
    if isinstance(layer, nn.Conv2d) and (layer.groups, *layer.dilation) != (1, 1, 1):
        raise ValueError("a convolution with groups or dilation cannot be replaced.")
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= largest:
        slip = " A share? Give a whole number." if isinstance(size, float) else ""
        raise ValueError(
            f"{what} of this {_name(layer)} must be a whole number from 1 to {largest}; "
            f"got {size!r}.{slip}"
        )


def _name(layer: nn.Module) -> str:
    return type(layer).__name__
