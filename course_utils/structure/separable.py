"""Depthwise-separable convolutions: first each channel by itself, then all channels mixed."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import nn

from course_utils.models import replace, weighted_layer


def separable_terms(kernels: torch.Tensor, terms: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the depthwise and pointwise weights nearest to a convolution's.

    All kernels that read one input channel, output x place, form a matrix; `terms` pairs of
    singular vectors are its nearest of that rank. With terms = kernel height x width, or the
    number of outputs if that is less, the convolution is met exactly.

    Args:
        kernels: output x input x height x width.

    Returns:
        depthwise, (input · terms) x 1 x height x width; pointwise, output x (input · terms)
        x 1 x 1.
    """
    outputs, inputs, height, width = kernels.shape
    by_input = kernels.detach().transpose(0, 1).flatten(2)  # input x output x place
    u, s, v = torch.linalg.svd(by_input, full_matrices=False)
    root = s[:, :terms].sqrt()
    depthwise = (root[:, :, None] * v[:, :terms]).reshape(inputs * terms, 1, height, width)
    mixing = (u[:, :, :terms] * root[:, None]).transpose(0, 1)  # output x input x term
    return depthwise, mixing.reshape(outputs, inputs * terms, 1, 1)


@torch.no_grad()
def separable(network: nn.Module, terms: Mapping[str, int]) -> nn.Module:
    """Return a copy in which `depthwise` and `pointwise` stand in place of each named layer.

    One term a channel is the usual depthwise-separable convolution (Howard 2017,
    1704.04861), its weights the nearest to the layer's. The copy saves and loads as any
    network of the course.

    Args:
        terms: convolution name to the number of kernels that each input channel gets.
    """
    copied = replace(copy.deepcopy(network), {n: ("separable", t) for n, t in terms.items()})
    for name, count in terms.items():
        old, new = weighted_layer(network, name), copied.get_submodule(name)
        depthwise, pointwise = separable_terms(old.weight, count)
        new.depthwise.weight.copy_(depthwise)
        new.pointwise.weight.copy_(pointwise)
        if old.bias is not None:
            new.pointwise.bias.copy_(old.bias)
    return copied
