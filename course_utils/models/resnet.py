"""Residual networks: layers that add to what came in."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from course_utils.models.architectures import FASHION_MEAN, FASHION_STD, Network, Normalize


class Block(nn.Module):
    """Two 3 x 3 convolutions whose result is added to their input (He 2016, 1512.03385).

    Where the number of channels or the size changes, a 1 x 1 convolution fits the input to
    it. `skip=False` leaves the addition out: a plain block, the control.
    """

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1, skip: bool = True) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.relu2 = nn.ReLU()
        self.skip = skip
        self.fit = nn.Identity()
        if skip and (stride != 1 or inputs != outputs):
            self.fit = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        new = self.norm2(self.conv2(self.relu1(self.norm1(self.conv1(x)))))
        return self.relu2(new + self.fit(x) if self.skip else new)


class ResNet(Network):
    """A small residual network with real skip connections, for 32 x 32 images.

    A first convolution and pooling, then for each number of channels `blocks` blocks, the
    size halved from one number to the next, a mean over all places, and a linear layer.
    Takes images n x 1 x size x size in [0, 1], returns logits n x classes.
    """

    def __init__(
        self,
        *,
        channels: tuple[int, ...] = (16, 32, 64),
        blocks: int = 1,
        skip: bool = True,
        size: int = 32,
        classes: int = 10,
        mean: float = FASHION_MEAN,
        std: float = FASHION_STD,
    ) -> None:
        channels = [int(c) for c in channels]
        if not channels or min(*channels, blocks, classes) < 1 or size < 2 ** len(channels):
            raise ValueError(
                f"channels, blocks and classes must be at least 1 and size at least "
                f"2 to the number of channels; got channels={tuple(channels)}, "
                f"blocks={blocks}, classes={classes}, size={size}."
            )
        layers = OrderedDict(
            normalize=Normalize(mean, std),
            conv1=nn.Conv2d(1, channels[0], 3, padding=1, bias=False),
            norm1=nn.BatchNorm2d(channels[0]),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
        )
        inputs = channels[0]
        for stage, outputs in enumerate(channels):
            for place in range(blocks):
                stride = 2 if stage > 0 and place == 0 else 1
                layers[f"block{stage + 1}_{place + 1}"] = Block(
                    inputs, outputs, stride=stride, skip=skip
                )
                inputs = outputs
        layers["mean"] = nn.AdaptiveAvgPool2d(1)
        layers["flatten"] = nn.Flatten()
        layers["fc"] = nn.Linear(inputs, classes)
        super().__init__(layers)
        self.input_shape = (1, size, size)
        self.settings = {
            "channels": channels, "blocks": int(blocks), "skip": bool(skip), "size": int(size),
            "classes": int(classes), "mean": float(mean), "std": float(std),
        }  # fmt: skip
