"""Sharing: many weights, few values. The second step of Deep Compression (Han 2016, 1510.00149).

Pruning makes a short file because zeros are cheap; sharing makes the rest cheap. The weights
that are left take the values of a short table, the centroids, and a file needs the table once
and a small code for each weight. `models.save_network(..., "name.small")` sees the few values.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from course_utils.quantize import codebook, symmetric
from course_utils.quantize.weights import weighted_layers

MOST = 255
"""Values in a table besides zero: a code is at most a byte."""


def share_weights(
    network: nn.Module, *, clusters: int | dict[str, int] = 16, seed: int = 0, bias_bits: int = 16
) -> nn.Module:
    """Return a copy whose nonzero weights take at most `clusters` values in each layer.

    Zeros stay zero. The values are k-means centroids of the layer's nonzero weights, rounded
    to float16: a `.small` file holds them exactly, two bytes each. A layer that already has
    so few values keeps them, but for that rounding, which moves a value by at most 1/2048 of
    its size (while that is at least 6e-5).

    Args:
        clusters: 2 to 255 for every layer, or {layer name: clusters}; layers that are not
            named stay as they are.
        seed: of k-means' starting centroids.
        bias_bits: 16 rounds every bias to float16; 8 rounds it to a grid of 255 steps of its
            own, one byte each; 32 leaves biases alone.
    """
    if bias_bits not in (8, 16, 32):
        raise ValueError(f"bias_bits must be 8, 16 or 32; got {bias_bits!r}.")
    small = copy.deepcopy(network)
    with torch.no_grad():
        for name, count in _clusters(small, clusters).items():
            weight = small.get_submodule(name).weight
            used = weight != 0
            if used.any():
                weight[used] = _shared(weight[used], count, seed)
        for layer in weighted_layers(small).values():
            if getattr(layer, "bias", None) is not None:
                layer.bias.copy_(_rounded_bias(layer.bias, bias_bits))
    return small


def values(network: nn.Module) -> dict[str, Tensor]:
    """Return each layer's distinct nonzero weights, in rising order: {layer name: values}."""
    weights = {name: layer.weight.detach() for name, layer in weighted_layers(network).items()}
    return {name: weight[weight != 0].unique() for name, weight in weights.items()}


@contextmanager
def tied(network: nn.Module) -> Iterator[Callable[[nn.Module, float], None]]:
    """Keep weights that are equal now equal while they are trained, and zeros zero.

    Within the block a weight's gradient is that of its centroid: the sum over all weights of
    the layer that share its value (Han 2016, section 3.1). So all of them take the same step.
    Gives the `after_step` for `training.train`, which undoes differences in the last bit:

        with shared.tied(network) as keep:
            training.train(network, ..., after_step=keep)

    A layer is tied if it has at most 255 values besides zero; at least one must be. Values
    are float32 afterwards: `share_weights` rounds them to float16 again.
    """
    ties = {name: _Tie(layer.weight) for name, layer in weighted_layers(network).items()
            if len(layer.weight.detach().unique()) <= MOST + 1}  # fmt: skip
    if not ties:
        raise ValueError(
            f"no layer of this network shares values: each has more than {MOST} of them. "
            "Call share_weights first."
        )
    with ExitStack() as hooks:
        for name, tie in ties.items():
            weight = network.get_submodule(name).weight
            hooks.callback(weight.register_hook(tie.gradient).remove)
        yield lambda model, share: _retie(model, ties)


class _Tie:
    """Which weights of a layer share a value."""

    def __init__(self, weight: Tensor) -> None:
        table, groups = weight.detach().flatten().unique(return_inverse=True)
        self.groups, self.count, self.zero = groups, len(table), table == 0
        self.first = torch.zeros_like(table, dtype=torch.int64)
        places = torch.arange(len(groups) - 1, -1, -1, device=groups.device)
        self.first[groups.flip(0)] = places  # a member of each group; which one is all the same

    def gradient(self, gradient: Tensor) -> Tensor:
        """Give every weight the sum of its group's gradients, and zeros none."""
        self._follow(gradient)
        sums = torch.zeros(self.count, dtype=gradient.dtype, device=gradient.device)
        sums.index_add_(0, self.groups, gradient.flatten())
        return sums.masked_fill(self.zero, 0)[self.groups].view_as(gradient)

    def again(self, weight: Tensor) -> None:
        """Give every weight the value of one member of its group, and zeros zero."""
        self._follow(weight)
        table = weight.flatten()[self.first].masked_fill(self.zero, 0)
        weight.copy_(table[self.groups].view_as(weight))

    def _follow(self, tensor: Tensor) -> None:
        """Training may have moved the network to another device."""
        if self.groups.device != tensor.device:
            self.groups, self.first, self.zero = (
                t.to(tensor.device) for t in (self.groups, self.first, self.zero)
            )


@torch.no_grad()
def _retie(model: nn.Module, ties: dict[str, _Tie]) -> None:
    for name, tie in ties.items():
        tie.again(model.get_submodule(name).weight)


def _shared(weights: Tensor, clusters: int, seed: int) -> Tensor:
    """Replace each weight by its centroid, rounded to float16."""
    book = codebook(weights.cpu(), clusters=clusters, seed=seed)
    return _half(book.centroids)[book.codes.long()].to(weights.device)


def _rounded_bias(bias: Tensor, bits: int) -> Tensor:
    if bits == 32:
        return bias
    if bits == 16:
        return _half(bias)
    scale = _half(bias.abs().max() / 127)
    if scale == 0:
        return _half(bias)
    return symmetric(bias, bits=8, limit=scale * 127).dequantize()


def _half(numbers: Tensor) -> Tensor:
    if not (numbers.abs() < 65504).all():
        raise ValueError(
            f"float16 holds numbers below 65,504; the largest here is {numbers.abs().max():g}."
        )
    return numbers.half().float()


def _clusters(network: nn.Module, clusters: int | dict[str, int]) -> dict[str, int]:
    layers = weighted_layers(network)
    chosen = clusters if isinstance(clusters, dict) else dict.fromkeys(layers, clusters)
    for name, count in chosen.items():
        if name not in layers:
            raise ValueError(f"no layer named {name!r}; there are {', '.join(layers)}.")
        if parametrize.is_parametrized(layers[name]):
            raise ValueError(f"{name}'s weight is computed at each use: quantize.bake it first.")
        if isinstance(count, bool) or not isinstance(count, int) or not 2 <= count <= MOST:
            slip = " 256 values include zero: ask for 255." if count == 256 else ""
            raise ValueError(f"clusters must be a whole number, 2 to {MOST}; got {count!r}.{slip}")
    return chosen
