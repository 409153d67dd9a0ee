"""Orders: by which score filters and units go first."""

from __future__ import annotations

import torch

from course_utils import prune
from course_utils.models import Network
from course_utils.structure.filters import REMOVABLE, filter_norms

ORDERS = ("L1", "APoZ", "Taylor", "relevance", "lot")
"""The size of the weights, how often they rest, what the loss and the answer owe them; a draw."""


def by_lot(network: Network, *, seed: int) -> dict[str, torch.Tensor]:
    """Return a random score for each filter and unit: the control."""
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.rand(len(getattr(network, name).weight), generator=generator)
            for name in REMOVABLE}  # fmt: skip


def unit_scores(
    network: Network,
    order: str,
    images: torch.Tensor,
    labels: torch.Tensor,
    *,
    seed: int = 0,
) -> dict[str, torch.Tensor]:
    """Return layer -> a score for each filter and unit by one of ORDERS; the lowest go first."""
    if order == "L1":
        return {name: filter_norms(getattr(network, name))
                for name in REMOVABLE}  # fmt: skip
    if order == "APoZ":
        return {name: -zeros for name, zeros in prune.apoz(network, images).items()}
    if order == "Taylor":
        return prune.taylor(network, images, labels)
    if order == "relevance":
        return prune.relevance(network, images, labels)
    if order == "lot":
        return by_lot(network, seed=seed)
    raise ValueError(f"order must be one of {', '.join(ORDERS)}; got {order!r}.")
