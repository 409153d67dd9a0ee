"""LIME run again and again on the same images: how alike its runs are, and how well they fit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from course_utils import fusion, surrogate


def alike(one: Any, other: Any) -> float:
    """The rank correlation of two lists of weights."""
    pair = (torch.as_tensor(np.asarray(x), dtype=torch.float64)[None] for x in (one, other))
    return fusion.agreement(*pair).item()


def at_random(weights: Tensor, *, seed: int = 0) -> Tensor:
    """The same weights in random order: the control that explains nothing."""
    return fusion.random_maps(weights[None], seed=seed)[0]


class Setting(NamedTuple):
    """How LIME is run: squares along a side, samples, kernel width, what is explained."""

    side: int
    samples: int = 500
    log_odds: bool = False
    merged: bool = False
    width: float = 0.25


LADDER = {
    "49 squares, probability": Setting(7),
    "+ no empty squares": Setting(7, merged=True),
    "+ log-odds": Setting(7, log_odds=True, merged=True),
    "+ 16 squares": Setting(4, log_odds=True, merged=True),
    "+ 1,000 samples": Setting(4, samples=1000, log_odds=True, merged=True),
}
"""From a plain LIME, one change after the other."""


class Runs:
    """Runs LIME again and again on some images; each masked image is shown to the network once.

    Args:
        images: n x channel x height x width.
        classes: the class to explain, one for each image.
        most: the largest number of samples that will be asked for.
    """

    def __init__(self, network: Any, images: Tensor, classes: Tensor, *, most: int = 1000):
        self.network, self.images, self.classes = network, images, classes.tolist()
        self.most = most
        self._asked: dict[tuple[int, int, bool, int], tuple[Tensor, Tensor]] = {}

    def plane(self, image: int, setting: Setting) -> Tensor:
        """The segments of one image, height x width."""
        grid = surrogate.grid_segments(*self.images.shape[-2:], setting.side)
        if not setting.merged:
            return grid
        return surrogate.merge_blank(grid, self.images[image : image + 1])[0]

    def samples(self, image: int, setting: Setting, seed: int) -> tuple[Tensor, Tensor, Tensor]:
        """A run's masks, scores and weights."""
        plane = self.plane(image, setting)
        key = image, setting.side, setting.merged, seed
        fresh = surrogate.draw_masks(self.most, int(plane.max()) + 1, seed=seed), torch.zeros(0)
        masks, odds = self._asked.get(key, fresh)
        if len(odds) < setting.samples:
            more = surrogate.masked_log_odds(
                self.network, self.images[image], self.classes[image],
                masks[len(odds) : setting.samples], segments=plane,
            )  # fmt: skip
            odds = torch.cat([odds, more])
            self._asked[key] = masks, odds
        masks, odds = masks[: setting.samples], odds[: setting.samples]
        scores = odds if setting.log_odds else odds.sigmoid()
        return masks, scores, surrogate.nearness(masks, setting.width)

    def line(self, image: int, setting: Setting, seed: int = 0) -> surrogate.Surrogate:
        """LIME's line for one image."""
        return surrogate.weighted_line(*self.samples(image, setting, seed))

    def ranked(self, image: int, setting: Setting, seed: int = 0) -> Tensor:
        """The weights that are ranked: those of the squares, without the one of all empty ones."""
        weights, plane = self.line(image, setting, seed).weights, self.plane(image, setting)
        if setting.merged and not self.images[image][:, plane == plane.max()].any():
            return weights[:-1]
        return weights

    def filled(self, image: int, setting: Setting, seed: int = 0) -> Tensor:
        """The weights of the squares that are not empty; nothing is merged."""
        weights, plane = self.line(image, setting, seed).weights, self.plane(image, setting)
        shown = [bool(self.images[image][:, plane == k].any()) for k in range(len(weights))]
        return weights[torch.tensor(shown)]

    def agreement(self, setting: Setting, *, seeds: Sequence[int] = (0, 1, 2),
                  filled: bool = False) -> Tensor:  # fmt: skip
        """For each image the mean rank correlation over all pairs of seeds, n.

        Args:
            filled: only the squares that are not empty are ranked.
        """
        ranked, found = self.filled if filled else self.ranked, []
        for image in range(len(self.images)):
            runs = [ranked(image, setting, seed) for seed in seeds]
            found.append(np.mean([alike(a, b) for a, b in combinations(runs, 2)]))
        return torch.tensor(found)

    def by_chance(self, setting: Setting) -> Tensor:
        """The control: each image's weights against the same ones in random order, n."""
        runs = [self.ranked(image, setting) for image in range(len(self.images))]
        return torch.tensor([alike(run, at_random(run, seed=k)) for k, run in enumerate(runs)])

    def fits(self, setting: Setting, *, seed: int = 0, fresh: int = 1) -> tuple[Tensor, Tensor]:
        """R² of each image's line on its own masks, and on those of another seed; n each."""
        own, other = [], []
        for image in range(len(self.images)):
            line = self.line(image, setting, seed)
            unseen = setting._replace(samples=self.most)
            masks, scores, weight = (x[1:] for x in self.samples(image, unseen, fresh))
            own.append(line.fit)
            other.append(r2(scores, line.intercept + masks @ line.weights, weight))
        return torch.tensor(own), torch.tensor(other)


def r2(scores: Tensor, line: Tensor, weight: Tensor) -> float:
    """The weighted share of the scores' differences that the line explains; 1 for all of them."""
    mean = (weight * scores).sum() / weight.sum()
    return float(1 - (weight * (scores - line) ** 2).sum() / (weight * (scores - mean) ** 2).sum())
