"""Layers put in factors, beside their controls: fc1 at a lower rank, conv2 as a separable pair."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_utils import models, structure, training


def by_lot(layer: nn.Linear, rank: int, *, seed: int) -> nn.Linear:
    """Return a copy of a layer that keeps `rank` pieces of its SVD, whichever the lot falls on."""
    left, strength, right = torch.linalg.svd(layer.weight.detach(), full_matrices=False)
    chance = torch.Generator().manual_seed(seed)
    drawn = torch.randperm(len(strength), generator=chance)[:rank]
    changed = copy.deepcopy(layer)
    changed.weight.data = left[:, drawn] * strength[drawn] @ right[drawn]
    return changed


def rank_curves(
    heads: Sequence[nn.Sequential], features: Sequence[Tensor], labels: Tensor,
    ranks: Sequence[int],
) -> dict[str, dict[int, list[float]]]:  # fmt: skip
    """Lower fc1's rank in two ways; return accuracy by way and rank, one a network.

    Args:
        heads: the networks from fc1 on.
        features: what each head reads.
    """
    curves: dict[str, dict[int, list[float]]] = {
        way: {rank: [] for rank in ranks} for way in ("SVD", "by lot")
    }
    for seed, (head, x) in enumerate(zip(heads, features, strict=True)):
        for rank in ranks:
            drawn = copy.deepcopy(head)
            drawn.fc1 = by_lot(head.fc1, rank, seed=seed)
            ways = {"SVD": structure.low_rank(head, {"fc1": rank}), "by lot": drawn}
            for way, one in ways.items():
                curves[way][rank].append(training.evaluate(one, x, labels))
    return curves


def term_curve(
    tails: Sequence[nn.Module], pooled: Sequence[Tensor], labels: Tensor, terms: Sequence[int]
) -> dict[int, list[float]]:
    """Make conv2 separable with so many terms; return accuracies, one a network, untrained.

    Args:
        tails: the networks from conv2 on.
        pooled: what each tail reads.
    """
    return {count: [training.evaluate(structure.separable(one, {"conv2": count}), x, labels)
                    for one, x in zip(tails, pooled, strict=True)] for count in terms}  # fmt: skip


def fresh_separable(network: nn.Module, *, seed: int) -> nn.Module:
    """Return a copy whose conv2 is a separable pair that has learned nothing: the control."""
    changes = {"conv2": ("separable", 1)}
    return models.seeded(lambda: models.replace(copy.deepcopy(network), changes), seed)


def trained(network: nn.Module, train_set: training.Pair, *, seed: int) -> nn.Module:
    """Return a copy after one pass over a training set, its last 50 images looked at only."""
    again, looked_at = copy.deepcopy(network), [part[-50:] for part in train_set]
    training.train(again, train_set, looked_at, epochs=1, batch_size=50, seed=seed,
                   keep="last", progress=False)  # fmt: skip
    return again
