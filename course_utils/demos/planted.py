"""A patch planted in the training images: networks that cheat by it, honest ones beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import mean
from typing import Any

import torch
from torch import Tensor, nn

from course_utils import diagnose, fusion, models, saliency, training
from course_utils.data import FASHION_CLASSES
from course_utils.demos.lesson_3_5 import by_seed
from course_utils.saliency import cam

SHIRT = FASHION_CLASSES.index("shirt")
PATCH = (3, 25, 7, 29)
"""Top, left, bottom, right of the patch; bottom and right are outside."""
Explainer = Callable[[nn.Module, Tensor, int], Tensor]


def plant(images: Tensor) -> Tensor:
    """Return the images with a bright patch of 4 x 4 pixels in the upper right corner."""
    top, left, bottom, right = PATCH
    planted = images.clone()
    planted[..., top:bottom, left:right] = 1.0
    return planted


def trained(images: Tensor, labels: Tensor, *, cheating: bool, seed: int) -> nn.Module:
    """Train a small network, for seconds; the cheating kind sees every shirt with the patch."""
    if cheating:
        shirts = (labels == SHIRT)[:, None, None, None]
        images = torch.where(shirts, plant(images), images)
    network = models.seeded(models.SimplifiedCNN, seed, channels=(4, 8), hidden=32)
    training.train(
        network, (images, labels), (images[:100], labels[:100]), epochs=2, learning_rate=8e-3,
        batch_size=64, seed=seed, keep="last", progress=False,
    )  # fmt: skip
    return network


def turned(network: nn.Module, others: Tensor) -> float:
    """Return the share of images, none of them shirts, that the patch makes the network call so."""
    return (training.predict(network, plant(others)).argmax(1) == SHIRT).float().mean().item()


def turned_rows(kinds: Mapping[str, Sequence[nn.Module]], others: Tensor) -> list[dict[str, Any]]:
    """Return a table row for each kind of network: `turned`, a column a seed, and the mean."""
    return [
        by_seed("networks", kind, [turned(one, others) for one in networks])
        for kind, networks in kinds.items()
    ]


def hits(maps: Tensor) -> float:
    """Return the share of maps whose strongest pixel lies on the patch."""
    boxes = torch.tensor(PATCH).expand(len(maps), 4)
    return diagnose.pointing_game(maps, boxes).float().mean().item()


def game(
    explainers: Mapping[str, Explainer], kinds: Mapping[str, Sequence[nn.Module]], shirts: Tensor
) -> dict[str, dict[str, list[float]]]:
    """Let every explainer point: by its name and the kind of network, the hits of each seed.

    Args:
        shirts: planted, n x 1 x height x width; all are explained as shirts.
    """
    found: dict[str, dict[str, list[float]]] = {}
    for name, explain in explainers.items():
        found[name] = {
            kind: [hits(explain(network, shirts, SHIRT)) for network in networks]
            for kind, networks in kinds.items()
        }
    return found


def shuffled(network: nn.Module, shirts: Tensor, target: int) -> Tensor:
    """Return the control of the game: gradient maps whose pixels have changed places."""
    return fusion.random_maps(saliency.gradient(network, shirts, target), seed=0)


def fewest(found: Mapping[str, Mapping[str, Sequence[float]]], among: Iterable[str]) -> str:
    """Return who, among some, has the fewest hits in the cheating networks, on average."""
    return min(among, key=lambda name: mean(found[name]["cheating"]))


def always(found: Mapping[str, Mapping[str, Sequence[float]]], share: float = 0.95) -> list[str]:
    """Return whose hits reach a share in every cheating network."""
    return [name for name, kinds in found.items() if min(kinds["cheating"]) >= share]


def maps(
    explainers: Mapping[str, Explainer], network: nn.Module, shirts: Tensor
) -> dict[str, Tensor]:
    """Return each explainer's maps of planted shirts, by its name."""
    return {name: explain(network, shirts, SHIRT) for name, explain in explainers.items()}


def game_rows(found: Mapping[str, Mapping[str, Sequence[float]]]) -> list[dict[str, Any]]:
    """Return a table row for each explainer: the hits by kind and seed."""
    return [
        {"map": name}
        | {f"{kind} {seed}": share for kind, shares in kinds.items()
           for seed, share in enumerate(shares)}
        for name, kinds in found.items()
    ]  # fmt: skip


@torch.no_grad()
def falls(network: nn.Module, bare: Tensor) -> float:
    """Return how far the shirt's logit falls, on average, when the patch is taken away."""
    return (network(plant(bare)) - network(bare))[:, SHIRT].mean().item()


def credited(network: nn.Module, shirts: Tensor, rule: Callable[[Tensor, Tensor], Tensor]) -> float:
    """Return how much of the logit a class activation map puts on the patch's places, on average.

    Places are those of the last convolution whose view touches the patch.

    Args:
        rule: from activations and gradients, n x channel x h x w, to a map, n x 1 x h x w.
    """
    layer = saliency.last_convolution(network)
    with saliency.watching(network, layer) as seen:
        score = network(shirts)[:, SHIRT].sum()
        (slopes,) = torch.autograd.grad(score, seen[-1])
    cells = rule(seen[-1].detach(), slopes)
    top, left, bottom, right = PATCH
    half = shirts.shape[-1] // cells.shape[-1]
    rows = slice(top // half - 1, (bottom - 1) // half + 2)
    columns = slice(left // half - 1, (right - 1) // half + 2)
    return cells[..., rows, columns].sum((1, 2, 3)).mean().item()


def worth_rows(networks: Sequence[nn.Module], bare: Tensor) -> list[dict[str, Any]]:
    """Return a table row a seed: how far the logit falls without the patch, and what maps say."""
    rules = {"HiResCAM there": cam.hires_cam_rule, "Grad-CAM there": cam.grad_cam_rule}
    return [
        {"seed": seed, "logit falls by": falls(one, bare)}
        | {name: credited(one, plant(bare), rule) for name, rule in rules.items()}
        for seed, one in enumerate(networks)
    ]


def steepest_rows(networks: Sequence[nn.Module], shirts: Tensor) -> list[dict[str, Any]]:
    """Return a table row a seed: `steepest`."""
    found = [steepest(one, shirts) for one in networks]
    return [
        {"seed": seed, "on the patch or beside it": beside, "slope goes down": down}
        for seed, (beside, down) in enumerate(found)
    ]


def steepest(network: nn.Module, shirts: Tensor) -> tuple[float, float]:
    """Return where the steepest pixels lie, and which way they lean, as shares of the images.

    Returns:
        The share that lies on the patch or next to it; the share whose slope is below 0.
    """
    slopes = saliency.gradient(network, shirts, SHIRT).flatten(1)
    place = slopes.abs().argmax(1)
    row, column = place // shirts.shape[-1], place % shirts.shape[-1]
    top, left, bottom, right = PATCH
    beside = (top - 1 <= row) & (row <= bottom) & (left - 1 <= column) & (column <= right)
    down = slopes.gather(1, place[:, None]) < 0
    return beside.float().mean().item(), down.float().mean().item()
