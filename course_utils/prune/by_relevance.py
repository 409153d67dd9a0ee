"""Relevance: which units carried the answer, asked backwards layer by layer."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from course_utils.models import evaluating
from course_utils.prune.activations import rectifiers


def relevance(
    network: nn.Sequential, images: torch.Tensor, labels: torch.Tensor, *, batch_size: int = 250
) -> dict[str, torch.Tensor]:
    """Return layer -> each unit's share of the relevance, by layer-wise propagation (LRP).

    One unit of relevance starts at an image's class and flows back. Each unit hands its part
    to its inputs in proportion to what they add to it by positive weights: the z⁺ rule
    (Montavon 2017, 1512.02479). A unit's score is the mean over the images of what reaches it;
    units of low score go first in Yeom 2021 (1912.08881), with `idlest` and
    `structure.remove_filters`.

    Args:
        network: an nn.Sequential of convolutions, linear layers, pooling and nn.ReLU.
        labels: the classes from which relevance starts, n.

    Returns:
        Scores, not below 0, for every layer with an nn.ReLU behind it. A layer's scores sum
        to 1 where no unit on the way lacks positive inputs, and to less where some do.
    """
    if len(images) != len(labels) or len(images) == 0:
        raise ValueError(f"{len(images)} images came with {len(labels)} labels; pair them.")
    if not isinstance(network, nn.Sequential) or any([*m.children()] for m in network):
        raise TypeError(
            "relevance flows along an nn.Sequential of plain layers, without blocks in it; got "
            f"{type(network).__name__}."
        )
    owners = {relu: layer for layer, relu in rectifiers(network).items()}
    totals: dict[str, torch.Tensor] = {}
    with evaluating(network), torch.no_grad():
        for x, y in zip(images.split(batch_size), labels.split(batch_size), strict=True):
            for relu, reached in _backwards(network, x, y).items():
                totals[relu] = totals.get(relu, 0) + reached
    return {layer: totals[relu] / len(images) for relu, layer in owners.items()}


def _backwards(network: nn.Sequential, x: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
    """By name of a ReLU, what reaches its units, summed over a batch and over places."""
    inputs = []
    for layer in network:
        inputs.append(x)
        x = layer(x)
    flow = torch.zeros_like(x).scatter_(1, y[:, None].to(x.device), 1.0)
    reached = {}
    layers = [*zip(network.named_children(), inputs, strict=True)]
    first = next(name for name, layer in network.named_children() if _weighted(layer))
    for (name, layer), given in reversed(layers):
        if name == first:
            break
        if isinstance(layer, nn.ReLU):
            reached[name] = flow.flatten(2).sum((0, 2)) if flow.dim() > 2 else flow.sum(0)
        else:
            flow = _through(layer, given, flow)
    return reached


def _through(layer: nn.Module, given: torch.Tensor, flow: torch.Tensor) -> torch.Tensor:
    """Hand the relevance of a layer's outputs to its inputs."""
    given = given.detach().requires_grad_()
    with torch.enable_grad():
        if not _weighted(layer):  # pooling hands it to the place that won, flattening moves it
            return torch.autograd.grad(layer(given), given, flow)[0]
        out = _positive(layer, given)
        share = torch.where(out > 0, flow / out.clamp(min=1e-12), 0.0)
        (slope,) = torch.autograd.grad(out, given, share.detach())
    return (given * slope).detach()


def _positive(layer: nn.Module, given: torch.Tensor) -> torch.Tensor:
    """What the inputs add by positive weights; inputs behind a ReLU are not below 0."""
    weight = layer.weight.detach().clamp(min=0)
    if isinstance(layer, nn.Linear):
        return F.linear(given, weight)
    return F.conv2d(given, weight, None, layer.stride, layer.padding, layer.dilation, layer.groups)


def _weighted(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Linear | nn.Conv2d)
