"""Networks and their smaller versions, explained on the same pictures and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from course_utils import fusion, saliency, surrogate, training

SIDE = 4
"""LIME's squares in a row."""


class Lines(NamedTuple):
    """LIME's lines around several pictures.

    `weights` is n x side x side, one number a square; `fits` the R² of each line, n.
    """

    weights: torch.Tensor
    fits: torch.Tensor


def lines(
    network: Callable, images: torch.Tensor, classes: torch.Tensor, *, side: int = SIDE,
    samples: int = 60,
) -> Lines:  # fmt: skip
    """Fit LIME's line around each picture: squares on and off, log-odds of its class.

    The masks are the same for every network, so that only the network makes a difference.
    """
    grid = surrogate.grid_segments(*images.shape[-2:], side)
    found = []
    for image, label in zip(images, classes.tolist(), strict=True):

        def score(masks, image=image, label=label):
            shown = masks[:, grid][:, None] * image
            return surrogate.probability(network, shown, label, log_odds=True)

        found.append(surrogate.fit_line(score, side * side, samples=samples))
    weights = torch.stack([line.weights.view(side, side) for line in found])
    return Lines(weights, torch.tensor([line.fit for line in found]))


class Versions:
    """Several whole networks, and of each the same smaller versions, explained alike.

    Everything is kept by name; behind a name stands one version of each whole network, in
    their order, or of the first ones only. The name "twin" stands for the whole networks
    themselves, each compared with the next.

    Attributes:
        networks, maps: integrated gradients are n x 1 x height x width.
        accuracy: shares of right answers on the validation images.
        methods: the method that gives a name its colour.
    """

    def __init__(
        self, whole: Sequence[nn.Module], pictures: torch.Tensor, classes: torch.Tensor,
        validation: training.Pair, *, steps: int = 16, few: int = 20,
    ) -> None:  # fmt: skip
        """Explain `pictures` for `classes`; LIME only the first `few`, because it takes long."""
        if len(whole) < 2:
            raise ValueError(f"a twin needs two networks or more; got {len(whole)}.")
        self.pictures, self.classes, self._steps, self._few = pictures, classes, steps, few
        self.validation, self.seen = validation, pictures > 0
        self.networks: dict[str, list[nn.Module]] = {}
        self.maps: dict[str, list[torch.Tensor]] = {}
        self.accuracy: dict[str, list[float]] = {}
        self.methods: dict[str, str] = {"twin": "reference"}
        self.lines, self.slopes = cache(self._lines), cache(self._slopes)
        self.add("whole", whole, "reference")
        self.accuracy["twin"] = self.accuracy["whole"]

    def add(self, name: str, networks: Sequence[nn.Module], method: str) -> None:
        """Measure and explain one version of each whole network, or of the first ones."""
        self.networks[name], self.methods[name] = list(networks), method
        self.maps[name] = [self.explain(one) for one in networks]
        self.accuracy[name] = [training.evaluate(one, *self.validation) for one in networks]

    def explain(self, network: nn.Module) -> torch.Tensor:
        """Integrated gradients of the pictures."""
        return saliency.integrated_gradients(
            network, self.pictures, self.classes, steps=self._steps
        )

    def agreement(self, name: str, view: str = "integrated gradients") -> list[float]:
        """How far each version's explanations agree with its whole network's, mean of pictures.

        Args:
            view: one of VIEWS.
        """
        compare, found = VIEWS[view]
        whole = found(self, "whole")
        others = [*whole[1:], whole[0]] if name == "twin" else found(self, name)
        return [compare(self, a, b).mean().item() for a, b in zip(whole, others, strict=False)]

    def table(self, names: Sequence[str]) -> dict[str, list[float]]:
        """The agreement by name, one number a version."""
        return {name: self.agreement(name) for name in names}

    def measure(self, how: Callable[[torch.Tensor], float]) -> dict[str, list[float]]:
        """By name, a number for each version's integrated gradients."""
        return {name: [how(one) for one in maps] for name, maps in self.maps.items()}

    def fits(self) -> dict[str, list[float]]:
        """By name, how well LIME's lines fit each version: R², mean of the pictures."""
        return {name: [one.fits.mean().item() for one in self.lines(name)] for name in self.maps}

    def by_pixel(self, maps: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
        """Agreement picture by picture, on pixels that are not black."""
        return fusion.agreement(maps, others, where=self.seen)

    def by_square(self, maps: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
        """Agreement picture by picture of maps summed over LIME's squares."""
        size = maps.shape[-1] // SIDE
        sums = (F.avg_pool2d(x, size)[:, 0] for x in (maps, others))
        return fusion.agreement(*sums, where=self._squares())

    def by_line(self, some: Lines, others: Lines) -> torch.Tensor:
        """Agreement picture by picture of LIME's weights."""
        where = self._squares()[: self._few]
        return fusion.agreement(some.weights, others.weights, where=where)

    def _squares(self) -> torch.Tensor:
        """The squares that are not all black, n x side x side."""
        return F.max_pool2d(self.seen.float(), self.seen.shape[-1] // SIDE)[:, 0] > 0

    def _lines(self, name: str) -> list[Lines]:
        few = slice(0, self._few)
        return [lines(one, self.pictures[few], self.classes[few]) for one in self.networks[name]]

    def _slopes(self, name: str) -> list[torch.Tensor]:
        return [saliency.gradient(one, self.pictures, self.classes)
                for one in self.networks[name]]  # fmt: skip


VIEWS: dict[str, tuple[Callable, Callable]] = {
    "integrated gradients": (Versions.by_pixel, lambda study, name: study.maps[name]),
    "gradient": (Versions.by_pixel, lambda study, name: study.slopes(name)),
    "LIME": (Versions.by_line, lambda study, name: study.lines(name)),
    "integrated gradients, squares": (Versions.by_square, lambda study, name: study.maps[name]),
}
"""By name of a view: how two explanations are compared, and where they come from."""
