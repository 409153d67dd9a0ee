"""Units that leave: what changes without the dead, and when little counts as nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from course_utils import models, paired, prune, structure, training

FORMATS = {"zeros before": ".0%", "zeros": ".0%", "change of accuracy": "+.1%", "its error": ".1%"}
"""How a table writes the columns of `quiet_row`."""


def woken(network: nn.Module, dead: Mapping[str, torch.Tensor], images: torch.Tensor) -> int:
    """Count the units of `dead` that other images wake."""
    zeros = prune.apoz(network, images)
    return sum(int((zeros[layer][units] < 1).sum()) for layer, units in dead.items())


def dead_row(
    name: str,
    network: models.SimplifiedCNN,
    dead: Mapping[str, torch.Tensor],
    images: torch.Tensor,
    others: torch.Tensor,
) -> dict[str, Any]:
    """Return what a network loses with its dead units, as a row of a table.

    Args:
        dead: what `prune.dead` returns.
        images: those on which the logits and answers of both are compared.
        others: images of another kind, that may wake some of the units.
    """
    smaller = structure.remove_filters(network, dead)
    a, b = (training.predict(one, images) for one in (network, smaller))
    return {
        "network": name,
        "removed": sum(map(len, dead.values())),
        "logits move by": (a - b).abs().max().item(),
        "answers changed": int((a.argmax(1) != b.argmax(1)).sum()),
        "woken by digits": woken(network, dead, others),
    }


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
        "zeros before": prune.activation_sparsity(network, images[:200]),
        "zeros": prune.activation_sparsity(quiet, images[:200]),
        "change of accuracy": gap.difference,
        "its error": gap.error,
    }
