"""Lesson 2.1's workbench: one network, three ways to cut it, each with a strength."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from course_utils import measure, models, prune, quantize, structure, training

STRENGTHS = {
    "structure": (0.125, 0.25, 0.5, 0.75),
    "quantization": (8, 4, 3, 2),
    "pruning": (0.5, 0.8, 0.9, 0.95),
}
"""Mildest first: share of the filters and units that go; bits that stay; share of zeros."""
METHODS = tuple(STRENGTHS)


@dataclass(frozen=True)
class Cut:
    """A network after a method, with what it costs and what it still gets right.

    `content` is the length of the file in bytes, `accuracy` a share of the bench's images.
    """

    method: str
    strength: float
    network: nn.Module
    content: int
    accuracy: float


def cut(network: models.SimplifiedCNN, method: str, strength: float) -> nn.Module:
    """Return a copy of the network after one of METHODS, without any training."""
    if method == "structure":
        return structure.remove_filters(network, dict.fromkeys(structure.REMOVABLE, strength))
    if method == "quantization":
        return quantize.quantize_weights(network, bits=strength)
    if method == "pruning":
        return prune.magnitude(network, strength)
    raise ValueError(f"method must be one of {', '.join(METHODS)}; got {method!r}.")


def strength_in_words(method: str, strength: float) -> str:
    """Say a strength as a learner reads it: "8 bits", "half" is "50 % removed"."""
    return f"{strength} bits" if method == "quantization" else f"{strength:.1%} removed"


def survives(network: models.SimplifiedCNN, strength: float) -> torch.Tensor:
    """Return which of conv2's weights stay when structure goes: bool, of its weight's shape."""
    stays = []
    for layer in (network.conv2, network.conv1):
        order = structure.filter_norms(layer).argsort(stable=True)
        keep = torch.ones(len(order), dtype=torch.bool)
        keep[order[: round(strength * len(order))]] = False
        stays.append(keep)
    outputs, inputs = stays
    return (outputs[:, None] & inputs)[:, :, None, None].expand_as(network.conv2.weight)


class Bench:
    """Cuts one network on request, measures what is left, and remembers it."""

    def __init__(
        self, network: models.SimplifiedCNN, images: torch.Tensor, labels: torch.Tensor
    ) -> None:
        """Measure on `images`, n x 1 x height x width, and `labels`, n."""
        self.network, self.images, self.labels = network, images, labels
        self._known: dict[tuple[str, float], Cut] = {}

    def cut(self, method: str, strength: float) -> Cut:
        """Cut the network and measure its file, coded by LZMA, and its accuracy."""
        if (method, strength) not in self._known:
            small = cut(self.network, method, strength)
            bits = strength if method == "quantization" else None
            self._known[method, strength] = Cut(
                method, strength, small,
                len(models.network_bytes(small, bits=bits, coded=True)), self.accuracy(small),
            )  # fmt: skip
        return self._known[method, strength]

    def curve(self, method: str) -> list[Cut]:
        """Return the method's cuts, the mildest first."""
        return [self.cut(method, strength) for strength in STRENGTHS[method]]

    def file(self, name: str) -> tuple[int, float]:
        """Return a committed network's bytes, and its accuracy on the same images."""
        path = models.network_path(name)
        return measure.file_bytes(path), self.accuracy(models.load_network(path))

    def accuracy(self, network: nn.Module) -> float:
        """Return the share of the bench's images that a network gets right."""
        return training.evaluate(network, self.images, self.labels, batch_size=100)
