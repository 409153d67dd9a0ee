"""Lesson 3.4: a teacher seen through its temperature, and ten images that teach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from course_utils import condense, data, plots
from course_utils.demos.bench_3_4 import SEEDS, Bench


class Thermometer:
    """A teacher's probabilities for real pictures, at any temperature.

    Args:
        images: n x 1 x height x width.
        logits: the teacher's, n x class, for these images.
        labels: n.
    """

    def __init__(self, images: Tensor, logits: Tensor, labels: Tensor) -> None:
        self.images, self.logits, self.labels = images, logits, labels
        self.rows = [int((labels == c).nonzero()[0]) for c in range(10)]

    def probabilities(self, picture: int, temperature: float) -> Tensor:
        """The softmax at a temperature, for the first image of a class."""
        return (self.logits[self.rows[picture]] / temperature).softmax(0)

    def draw(self, picture: int, temperature: float) -> Any:
        """Draw the image, and a bar a class on one scale for all temperatures."""
        made, (left, right) = plots.figure(
            columns=2, width=7, height=3, gridspec_kw={"width_ratios": [1, 2]}
        )
        plots.draw_image(left, self.images[self.rows[picture]])
        share = self.probabilities(picture, temperature)
        right.barh(range(10), share.tolist(), color=plots.COLOURS["distillation"])
        right.set_yticks(range(10), data.FASHION_CLASSES, fontsize=9)
        right.invert_yaxis()
        right.set(xlim=(0, 1), xlabel="probability", title=self._title(picture, temperature))
        return made

    def words(self, picture: int, temperature: float) -> str:
        """The picture of `draw` in words."""
        share, which = self.probabilities(picture, temperature).topk(3)
        names = [f"{data.FASHION_CLASSES[c]} {p:.1%}" for p, c in zip(share, which.tolist(),
                                                                        strict=True)]  # fmt: skip
        return f"{self._title(picture, temperature)}. The three highest: {', '.join(names)}."

    def _title(self, picture: int, temperature: float) -> str:
        share = self.probabilities(picture, temperature)
        entropy = -(share * share.clamp_min(1e-12).log()).sum().item()
        return f"T = {temperature:g}: entropy {entropy:.2f} of {torch.tensor(10.0).log():.2f}"


class TenImages:
    """What ridge reads from ten images, and from nine of them.

    Features are computed once; leaving an image out then costs small linear systems.

    Args:
        sets: by name, images and targets, ten each, in the order of the digits.
        bench: holds the held-out images; its numbers are those of the lesson's tables.
    """

    def __init__(self, sets: Mapping[str, tuple[Tensor, Tensor]], bench: Bench) -> None:
        self.sets, self.bench, self.labels = dict(sets), bench, bench.held_out[1]
        self.mine = {
            name: [bench.features(images, seed) for seed in range(SEEDS)]
            for name, (images, _) in sets.items()
        }

    def right(self, which: str, left_out: int = -1) -> Tensor:
        """Whether each held-out image is read right, seed x image.

        Args:
            left_out: the image that is not used; −1 uses all.
        """
        keep = [k for k in range(len(self.sets[which][0])) if k != left_out]
        targets = self.sets[which][1][keep]
        return torch.stack([
            condense.ridge_predict(mine[keep], targets, seen).argmax(1) == self.labels
            for mine, seen in zip(self.mine[which], self.bench.seen, strict=True)
        ]).float()  # fmt: skip

    def recalls(self, which: str, left_out: int = -1) -> Tensor:
        """The share of each digit's held-out images that is read right, a mean over seeds."""
        right = self.right(which, left_out).mean(0)
        return torch.stack([right[self.labels == c].mean() for c in range(10)])

    def accuracy(self, which: str, left_out: int = -1) -> float:
        """The share of all held-out images that is read right, a mean over seeds."""
        return self.right(which, left_out).mean().item()

    def draw(self, which: str, left_out: int) -> Any:
        """Draw the ten images above, each digit's recall below."""
        images, _ = self.sets[which]
        made, axes = plots.figure(rows=2, columns=10, width=7.6, height=3.1)
        for place, axis in enumerate(axes[0]):
            plots.draw_image(axis, images[place])
            if place == left_out:
                axis.images[0].set_alpha(0.15)
        below = made.add_subplot(2, 1, 2)
        for axis in axes[1]:
            axis.remove()
        shades = [plots.COLOURS["random" if c == left_out else "data"] for c in range(10)]
        below.bar(range(10), self.recalls(which, left_out).tolist(), color=shades)
        below.set(ylim=(0, 1), ylabel="share read right", xlabel="digit in held-out images")
        below.set_xticks(range(10))
        made.suptitle(self._title(which, left_out), fontsize=11, fontweight="bold")
        return made

    def words(self, which: str, left_out: int) -> str:
        """The picture of `draw` in words."""
        shares = ", ".join(f"{c}: {r:.0%}" for c, r in enumerate(self.recalls(which, left_out)))
        return f"{self._title(which, left_out)}. By digit, {shares}."

    def _title(self, which: str, left_out: int) -> str:
        count = "ten images" if left_out < 0 else f"without the image of the {left_out}"
        return f"{which}, {count}: {self.accuracy(which, left_out):.1%} read right"
