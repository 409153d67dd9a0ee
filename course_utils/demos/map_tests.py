"""Tests of maps on trained networks: small steps, forgotten weights, deletion, negatives, cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from course_utils import fusion, saliency
from course_utils.spread import mean_and_error

Explainer = Callable[[Any, Tensor, Any], Tensor]
EXPLAINERS: dict[str, Explainer] = {
    "gradient": saliency.gradient,
    "size of gradient": lambda net, x, t: saliency.gradient(net, x, t).abs(),
    "SmoothGrad": saliency.smooth_grad,
    "integrated gradients": lambda net, x, t: saliency.integrated_gradients(net, x, t, steps=16),
    "occlusion": lambda net, x, t: saliency.occlusion(net, x, t, stride=1),
    "RISE": lambda net, x, t: saliency.rise(net, x, t, samples=300),
    "Grad-CAM": saliency.grad_cam,
    "HiResCAM": saliency.hires_cam,
}
"""The lesson's methods by name, with fewer steps and samples than one would take for one image."""
AREAS = {"deletion": ".2f", "insertion": ".2f"}
"""How a table shows areas under curves."""
STAGES = ("fc2", "fc1", "conv2", "conv1")
"""The reference network's layers, in the order in which they forget."""


@torch.no_grad()
def kept_promise(network: nn.Module, images: Tensor, slopes: Tensor, step: float) -> float:
    """Move each image's steepest pixel by `step`, and return how much of the promised change came.

    The pixel becomes brighter, or darker where it is in the upper half already.

    Args:
        slopes: the gradients of the predicted classes, the images' shape.

    Returns:
        The median of (real change / slope times step), 1 for a promise kept.
    """
    flat, target = images.flatten(1), network(images).argmax(1)
    place = slopes.abs().flatten(1).argmax(1, keepdim=True)
    moves = torch.where(flat.gather(1, place) > 0.5, -step, step)
    moved = flat.scatter_add(1, place, moves).view_as(images)
    rows = torch.arange(len(images))
    change = network(moved)[rows, target] - network(images)[rows, target]
    return (change / (moves * slopes.flatten(1).gather(1, place)).squeeze(1)).median().item()


def forgotten(
    networks: Sequence[nn.Module], explain: Explainer, images: Tensor, target: Tensor
) -> dict[str, dict[str, list[float]]]:
    """Return how far maps stay the same while the layers forget, from the last to the first.

    Returns:
        By "signed" and "size", for each stage one mean rank correlation a network.
    """
    found = {kind: {stage: [] for stage in STAGES} for kind in ("signed", "size")}
    for seed, network in enumerate(networks):
        before = explain(network, images, target)
        for stage, copy in saliency.cascade(network, seed=seed):
            now = explain(copy, images, target)
            found["signed"][stage].append(fusion.agreement(before, now).mean().item())
            same = fusion.agreement(before.abs(), now.abs())
            found["size"][stage].append(same.mean().item())
    return found


def all_forgotten(
    networks: Sequence[nn.Module], images: Tensor, target: Tensor
) -> dict[str, dict[str, dict[str, list[float]]]]:
    """Return `forgotten` of four methods, by name."""
    names = "gradient", "integrated gradients", "Grad-CAM", "HiResCAM"
    return {name: forgotten(networks, EXPLAINERS[name], images, target) for name in names}


def rivals(*, paint: float, seed: int = 0) -> dict[str, Explainer]:
    """Return what the deletion test compares: four methods, and two maps that ask no network.

    Args:
        paint: what stands for "nothing" in occlusion and integrated gradients.
    """

    def by_lot(_network: Any, images: Tensor, _target: Any) -> Tensor:
        return torch.rand(images.shape, generator=torch.Generator().manual_seed(seed))

    return {
        "gradient": saliency.gradient,
        "integrated gradients": lambda net, x, t: saliency.integrated_gradients(
            net, x, t, steps=16, baseline=paint
        ),
        "HiResCAM": saliency.hires_cam,
        "occlusion": lambda net, x, t: saliency.occlusion(net, x, t, background=paint),
        "brightness": lambda net, x, t: x,
        "random": by_lot,
    }


def in_squares(maps: Tensor, side: int = 4) -> Tensor:
    """Return maps whose squares of side x side pixels all have the square's mean."""
    return functional.interpolate(functional.avg_pool2d(maps, side), scale_factor=side)


def deleted(
    networks: Sequence[nn.Module], makers: Mapping[str, Explainer], images: Tensor, target: Tensor,
    *, paint: float, squares: bool,
) -> dict[str, dict[str, Tensor]]:  # fmt: skip
    """Return the area under deletion and insertion curves, by map and test: networks x images.

    Args:
        makers: by name, what makes a map.
        paint: what takes the pixels' place.
        squares: whether whole squares go, instead of single pixels.
    """
    found = {}
    for name, explain in makers.items():
        rows: dict[str, list[Tensor]] = {"deletion": [], "insertion": []}
        for network in networks:
            maps = explain(network, images, target)
            maps = in_squares(maps) if squares else maps
            for test, curve in (("deletion", saliency.deletion_curve),
                                ("insertion", saliency.insertion_curve)):  # fmt: skip
                found_curve = curve(network, images, maps, target, background=paint)
                rows[test].append(saliency.area(found_curve))
        found[name] = {test: torch.stack(areas) for test, areas in rows.items()}
    return found


def against(areas: Tensor, control: Tensor) -> tuple[float, float]:
    """Return the mean paired difference of two sets of areas, and its standard error over images.

    Args:
        areas, control: networks x images; an image's networks are averaged first.
    """
    gaps = (areas - control).double().mean(0)
    return mean_and_error(gaps)


def verdict(found: Mapping[str, Mapping[str, Tensor]], one: str, other: str) -> str:
    """Return whose deletion areas are smaller by more than two errors, or that none's are."""
    gap, error = against(found[one]["deletion"], found[other]["deletion"])
    return "neither that we can see" if abs(gap) < 2 * error else one if gap < 0 else other


def leads(found: Mapping[str, Mapping[str, Tensor]], control: str = "random") -> dict[str, float]:
    """Return by how many errors each map's deletion area is below a control's."""
    gaps = {name: against(areas["deletion"], found[control]["deletion"])
            for name, areas in found.items() if name != control}  # fmt: skip
    return {name: -gap / error for name, (gap, error) in gaps.items()}


def deletion_rows(
    found: Mapping[str, Mapping[str, Tensor]], control: str = "brightness"
) -> list[dict[str, Any]]:
    """Return a table row for each map: mean areas, and the deletion's difference to a control."""
    rows = []
    for name, areas in found.items():
        gap, error = against(areas["deletion"], found[control]["deletion"])
        means = {test: values.mean().item() for test, values in areas.items()}
        rows.append({"map": name, **means,
                     f"deletion − {control}'s": f"{gap:+.2f} ± {error:.2f}"})  # fmt: skip
    return rows


class Negative(nn.Module):
    """A network for photographic negatives: it turns each back, and asks the network inside."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """Map negatives, n x channel x height x width in [0, 1], to logits."""
        return self.network(1 - images)


def cost_rows(
    network: nn.Module, image: Tensor, target: Tensor, *, runs: int = 5
) -> list[dict[str, Any]]:
    """Return a table row for each explanation of an image: the median time of some runs.

    With as many steps, squares and masks as one would take for one image.
    """
    explainers = EXPLAINERS | {
        "integrated gradients": saliency.integrated_gradients,
        "occlusion": saliency.occlusion,
        "RISE": saliency.rise,
    }
    rows = []
    for name, explain in explainers.items():
        explain(network, image, target)
        times = []
        for _ in range(runs):
            start = time.perf_counter()
            explain(network, image, target)
            times.append(1000 * (time.perf_counter() - start))
        rows.append({"map": name, "milliseconds": median(times)})
    return rows
