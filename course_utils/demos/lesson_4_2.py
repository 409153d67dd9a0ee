"""Lesson 4.2: one convolution at a time, and the bits of a network layer by layer."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor, nn

from course_utils import measure, models, quantize, training
from course_utils.demos.onnx_files import one_convolution
from course_utils.node_times import node_times
from course_utils.quantize.weights import place

LAYERS = ("conv1", "conv2", "fc1", "fc2")
LEVELS = (8, 4, 3, 2, "ternary", "binary")
"""What the bits of a weight can be, from many to few."""


def channel_sweep(
    channels: Sequence[int] = (1, 2, 4, 8, 16), *, images: int = 32, side: int = 32
) -> list[dict[str, float]]:
    """Time one convolution in floats and in integers for growing numbers of input channels.

    Returns:
        rows with "channels", and nanoseconds for each output number, the fastest of 45 runs:
        "float", "integer".
    """
    rows = [{"channels": count, "float": math.inf, "integer": math.inf} for count in channels]
    for _ in range(3):  # in three rounds: another program seldom disturbs all of them
        for row in rows:
            shape = images, int(row["channels"]), side, side
            pixels = torch.randint(256, shape, dtype=torch.uint8)
            for name, given in {"float": pixels.float(), "integer": pixels}.items():
                file = one_convolution(shape[1], integers=name == "integer")
                (node,) = (n for n in node_times(file, given, runs=15) if n.layer)
                row[name] = min(row[name], 1e9 * node.fastest / (images * 16 * side * side))
    return rows


class Mixer:
    """Rounds each layer of a trained network to bits of its own, and measures what comes out.

    Weights are rounded after training, with the range of least squared error.

    Args:
        network: has the layers in LAYERS.
        images, labels: validation images, for the accuracy; `accuracy` is the network's own.
    """

    def __init__(self, network: nn.Module, images: Tensor, labels: Tensor) -> None:
        self.network, self.images, self.labels = network, images, labels
        self.accuracy = self.evaluate(network)
        self.measured = lru_cache(maxsize=256)(self._measured)
        self._codes = lru_cache(maxsize=64)(self._rounded)

    def evaluate(self, network: Callable) -> float:
        """Return a network's accuracy on these images."""
        return training.evaluate(network, self.images, self.labels)

    def first(self, count: int) -> Mixer:
        """Return a quicker mixer: the first images only, and no layer is rounded again."""
        quicker = Mixer(self.network, self.images[:count], self.labels[:count])
        quicker._codes = self._codes
        return quicker

    def mixed(self, bits: Mapping[str, int | str]) -> nn.Module:
        """Return a copy whose layers are rounded; those not named stay float."""
        small = copy.deepcopy(self.network)
        for layer, level in bits.items():
            place(small.get_submodule(layer), self._codes(layer, level))
        return small

    def uniform(self, level: int | str) -> tuple[int, float]:
        """Return (bytes of the whole packed file, accuracy) with the same bits in every layer."""
        return self.measured(*[level] * len(LAYERS))

    def file(self, path: str | Path) -> tuple[int, float]:
        """Return (bytes, accuracy) of a network file, on the same images."""
        network = models.load_network(path)
        return measure.file_bytes(path), self.evaluate(network)

    def alone(self, layer: str, level: int | str) -> dict[str, float | str]:
        """Round one layer only: a table's row with the bytes it saves and the points it costs."""
        loss = self.accuracy - self.evaluate(self.mixed({layer: level}))
        weight = self.network.get_submodule(layer).weight
        return {
            "layer": layer,
            "weights": weight.numel(),
            "terms in a sum": weight[0].numel(),
            "bytes saved": weight.nbytes - self.layer_bytes(layer, level),
            "points lost": 100 * loss,
        }

    def layer_bytes(self, layer: str, level: int | str) -> int:
        """Count a layer's packed codes and scales."""
        tensors, _ = quantize.pack_weights(self.mixed({layer: level}), bits={layer: level})
        return sum(tensors[f"{layer}.weight.{part}"].nbytes for part in ("codes", "scale"))

    def _rounded(self, layer: str, level: int | str) -> quantize.Quantized:
        weight = self.network.get_submodule(layer).weight
        return quantize.round_weight(weight, bits=level, clip="mse")

    def _measured(self, *levels: int | str) -> tuple[int, float]:
        bits = dict(zip(LAYERS, levels, strict=True))
        small = self.mixed(bits)
        size = len(models.network_bytes(small, bits=bits))
        return size, self.evaluate(small)
