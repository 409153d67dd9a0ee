"""The images that excite a channel most, and whether they have a class in common."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_utils import models, saliency
from course_utils.demos import lesson_3_5


@torch.no_grad()
def alike_among_nine(network: nn.Module, images: Tensor, labels: Tensor) -> tuple[float, Tensor]:
    """Return how alike the nine images are that excite a channel of conv2 most.

    Returns:
        How many of nine share the commonest class, the mean over the channels; and for the
        most uniform channel the nine images' numbers.
    """
    peaks = saliency.activations(network, images, "conv2").amax((2, 3))
    nine = peaks.topk(9, 0).indices.T  # channel x 9
    common = torch.stack([labels[one].bincount().max() for one in nine])
    return common.double().mean().item(), nine[common.argmax()]


def favourites(
    networks: Sequence[nn.Module], images: Tensor, labels: Tensor
) -> tuple[list[float], Tensor]:
    """Return `alike_among_nine` of each network, and the first one's nine images."""
    found = [alike_among_nine(one, images, labels) for one in networks]
    return [round(count, 2) for count, _ in found], images[found[0][1]]


def counts(
    kinds: dict[str, Sequence[nn.Module]], images: Tensor, labels: Tensor
) -> tuple[list[dict], dict[str, Tensor]]:
    """Return `favourites` of kinds of networks: table rows, and the images for a figure.

    The last row is the control: nine images by lot.
    """
    rows, shown = [], {}
    for kind, networks in kinds.items():
        found, best = favourites(networks, images, labels)
        rows.append(lesson_3_5.by_seed("favourites", kind, found))
        shown[f"the best channel, {kind}"] = best
    lot = [nine_by_lot(labels, seed=seed) for seed in range(len(networks))]
    return [*rows, lesson_3_5.by_seed("favourites", "by lot", lot)], shown


def untrained(seed: int) -> nn.Module:
    """Return the reference network as it is before training."""
    return models.seeded(models.SimplifiedCNN, seed).eval()


def nine_by_lot(labels: Tensor, *, draws: int = 500, seed: int = 0) -> float:
    """Return how many of nine images drawn by lot share the commonest class, on average."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(len(labels), (draws, 9), generator=generator)
    return torch.stack([labels[one].bincount().max() for one in drawn]).double().mean().item()
