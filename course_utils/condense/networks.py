"""Fresh networks whose features judge a small set."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from course_utils.models import evaluating
from course_utils.models.architectures import (
    FASHION_MEAN,
    FASHION_STD,
    MNIST_MEAN,
    MNIST_STD,
    Normalize,
    SimplifiedCNN,
)

Fresh = Callable[[], nn.Sequential]
"""Makes a new, untrained network from torch's global seed; its last layer gives the logits."""


def random_convnet(
    *, size: int = 28, channels: tuple[int, int] = (64, 64), classes: int = 10
) -> nn.Sequential:
    """Return an untrained convolutional network, drawn from torch's global seed.

    Two convolutions, each before mean pooling, He's initialisation (1502.01852): good features
    come out of it without any training. Takes images n x 1 x size x size in [0, 1]; `size` 28
    subtracts MNIST's mean, 32 Fashion-MNIST's.
    """
    if size < 8:
        raise ValueError(f"size must be at least 8 pixels, 28 or 32 here; got {size}.")
    mean, std = (MNIST_MEAN, MNIST_STD) if size == 28 else (FASHION_MEAN, FASHION_STD)
    first, second = channels
    side = (size + 1) // 2 // 2 // 2
    network = nn.Sequential(
        Normalize(mean, std),
        nn.Conv2d(1, first, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Conv2d(first, second, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(second * side * side, classes),
    )
    for layer in network:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
            nn.init.normal_(layer.bias, std=0.1)
    return network


def untrained_cnn(*, classes: int = 10) -> nn.Sequential:
    """Return SimplifiedCNN's convolutions, untrained, with a linear reading of all they see.

    Its 2,048 features are those from which a SimplifiedCNN starts to learn: a set that
    serves them serves the network that is trained on it. Drawn from torch's global seed;
    takes images n x 1 x 32 x 32 in [0, 1].
    """
    layers = list(SimplifiedCNN().children())[:8]  # up to flatten
    return nn.Sequential(*layers, nn.Linear(2048, classes))


def features(network: nn.Sequential, images: torch.Tensor, *, batch_size: int = 500):
    """Return what a network's last layer reads, n x feature, in eval mode, without gradients."""
    body = network[:-1]
    with evaluating(network), torch.no_grad():
        return torch.cat([body(part).flatten(1) for part in images.split(batch_size)])
