"""Lesson 3.3's bench: each layer's zeros on a slider, beside LAMP's bytes and accuracy."""

from __future__ import annotations

import lzma
from collections.abc import Mapping
from typing import Any

from torch import nn

from course_utils import models, plots, prune, training, widgets

SHARES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98)
"""What each layer's control offers."""
RIVALS = (0.8, 0.9, 0.95)
"""Shares of zeros at which LAMP plays against the learner."""


def coded_bytes(network: nn.Module) -> dict[str, int]:
    """Return the bytes of each tensor of a network, coded by LZMA for itself.

    Their sum is the size of a file that codes tensor by tensor: within a few per cent that of
    `.safetensors.xz`, which codes all of them at once and has a header.
    """
    tensors = network.state_dict().items()
    return {name: len(lzma.compress(tensor.numpy().tobytes())) for name, tensor in tensors}


class SparsityBench:
    """Removes a share of each layer's weights; shows accuracy and bytes beside LAMP's.

    Args:
        network: with layers that pruning may touch.
        validation: images and labels that every setting is asked.
    """

    def __init__(self, network: models.Network, validation: training.Pair) -> None:
        self.network, self.validation = network, validation
        self.layers = [name.removesuffix(".weight") for name in prune.prunable(network)]
        self.bytes = {share: coded_bytes(self._everywhere(share)) for share in SHARES}
        self.rivals = {share: self._rival(share) for share in RIVALS}
        self.tried: list[tuple[float, float]] = []
        self._known: dict[tuple[float, ...], tuple[float, float]] = {}

    def masks(self, shares: Mapping[str, float]) -> prune.Masks:
        """The masks that take from each layer its share of weights nearest to zero."""
        sizes = {name: weight.detach().abs()
                 for name, weight in prune.prunable(self.network).items()}  # fmt: skip
        return {
            name: prune.masks_by_score({name: size}, shares[name.removesuffix(".weight")])[name]
            for name, size in sizes.items()
        }

    def controls(self) -> dict[str, Any]:
        """One slider a layer for `widgets.live`; with a start for the lesson's network."""
        choices = {f"{share:.0%}": share for share in SHARES}
        return {
            layer: widgets.choice(choices, slide=True, start=start, label=f"{layer}: zeros")
            for layer, start in zip(self.layers, (0.0, 0.5, 0.95, 0.5), strict=True)
        }

    def measured(self, shares: Mapping[str, float]) -> tuple[float, float]:
        """Return kilobytes of the coded tensors, and accuracy: nothing is trained."""
        key = tuple(shares[layer] for layer in self.layers)
        if key not in self._known:
            pruned = prune.apply(self.network, self.masks(shares))
            size = sum(self.bytes[shares.get(name.removesuffix(".weight"), 0.0)][name]
                       for name in self.bytes[0.0])  # fmt: skip
            self._known[key] = size / 1000, training.evaluate(pruned, *self.validation)
        return self._known[key]

    def draw(self, **shares: float) -> Any:
        """Draw what is left of each layer, and the place among bytes and accuracy."""
        place = self.measured(shares)
        made, (left, right) = plots.figure(columns=2, height=3.1, width_ratios=(2, 3))
        kept = [1 - shares[layer] for layer in self.layers]
        left.barh(self.layers, kept, color=plots.colour("pruning"), height=0.6)
        left.invert_yaxis()
        left.set(xlim=(0, 1), xlabel="share of weights left", title="What is left")
        left.xaxis.set_major_formatter("{x:.0%}")
        self._draw_places(right, place)
        self.tried.append(place)
        return made

    def _draw_places(self, axis: Any, place: tuple[float, float]) -> None:
        axis.plot(*zip(*self.rivals.values(), strict=True), "s--", ms=6, label="LAMP",
                  color=plots.colour("reference"))  # fmt: skip
        if self.tried:
            axis.plot(*zip(*self.tried, strict=True), ".", label="tried",
                      color=plots.colour("control"))  # fmt: skip
        axis.plot(*place, "o", ms=11, color=plots.colour("pruning"), label="your shares")
        axis.set_xscale("log")
        axis.set_xticks([30, 100, 300, 1000], ["30", "100", "300", "1,000"])
        axis.minorticks_off()
        axis.set(xlim=(20, 1200), ylim=(0, 1), xlabel="kilobytes, coded", ylabel="accuracy",
                 title=f"{place[0]:.0f} kB, {place[1]:.1%}")  # fmt: skip
        axis.yaxis.set_major_formatter("{x:.0%}")
        axis.legend(fontsize=8.5, loc="lower right")

    def words(self, **shares: float) -> str:
        """The picture in words."""
        size, accuracy = self.measured(shares)
        said = ", ".join(f"{1 - shares[layer]:.0%} of {layer}" for layer in self.layers)
        rivals = ", ".join(f"{a:.1%} in {kb:.0f} kB" for kb, a in self.rivals.values())
        return (
            f"Left are {said}: accuracy {accuracy:.1%}, coded in {size:.0f} kilobytes. "
            f"LAMP reaches {rivals}."
        )

    def _everywhere(self, share: float) -> nn.Module:
        return prune.apply(self.network, self.masks(dict.fromkeys(self.layers, share)))

    def _rival(self, share: float) -> tuple[float, float]:
        pruned = prune.magnitude(self.network, share, scope="lamp")
        size = sum(coded_bytes(pruned).values())
        return size / 1000, training.evaluate(pruned, *self.validation)
