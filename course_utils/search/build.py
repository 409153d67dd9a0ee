"""From choices to a network: filters go, weights become zero and are rounded, then it learns."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from course_utils import data, distill, models, prune, quantize, structure, training
from course_utils.search.space import LAYERS, THINNED, Choices, checked

SCORING = 500
"""Training images by which the orders score filters."""
BATCH, RATE = 64, 2e-3
UPDATES = 30
"""Updates after the cuts, each of BATCH images that were not seen before."""


class Builder:
    """Builds networks out of one whole network.

    Args:
        whole: the network to make smaller; it is not changed. It teaches, too.
        updates: how long every network learns after the cuts; 0: not at all.
        pair: training images and labels; None: Fashion-MNIST's first.

    Raises:
        ValueError: updates make no sense, or there are too few images for them.
    """

    def __init__(
        self, whole: models.SimplifiedCNN, *, updates: int = UPDATES,
        pair: training.Pair | None = None,
    ) -> None:  # fmt: skip
        if not isinstance(updates, int) or updates < 0:
            raise ValueError(f"updates must be a whole number, 0 or more; got {updates!r}.")
        self.whole, self.updates = whole, updates
        self.pair = pair or data.fashion_mnist("train", limit=max(SCORING, BATCH * updates))
        if len(self.pair[0]) < BATCH * updates:
            raise ValueError(
                f"{updates} updates need {BATCH * updates} images; got {len(self.pair[0])}."
            )
        self._scores: dict[str, dict[str, Tensor]] = {}

    def __call__(self, choices: Choices, *, seed: int = 0) -> models.Network:
        """Return the network of these choices, its weights rounded to the chosen bits.

        Args:
            seed: the order in which it sees the training images.
        """
        choices = checked(choices)
        narrow = structure.remove_filters(self.whole, self._gone(choices))
        masks = zeros({layer: choices[f"{layer} zeros"] for layer in THINNED}, narrow)
        network = quantize.train_through(held(narrow, masks), bits=bits(choices))
        if self.updates:
            network.to(memory_format=torch.channels_last)
            count = BATCH * self.updates
            seen = self.pair[0][:count], self._answers[:count]
            few = self.pair[0][:1], self.pair[1][:1]
            training.train(
                network, seen, few, epochs=1, learning_rate=RATE, batch_size=BATCH, seed=seed,
                loss=distill.remembered(), keep="last", progress=False, on="cpu",
            )  # fmt: skip
        return quantize.bake(network).to(memory_format=torch.contiguous_format)

    def _gone(self, choices: Choices) -> dict[str, Tensor]:
        """The filters and units of least score by the chosen order, layer by layer."""
        order = choices["order"]
        if order not in self._scores:
            few = (part[:SCORING] for part in self.pair)
            self._scores[order] = structure.unit_scores(self.whole, order, *few)
        scores = {name: self._scores[order][name] for name in structure.REMOVABLE}
        return {name: score.argsort(stable=True)[: len(score) - choices[f"{name} kept"]]
                for name, score in scores.items()}  # fmt: skip

    @cached_property
    def _answers(self) -> Tensor:
        """What the whole network says of all training images, with the labels beside it."""
        return distill.ask(self.whole, *self.pair)


def bits(choices: Choices) -> dict[str, int]:
    """Return the bits of each layer's weights, as `save_network` takes them."""
    return {layer: choices[f"{layer} bits"] for layer in LAYERS}


def save(network: models.Network, choices: Choices, path: Path) -> Path:
    """Write a built network in its chosen bits, coded: zeros cost little. Return the path."""
    return models.save_network(network, path, bits=bits(choices))


def zeros(shares: Mapping[str, float], network: nn.Module) -> prune.Masks:
    """Return masks under which each layer loses its own share of weights, the smallest."""
    weights = {name: network.get_submodule(name).weight.detach() for name in shares}
    return {f"{name}.weight": prune.masks_by_score({name: w.abs()}, shares[name])[name]
            for name, w in weights.items()}  # fmt: skip


class _Held(nn.Module):
    """A weight whose masked entries are zero, whatever learning makes of them."""

    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        self.register_buffer("mask", mask)

    def forward(self, weight: Tensor) -> Tensor:
        return weight.masked_fill(~self.mask, 0.0)


def held(network: nn.Module, masks: prune.Masks) -> nn.Module:
    """Put masks between a network's layers and their weights, in place; return the network."""
    for name, mask in masks.items():
        layer = network.get_submodule(name.removesuffix(".weight"))
        parametrize.register_parametrization(layer, "weight", _Held(mask))
    return network
