"""The networks of the course: the documents' classes, made true."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

FASHION_MEAN, FASHION_STD = 0.2190, 0.3318
"""Mean and standard deviation of Fashion-MNIST's training images, padded to 32 x 32."""
MNIST_MEAN, MNIST_STD = 0.1306, 0.3081
"""The same of MNIST's training images, 28 x 28."""


class Normalize(nn.Module):
    """Subtracts a mean and divides by a standard deviation, both kept in the file as buffers."""

    def __init__(self, mean: float, std: float) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(float(mean)))
        self.register_buffer("std", torch.tensor(float(std)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return (images - self.mean) / self.std


class Network(nn.Sequential):
    """A network that remembers how it was built, so that a file can rebuild it.

    Layers are named children, run in order. `settings` holds the constructor's keyword
    arguments; `input_shape` is (channels, height, width).
    """

    settings: dict
    input_shape: tuple[int, int, int]

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images, n x channel x height x width in [0, 1], to logits, n x class."""
        if images.dim() != 4 or tuple(images.shape[1:]) != tuple(self.input_shape):
            raise ValueError(shape_message(type(self).__name__, self.input_shape, images))
        return super().forward(images)

    def __getitem__(self, index: int | slice) -> nn.Module:
        """Return a layer, or for a slice a plain nn.Sequential of those layers."""
        if isinstance(index, slice):
            return nn.Sequential(OrderedDict(list(self.named_children())[index]))
        return super().__getitem__(index)


def shape_message(name: str, input_shape: tuple[int, ...], images: torch.Tensor) -> str:
    """Say what a network takes, what came, and the likely slip."""
    came, takes = tuple(images.shape), ("n", *input_shape)
    message = f"{name} takes images of shape ({', '.join(map(str, takes))}); got {came}."
    if came == tuple(input_shape):
        return message + " Is the batch axis missing? Try images[None]."
    if came[-2:] == (28, 28) and tuple(input_shape[-2:]) == (32, 32):
        return message + " Pad 28 x 28 images by 2 on each side: data.fashion_mnist does."
    if came[-2:] == (32, 32) and tuple(input_shape[-2:]) == (28, 28):
        return message + " Load them without padding: pad=0."
    return message


class SimplifiedCNN(Network):
    """Document A's network: two convolutions, two linear layers, 268,362 parameters.

    Takes images n x 1 x size x size in [0, 1], returns logits n x classes. Narrower
    `channels` and `hidden` give the smaller networks of the course.
    """

    def __init__(
        self,
        *,
        channels: tuple[int, int] = (16, 32),
        hidden: int = 128,
        size: int = 32,
        classes: int = 10,
        mean: float = FASHION_MEAN,
        std: float = FASHION_STD,
    ) -> None:
        first, second = (int(c) for c in channels)
        if min(first, second, hidden, classes) < 1 or size < 4:
            raise ValueError(
                f"channels, hidden and classes must be at least 1 and size at least 4; got "
                f"channels={tuple(channels)}, hidden={hidden}, classes={classes}, size={size}."
            )
        side = size // 2 // 2
        super().__init__(
            OrderedDict(
                normalize=Normalize(mean, std),
                conv1=nn.Conv2d(1, first, 3, padding=1),
                relu1=nn.ReLU(),
                pool1=nn.MaxPool2d(2),
                conv2=nn.Conv2d(first, second, 3, padding=1),
                relu2=nn.ReLU(),
                pool2=nn.MaxPool2d(2),
                flatten=nn.Flatten(),
                fc1=nn.Linear(second * side * side, hidden),
                relu3=nn.ReLU(),
                fc2=nn.Linear(hidden, classes),
            )
        )
        self.input_shape = (1, size, size)
        self.settings = {
            "channels": [first, second], "hidden": int(hidden), "size": int(size),
            "classes": int(classes), "mean": float(mean), "std": float(std),
        }


class ShallowCNN(Network):
    """Document A's "fewer layers", taken at its word: one convolution and one linear layer.

    Takes images n x 1 x size x size in [0, 1], returns logits n x classes.
    """

    def __init__(
        self,
        *,
        channels: int = 16,
        size: int = 32,
        classes: int = 10,
        mean: float = FASHION_MEAN,
        std: float = FASHION_STD,
    ) -> None:
        if min(channels, classes) < 1 or size < 4:
            raise ValueError(
                f"channels and classes must be at least 1 and size at least 4; got "
                f"channels={channels}, classes={classes}, size={size}."
            )
        super().__init__(
            OrderedDict(
                normalize=Normalize(mean, std),
                conv1=nn.Conv2d(1, channels, 3, padding=1),
                relu1=nn.ReLU(),
                pool1=nn.MaxPool2d(4),
                flatten=nn.Flatten(),
                fc1=nn.Linear(channels * (size // 4) ** 2, classes),
            )
        )
        self.input_shape = (1, size, size)
        self.settings = {
            "channels": int(channels), "size": int(size), "classes": int(classes),
            "mean": float(mean), "std": float(std),
        }  # fmt: skip
