"""A convolutional network for digits in about two thousand numbers."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from course_utils.models.architectures import MNIST_MEAN, MNIST_STD, Network, Normalize


class TinyCNN(Network):
    """Convolutions with strides, each followed by a ReLU, then one linear layer.

    No padding and no pooling: every step shrinks the picture, so little is left for the linear
    layer to read. Takes images n x 1 x size x size in [0, 1], returns logits n x classes.

    Args:
        channels, kernels, strides: one number for each convolution.
        norm: put batch normalisation (1502.03167) behind each convolution: it trains faster,
            and `fold_norms` takes it out again.
    """

    def __init__(
        self,
        *,
        channels: tuple[int, ...] = (5, 7, 8, 9),
        kernels: tuple[int, ...] = (5, 3, 3, 3),
        strides: tuple[int, ...] = (2, 1, 2, 1),
        norm: bool = False,
        size: int = 28,
        classes: int = 10,
        mean: float = MNIST_MEAN,
        std: float = MNIST_STD,
    ) -> None:
        channels, kernels, strides = ([int(n) for n in x] for x in (channels, kernels, strides))
        _check(channels, kernels, strides, classes)
        layers, before, side = OrderedDict(normalize=Normalize(mean, std)), 1, int(size)
        for number, (width, kernel, stride) in enumerate(zip(channels, kernels, strides), 1):
            layers[f"conv{number}"] = nn.Conv2d(before, width, kernel, stride)
            if norm:
                layers[f"norm{number}"] = nn.BatchNorm2d(width)
            layers[f"relu{number}"] = nn.ReLU()
            before, side = width, (side - kernel) // stride + 1
            if side < 1:
                raise ValueError(f"conv{number} has no picture left to read; take a larger size.")
        layers["flatten"] = nn.Flatten()
        layers["fc"] = nn.Linear(before * side**2, classes)
        super().__init__(layers)
        self.input_shape = (1, size, size)
        self.settings = {
            "channels": channels, "kernels": kernels, "strides": strides, "norm": bool(norm),
            "size": int(size), "classes": int(classes), "mean": float(mean), "std": float(std),
        }  # fmt: skip


@torch.no_grad()
def fold_norms(network: TinyCNN) -> TinyCNN:
    """Return a network without batch normalisation that computes the same in eval mode.

    A normalisation that is no longer learning multiplies each channel by a number and adds
    one: both go into the convolution before it.
    """
    plain = TinyCNN(**network.settings | {"norm": False})
    for name, layer in plain.named_children():
        if not hasattr(layer, "weight"):
            continue
        old = network.get_submodule(name)
        layer.weight.copy_(old.weight)
        layer.bias.copy_(old.bias)
        norm = dict(network.named_children()).get(name.replace("conv", "norm"))
        if isinstance(norm, nn.BatchNorm2d):
            factor = norm.weight / (norm.running_var + norm.eps).sqrt()
            layer.weight.mul_(factor[:, None, None, None])
            layer.bias.copy_((old.bias - norm.running_mean) * factor + norm.bias)
    return plain.train(network.training)


def _check(channels: list[int], kernels: list[int], strides: list[int], classes: int) -> None:
    if not len(channels) == len(kernels) == len(strides) > 0:
        raise ValueError(
            f"channels, kernels and strides need one number for each convolution; got "
            f"{channels}, {kernels} and {strides}."
        )
    if min(*channels, *kernels, *strides, classes) < 1:
        raise ValueError(
            f"widths, kernels, strides and classes must be at least 1; got {channels}, "
            f"{kernels}, {strides} and {classes}."
        )
