"""Clothes that move: what a shift costs a network, image by image, and the widget that shows it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from course_utils import models, plots, training

LARGEST = 8
"""The farthest shift, in pixels."""


def circular(network: nn.Module) -> nn.Module:
    """Return a copy whose convolutions wrap around: beyond an edge lies the opposite edge."""
    made = copy.deepcopy(network)
    for layer in made.modules():
        if isinstance(layer, nn.Conv2d) and layer.kernel_size != (1, 1):
            layer.padding_mode = "circular"
    return made


def shifted(images: torch.Tensor, right: int = 0, down: int = 0) -> torch.Tensor:
    """Move images by whole pixels, at most LARGEST; black moves in.

    Args:
        images: n x channel x height x width.
        right: pixels to the right; negative ones to the left. `down` likewise.
    """
    if max(abs(right), abs(down)) > LARGEST:
        raise ValueError(f"shifts go up to {LARGEST} pixels; got right={right}, down={down}.")
    height, width = images.shape[2:]
    top, left = LARGEST - down, LARGEST - right
    return F.pad(images, [LARGEST] * 4)[:, :, top : top + height, left : left + width]


def falls(network: Callable, images: torch.Tensor, labels: torch.Tensor, by: int) -> torch.Tensor:
    """Return for each image how much is lost by shifting it: right before, minus after.

    After is the share of the four directions, `by` pixels each, in which it is right.
    """
    before = training.predict(network, images).argmax(1) == labels
    ways = ((by, 0), (-by, 0), (0, by), (0, -by))
    after = [training.predict(network, shifted(images, *way)).argmax(1) == labels for way in ways]
    return before.float() - torch.stack(after).float().mean(0)


def spared(
    reference: Callable,
    rivals: Mapping[str, Callable],
    images: torch.Tensor,
    labels: torch.Tensor,
    by: int,
) -> dict[str, tuple[float, float]]:
    """Return how much less than the reference each rival loses by a shift.

    In points of accuracy: the mean over the images, and its standard error.
    """
    base, found = falls(reference, images, labels, by), {}
    for name, rival in rivals.items():
        each = 100 * (base - falls(rival, images, labels, by))
        found[name] = each.mean().item(), each.std().item() / len(each) ** 0.5
    return found


def changed(network: Callable, images: torch.Tensor, by: int) -> float:
    """Return the largest change of a logit when images are moved round to the right by `by`."""
    with torch.no_grad():
        return (network(images.roll(by, dims=3)) - network(images)).abs().max().item()


class Shifts:
    """The widget: clothes moved, and what each network still recognises.

    Args:
        networks: by name, the first is the reference.
        images: n x 1 x 32 x 32; the first is the one that is drawn.
        labels: the right classes, n.
    """

    def __init__(
        self, networks: Mapping[str, models.Network], images: torch.Tensor, labels: torch.Tensor
    ) -> None:
        self.networks, self.images, self.labels = dict(networks), images, labels
        self.accuracy = lru_cache(maxsize=512)(self._accuracy)

    def _accuracy(self, right: int, down: int) -> dict[str, float]:
        moved = shifted(self.images, right, down)
        return {n: training.evaluate(one, moved, self.labels) for n, one in self.networks.items()}

    def draw(self, right: int, down: int) -> Any:
        """Draw the moved picture, and a bar a network with a mark where it began."""
        now, before = self.accuracy(right, down), self.accuracy(0, 0)
        made, (left, axis) = plots.figure(columns=2, height=2.6, width_ratios=(1, 2.6))
        plots.draw_image(left, shifted(self.images[:1], right, down)[0, 0])
        for place, (name, value) in enumerate(now.items()):
            shade = plots.colour("structure" if place else "reference")
            axis.barh(place, 100 * value, color=shade, height=0.62, alpha=0.85)
            axis.plot([100 * before[name]] * 2, [place - 0.4, place + 0.4], color="black", lw=2)
            axis.annotate(f"{100 * value:.0f}", (100 * value, place), xytext=(-4, 0), va="center",
                          ha="right", textcoords="offset points", color="white")  # fmt: skip
        axis.set_yticks(range(len(now)), list(now))
        axis.invert_yaxis()
        axis.grid(axis="y", visible=False)
        axis.set(xlim=(0, 100), xlabel="right (%); black mark: not moved")
        made.suptitle(self.title(right, down), fontsize=11, fontweight="bold")
        return made

    def title(self, right: int, down: int) -> str:
        """The finding: who has lost least, who most."""
        now, before = self.accuracy(right, down), self.accuracy(0, 0)
        if (right, down) == (0, 0):
            return "Not moved: this is where each network begins"
        lost = {name: 100 * (before[name] - now[name]) for name in now}
        least, most = min(lost, key=lost.get), max(lost, key=lost.get)
        return f"Points lost: {lost[least]:.0f} ({least}) to {lost[most]:.0f} ({most})"

    def words(self, right: int, down: int) -> str:
        """The picture in words."""
        said = "; ".join(f"{n} {v:.0%}" for n, v in self.accuracy(right, down).items())
        where = f"{abs(right)} pixels {'left' if right < 0 else 'right'} and {abs(down)} "
        return f"Clothes moved {where}{'up' if down < 0 else 'down'}. Right answers: {said}"
