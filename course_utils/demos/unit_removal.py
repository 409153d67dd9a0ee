"""Units that leave: what changes without the dead, and what without half of a layer."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from course_utils import models, paired, prune, structure, training


def moved(network: nn.Module, smaller: nn.Module, images: torch.Tensor) -> dict[str, float | int]:
    """Tell how far two networks' logits are apart, in float32 and float64, and their answers."""
    a, b = (training.predict(one, images) for one in (network, smaller))
    exact = [training.predict(copy.deepcopy(one).double(), images.double())
             for one in (network, smaller)]  # fmt: skip
    return {
        "logits move by": (a - b).abs().max().item(),
        "in float64": (exact[0] - exact[1]).abs().max().item(),
        "answers changed": int((a.argmax(1) != b.argmax(1)).sum()),
    }


def woken(network: nn.Module, dead: Mapping[str, torch.Tensor], images: torch.Tensor) -> int:
    """Count the units of `dead` that other images wake."""
    zeros = prune.apoz(network, images)
    return sum(int((zeros[layer][units] < 1).sum()) for layer, units in dead.items())


def halves(
    network: models.SimplifiedCNN, layer: str, zeros: torch.Tensor, *, draws: int = 3
) -> dict[str, list[models.SimplifiedCNN]]:
    """Take half of a layer's units out in three ways; by lot `draws` times.

    Args:
        zeros: each unit's share of zeros.
    """

    def by(scores: torch.Tensor) -> models.SimplifiedCNN:
        return structure.remove_filters(network, prune.idlest({layer: scores}, 0.5))

    lots = [torch.rand(len(zeros), generator=torch.Generator().manual_seed(seed))
            for seed in range(draws)]  # fmt: skip
    return {
        "idlest": [by(zeros)],
        "smallest L1 norm": [structure.remove_filters(network, {layer: 0.5})],
        "by lot": [by(lot) for lot in lots],
    }


def half_rows(
    networks: Mapping[str, models.SimplifiedCNN],
    zeros: Sequence[Mapping[str, torch.Tensor]],
    layer: str,
    accuracy: Callable[[nn.Module], float],
) -> list[dict[str, Any]]:
    """Return one row a way to choose half of a layer's units: each network's mean accuracy.

    Args:
        zeros: of each network, what `prune.apoz` returns.
    """
    cuts = [halves(one, layer, share[layer])
            for one, share in zip(networks.values(), zeros, strict=True)]  # fmt: skip
    return [
        {"half of": layer, "which": way}
        | {name: sum(map(accuracy, cut[way])) / len(cut[way])
           for name, cut in zip(networks, cuts, strict=True)}
        for way in cuts[0]
    ]  # fmt: skip


def quiet_row(
    name: str, network: nn.Module, threshold: float, images: torch.Tensor, labels: torch.Tensor
) -> dict[str, Any]:
    """Return what a run-time threshold does: zeros before and after, the paired change."""
    quiet = prune.thresholded(network, threshold)
    answers = [training.predict(one, images) for one in (network, quiet)]
    gap = paired.compare(*answers, labels)
    return {
        "threshold": threshold,
        "network": name,
        "zeros before": prune.activation_sparsity(network, images[:500]),
        "zeros": prune.activation_sparsity(quiet, images[:500]),
        "change of accuracy": gap.difference,
        "its error": gap.error,
    }
