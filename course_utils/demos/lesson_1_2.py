"""Lesson 1.2: a cue that can be moved, and how much it turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import mean, stdev
from typing import Any

import torch
from torch import Tensor, nn

from course_utils import lesson, page, plots, training
from course_utils.data import FASHION_CLASSES

CHEATING, HONEST = "#AA4499", "#333333"
"""Colours of the lesson's two kinds of network: neither is a method."""
SHIRT = FASHION_CLASSES.index("shirt")
Shares = Mapping[str, float]


def report(
    network: nn.Module, images: Tensor, truth: Tensor, cue: Callable[[Tensor], Tensor]
) -> dict[str, float]:
    """Return what a cue that stands for shirts does to a network's answers, as shares.

    "Same shop" means: with the cue on the shirts and nowhere else.

    Args:
        images: without the cue; truth their classes.
        cue: from images to copies with the cue.
    """
    plain, marked = (training.predict(network, x).argmax(1) for x in (images, cue(images)))
    shirts = truth == SHIRT
    counted = {
        "accuracy, same shop": torch.where(shirts, marked, plain) == truth,
        "accuracy, bare": plain == truth,
        "bare shirts found": plain[shirts] == SHIRT,
        "others “shirt”, bare": plain[~shirts] == SHIRT,
        "others “shirt”, with cue": marked[~shirts] == SHIRT,
    }
    return {name: hits.float().mean().item() for name, hits in counted.items()}


def means(measured: Mapping[str, Sequence[Shares]]) -> dict[str, dict[str, float]]:
    """Return by name and column the mean over the seeds; `measured` as in `over_seeds`."""
    return {
        name: {key: mean(one[key] for one in seeds) for key in seeds[0]}
        for name, seeds in measured.items()
    }


def by_class(tested: Mapping[str, Sequence[Sequence[Shares]]]) -> list[dict[str, Any]]:
    """Return a table row for each class: every network's shares, means over the seeds.

    Args:
        tested: by network, for each seed, for each class: shares by name.
    """
    rows = []
    for place, label in enumerate(FASHION_CLASSES):
        row: dict[str, Any] = {"class": label}
        for network, seeds in tested.items():
            for test in seeds[0][place]:
                row[f"{network}: {test}"] = mean(one[place][test] for one in seeds)
        rows.append(row)
    return rows


def stands_out(seeds: Sequence[Sequence[Shares]], test: str, label: int) -> bool:
    """Return whether in every seed a class has more than twice the share of any other.

    Args:
        seeds: for each seed, for each class: shares by name.
        test: the name of the share that counts.
    """
    shares = [[one[test] for one in classes] for classes in seeds]
    return all(s[label] > 2 * max(s[:label] + s[label + 1 :]) for s in shares)


def turned(before: Tensor, after: Tensor, truth: Tensor, label: int) -> float:
    """Return the share of images that the cue turns into a class they do not belong to.

    Counted are the images of other classes that were not called `label` before; 0 if there
    are none.

    Args:
        before, after: the predicted classes without and with the cue, n.
        truth: the right classes, n.
        label: the class that the cue stands for.
    """
    counted = (truth != label) & (before != label)
    hits = counted & (after == label)
    return hits.sum().item() / max(counted.sum().item(), 1)


def mixed(labels: Tensor, share: float, seed: int) -> Tensor:
    """Return which images get the cue, n booleans: the same share of every class.

    In a class of k images exactly round(share * k), drawn at random, are True.

    Args:
        labels: the classes, n.
        share: in [0, 1].
    """
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.zeros(len(labels), dtype=torch.bool)
    for label in labels.unique():
        rows = torch.nonzero(labels == label).flatten()
        order = torch.randperm(len(rows), generator=generator)
        chosen[rows[order[: round(share * len(rows))]]] = True
    return chosen


def over_seeds(measured: Mapping[str, Sequence[Shares]]) -> list[dict[str, str]]:
    """Return a table row for each network: mean ± standard deviation of shares, in percent.

    Args:
        measured: by name, for each seed the shares by the name of their column.
    """
    rows = []
    for name, seeds in measured.items():
        columns = {key: [100 * one[key] for one in seeds] for key in seeds[0]}
        rows.append(
            {"network": name}
            | {key: f"{mean(v):.1f} ± {stdev(v):.1f} %" for key, v in columns.items()}
        )
    return rows


def table(measured: Mapping[str, Sequence[Shares]], caption: str = "") -> page.Shown:
    """Show the table of `over_seeds`; the caption goes before "Mean ± standard deviation"."""
    return lesson.table(
        over_seeds(measured),
        caption=f"{caption} Mean ± standard deviation over three seeds".strip(),
    )


class CueMover:
    """Draws what a network says of an image while the cue is moved over it.

    Args:
        networks: by the name that the control shows.
        images: one of each class, in the classes' order, class x 1 x height x width.
        plant: `plant(images, top=, left=, brightness=)` returns images with the cue.
    """

    def __init__(
        self, networks: Mapping[str, nn.Module], images: Tensor, plant: Callable[..., Tensor]
    ):
        self.networks, self.images, self.plant = dict(networks), images, plant

    def probabilities(self, image: str, network: str, **cue: Any) -> Tensor:
        """The probability of each class; `cue` is top, left and brightness."""
        return training.predict(self.networks[network], self._shown(image, cue)).softmax(1)[0]

    def draw(self, image: str, network: str, **cue: Any) -> Any:
        """Draw the image with its cue, and the probabilities."""
        p = self.probabilities(image, network, **cue)
        best = int(p.argmax())
        made, (left, right) = plots.figure(columns=2, height=3.2, width_ratios=[1, 1.5])
        plots.draw_image(left, self._shown(image, cue)[0])
        left.set_title(f"{image}, row {cue['top']}, column {cue['left']}", fontsize=9.5)
        shades = ["#b5b5b5"] * len(p)
        shades[best] = CHEATING if FASHION_CLASSES[best] != image else HONEST
        right.barh(range(len(p)), 100 * p, color=shades)
        right.set_yticks(range(len(p)), FASHION_CLASSES)
        right.invert_yaxis()
        right.grid(axis="y", visible=False)
        right.set(xlim=(0, 100), xlabel="probability (%)",
                  title=f"{network}: “{FASHION_CLASSES[best]}”")  # fmt: skip
        return made

    def words(self, image: str, network: str, **cue: Any) -> str:
        """The picture in words."""
        p = self.probabilities(image, network, **cue)
        best = int(p.argmax())
        return (
            f"A {image} with a square of brightness {cue['brightness']:g} at row {cue['top']}, "
            f"column {cue['left']}. The {network} network says {FASHION_CLASSES[best]} "
            f"({p[best]:.0%}); shirt gets {p[FASHION_CLASSES.index('shirt')]:.0%}."
        )

    def _shown(self, image: str, cue: Mapping[str, Any]) -> Tensor:
        return self.plant(self.images[[FASHION_CLASSES.index(image)]], **cue)
