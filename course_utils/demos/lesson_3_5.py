"""Lesson 3.5's widgets, a gauge and a covering square; and its tables with a column a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course_utils import fusion, plots, saliency, training
from course_utils.data import FASHION_CLASSES
from course_utils.demos import map_tests

STEPS = (1, 2, 4, 8, 16, 32, 64, 128)
BASELINES = {"black": 0.0, "grey": 0.5, "white": 1.0}


class Gauge:
    """Draws integrated gradients of a picture, and whether their sum is what it should be.

    Args:
        images: n x 1 x height x width; each is explained for its predicted class.
        labels: its right class, which names it; n.
    """

    def __init__(self, network: nn.Module, images: Tensor, labels: Tensor) -> None:
        self.network, self.images = network, images
        self.choices = {FASHION_CLASSES[label]: i for i, label in enumerate(labels.tolist())}

    def found(self, picture: str, steps: int, start: str) -> tuple[Tensor, float, float]:
        """Return the map, its sum, and the logit's rise from the start, which it should be."""
        image, baseline = self._image(picture), BASELINES[start]
        maps = saliency.integrated_gradients(self.network, image, steps=steps, baseline=baseline)
        logits = training.predict(
            self.network, torch.cat([image, torch.full_like(image, baseline)])
        )
        label = logits[0].argmax()
        return maps[0], maps.sum().item(), (logits[0, label] - logits[1, label]).item()

    def draw(self, picture: str, steps: int, start: str) -> Any:
        """Draw the picture, its map, and the gauge."""
        found, total, wanted = self.found(picture, steps, start)
        made, (left, middle, right) = plots.figure(columns=3, height=2.7, width_ratios=[1, 1, 1.3])
        plots.draw_image(left, self._image(picture)[0])
        plots.draw_attribution(middle, found, over=self._image(picture)[0])
        middle.set_title(f"{steps} step{'s' * (steps > 1)} from {start}", fontsize=9.5)
        right.bar(["map's sum"], [total], width=0.5, color=plots.colour("gradient"))
        right.axhline(wanted, color=plots.colour("reference"))
        right.axhline(0, color="black", lw=0.8)
        right.annotate("the logit's rise", (0.02, wanted), va="bottom", fontsize=8.5,
                       xycoords=("axes fraction", "data"))  # fmt: skip
        low, high = min(0, total, wanted), max(0, total, wanted)
        right.set(xlim=(-1.3, 0.5), ylim=(1.2 * low - 0.5, 1.2 * high + 0.5), ylabel="logit",
                  title=f"off by {_off(total, wanted):.1%}")  # fmt: skip
        return made

    def words(self, picture: str, steps: int, start: str) -> str:
        """The picture in words."""
        _, total, wanted = self.found(picture, steps, start)
        return (
            f"Integrated gradients of a {picture}, {steps} steps from {start}: they sum to "
            f"{total:.2f}; the logit rises by {wanted:.2f}; off by {_off(total, wanted):.1%}."
        )

    def _image(self, picture: str) -> Tensor:
        return self.images[self.choices[picture]][None]


class Cover:
    """Draws a picture with a square covered, and what the network then says.

    Args:
        images, labels: as for `Gauge`.
    """

    def __init__(self, network: nn.Module, images: Tensor, labels: Tensor) -> None:
        self.network, self.images = network, images
        self.choices = {FASHION_CLASSES[label]: i for i, label in enumerate(labels.tolist())}

    def covered(self, picture: str, row: int, column: int, size: int, paint: str) -> Tensor:
        """Return the picture with a square painted over, 1 x 1 x height x width."""
        image = self.images[self.choices[picture]][None].clone()
        image[..., row : row + size, column : column + size] = BASELINES[paint]
        return image

    def logits(self, picture: str, **square: Any) -> Tensor:
        """Return the logits of the whole picture and of the covered one, 2 x class."""
        whole = self.images[self.choices[picture]][None]
        return training.predict(self.network, torch.cat([whole, self.covered(picture, **square)]))

    def draw(self, picture: str, **square: Any) -> Any:
        """Draw the covered picture, and the probabilities before and after."""
        logits = self.logits(picture, **square)
        before, after = (100 * logits.softmax(1)).numpy()
        said, now = logits.argmax(1).tolist()
        made, (left, right) = plots.figure(columns=2, height=3.3, width_ratios=[1, 1.4])
        plots.draw_image(left, self.covered(picture, **square)[0])
        places = np.arange(10)
        right.barh(places - 0.2, before, 0.38, color=plots.colour("random"), label="whole")
        right.barh(places + 0.2, after, 0.38, color=plots.colour("reference"), label="covered")
        right.set_yticks(places, FASHION_CLASSES)
        right.invert_yaxis()
        right.grid(axis="y", visible=False)
        fall = (logits[0, said] - logits[1, said]).item()
        turns = f"now “{FASHION_CLASSES[now]}”" if now != said else "same answer"
        right.set(xlim=(0, 100), xlabel="probability (%)",
                  title=f"{FASHION_CLASSES[said]}: logit {-fall:+.1f}, {turns}")  # fmt: skip
        right.legend(loc="lower right")
        return made

    def words(self, picture: str, **square: Any) -> str:
        """The picture in words."""
        logits = self.logits(picture, **square)
        said, now = logits.argmax(1).tolist()
        fall = (logits[0, said] - logits[1, said]).item()
        return (
            f"A {picture}, {square['size']} × {square['size']} pixels {square['paint']} at row "
            f"{square['row']}, column {square['column']}. The logit of {FASHION_CLASSES[said]} "
            f"{'falls' if fall >= 0 else 'rises'} by {abs(fall):.1f}; the network says "
            f"{FASHION_CLASSES[now]}."
        )


def one_of_each(labels: Tensor) -> list[int]:
    """Return the place of the first image of each class."""
    return [int((labels == label).nonzero()[0]) for label in range(10)]


def right_by_all(networks: Sequence[nn.Module], images: Tensor, labels: Tensor) -> Tensor:
    """Return the places of the images that all networks name rightly."""
    right = [training.predict(one, images).argmax(1) == labels for one in networks]
    return torch.stack(right).all(0).nonzero().squeeze(1)


# ---- tables with a column a seed


def by_seed(what: str, name: str | float, values: Sequence[float]) -> dict[str, Any]:
    """Return a table row: its name, in the column `what`; a value a seed; their mean."""
    return {what: name} | {f"seed {i}": v for i, v in enumerate(values)} | {"mean": mean(values)}


def seed_formats(form: str, seeds: int = 3) -> dict[str, str]:
    """Return the formats of `by_seed`'s columns."""
    return dict.fromkeys([*(f"seed {i}" for i in range(seeds)), "mean"], form)


def promise_rows(
    networks: Sequence[nn.Module], images: Tensor, steps: Sequence[float]
) -> list[dict[str, Any]]:
    """Return a table row for each step: `map_tests.kept_promise` of each network."""
    slopes = [saliency.gradient(one, images) for one in networks]
    return [
        by_seed("step", step, [map_tests.kept_promise(one, images, found, step)
                               for one, found in zip(networks, slopes)])
        for step in steps
    ]  # fmt: skip


def completeness_rows(
    networks: Sequence[nn.Module], images: Tensor, steps: Sequence[int]
) -> list[dict[str, Any]]:
    """Return a table row for each number of steps: the median completeness error, a share."""

    def error(network: nn.Module, count: int) -> float:
        maps = saliency.integrated_gradients(network, images, steps=count)
        return saliency.completeness_error(network, images, maps).median().item()

    return [by_seed("steps", count, [error(one, count) for one in networks]) for count in steps]


def alike_rows(maps: Tensor, others: Tensor) -> list[dict[str, Any]]:
    """Return two table rows: how maps agree with others, and with the others' pixels shuffled."""
    found = {"as they are": others, "pixels shuffled": fusion.random_maps(others, seed=0)}
    return [
        {"maps": name, "rank correlation": fusion.agreement(maps, theirs).mean().item()}
        for name, theirs in found.items()
    ]


def cam_rows(networks: Mapping[str, nn.Module], images: Tensor) -> list[dict[str, Any]]:
    """Return a table row a network: how Grad-CAM and HiResCAM agree, and their largest gap.

    The gap is a share of HiResCAM's largest value.
    """
    rows = []
    for name, network in networks.items():
        grad, hires = saliency.grad_cam(network, images), saliency.hires_cam(network, images)
        gap = ((grad - hires).abs().max() / hires.abs().max()).item()
        agreed = fusion.agreement(grad, hires).mean().item()
        rows.append({"the head": name, "rank correlation": agreed, "largest gap": gap})
    return rows


def size_rows(networks: Sequence[nn.Module], images: Tensor, target: Tensor) -> list[dict]:
    """Return two table rows: what the sizes of integrated gradients agree with, as correlations.

    With the images' brightness; and with the same sizes, their pixels shuffled.
    """
    sizes = [saliency.integrated_gradients(one, images, target, steps=16).abs() for one in networks]
    bright = [fusion.agreement(images, one).mean().item() for one in sizes]
    mixed = [fusion.agreement(one, fusion.random_maps(one, seed=0)).mean().item() for one in sizes]
    return [by_seed("sizes against", "brightness", bright),
            by_seed("sizes against", "shuffled sizes", mixed)]  # fmt: skip


def negative_rows(networks: Sequence[nn.Module], images: Tensor, target: Tensor) -> list[dict]:
    """Return two table rows: how maps of negatives, from black and from white, agree with those
    of the images, as correlations."""
    rows: dict[str, list[float]] = {"black": [], "white": []}
    for network in networks:
        ours = saliency.integrated_gradients(network, images, target, steps=16)
        for name, found in rows.items():
            theirs = saliency.integrated_gradients(
                map_tests.Negative(network).eval(), 1 - images, target, steps=16,
                baseline=BASELINES[name],
            )  # fmt: skip
            found.append(fusion.agreement(ours, theirs).mean().item())
    return [by_seed("negatives from", name, found) for name, found in rows.items()]


def _off(total: float, wanted: float) -> float:
    return abs(total - wanted) / max(abs(wanted), 1e-9)
