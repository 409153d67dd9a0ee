"""The one-minute taste: the reference network with weights taken away, measured on the spot."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import NamedTuple

import torch
from torch import nn

from course_utils import data, fusion, models, prune, quantize, saliency, training


class Measured(NamedTuple):
    """A smaller network and what was measured on it: whole coded file, right predictions."""

    network: nn.Module
    bytes: int
    right: int


class Explained(NamedTuple):
    """A network's map of one picture and its logits.

    The map is 1 x height x width; agreement compares it with the whole network's.
    """

    map: torch.Tensor
    logits: torch.Tensor
    agreement: float


class Taste:
    """Takes weights and bits away from a network, and measures and explains what is left.

    Attributes:
        pictures: the first image of each class, class x 1 x height x width.
        classes: what the whole network takes each picture for; every map explains this class.
        whole: the whole network, its plain file's bytes, its right predictions.
    """

    def __init__(
        self, network: nn.Module, images: torch.Tensor, labels: torch.Tensor, *, steps: int = 16
    ) -> None:
        """Explain one picture of each class; accuracy is measured on all of `images`.

        Args:
            images: n x 1 x height x width, at least one of each Fashion-MNIST class.
            steps: of each integrated gradient.
        """
        self.images, self.labels, self._steps = images, labels, steps
        found = [(labels == label).nonzero()[:1] for label in range(len(data.FASHION_CLASSES))]
        if missing := [data.FASHION_CLASSES[i] for i, f in enumerate(found) if not len(f)]:
            raise ValueError(f"no image of {', '.join(missing)} came; one of each class is needed.")
        self.pictures = images[torch.cat(found).flatten()]
        self.classes = training.predict(network, self.pictures).argmax(1)
        self.whole = Measured(network, len(models.network_bytes(network)), self._right(network))
        self._maps = self._attributions(network, self.pictures, self.classes)
        self.control = untrained(network)
        self.measure = cache(self._measure)

    def shrink(self, removed: float, bits: int | None) -> nn.Module:
        """Return a copy without the smallest weights, the others rounded.

        Args:
            removed: share of the weights set to zero, in [0, 1).
            bits: of each weight that stays, 2 to 8, or None for float32.
        """
        pruned = prune.magnitude(self.whole.network, removed)
        return pruned if bits is None else quantize.quantize_weights(pruned, bits=bits)

    def explain(self, network: nn.Module, picture: int) -> Explained:
        """Explain why a network would take one of `pictures` for its class in `classes`."""
        one, whole = self.pictures[[picture]], self._maps[[picture]]
        maps = self._attributions(network, one, self.classes[[picture]])
        logits = training.predict(network, one)[0]
        return Explained(maps[0], logits, fusion.agreement(maps, whole, where=one > 0).item())

    def _measure(self, removed: float, bits: int | None) -> Measured:
        small = self.shrink(removed, bits)
        with ThreadPoolExecutor(1) as other:  # coding the file takes as long as the predictions
            content = other.submit(models.network_bytes, small, bits=bits, coded=True)
            right = self._right(small)
            return Measured(small, len(content.result()), right)

    def _right(self, network: nn.Module) -> int:
        share = training.evaluate(network, self.images, self.labels, batch_size=100)
        return round(share * len(self.labels))

    def _attributions(self, network: nn.Module, images: torch.Tensor, classes: torch.Tensor):
        return saliency.integrated_gradients(network, images, classes, steps=self._steps)


def untrained(network: nn.Module, *, seed: int = 0) -> nn.Module:
    """Return a network of the same build with fresh random weights."""
    return models.seeded(type(network), seed, **network.settings).eval()
