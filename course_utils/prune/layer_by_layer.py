"""Sensitivity: which layer bears pruning, and which does not."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from course_utils import training
from course_utils.prune.by_score import masks_by_score
from course_utils.prune.masks import apply, check_sparsity, weights_to_prune


def sensitivity(
    model: nn.Module,
    images: torch.Tensor,
    labels: torch.Tensor,
    shares: Iterable[float],
    *,
    seed: int | None = None,
    progress: bool = True,
) -> dict[str, dict[float, float]]:
    """Return layer -> share -> accuracy with that share of that one layer at zero.

    The other layers stay whole and nothing is trained again (Li 2016, 1608.08710, does so
    for filters). Choose shares from it on validation images, never on the test set.

    Args:
        images, labels: as for `training.evaluate`.
        shares: each in [0, 1); a layer loses its weights nearest to zero.
        seed: None, or a seed for the control: weights by lot go instead.
        progress: show a bar.
    """
    from tqdm.auto import tqdm

    shares = _checked(shares)
    generator = torch.Generator().manual_seed(seed or 0)
    found: dict[str, dict[float, float]] = {}
    weights = weights_to_prune(model)
    with tqdm(total=len(weights) * len(shares), disable=not progress, leave=False) as bar:
        for name, weight in weights.items():
            lots = torch.rand(weight.shape, generator=generator, dtype=torch.float64)
            scores = {name: weight.abs() if seed is None else lots}
            row = found[name.removesuffix(".weight")] = {}
            for share in shares:
                pruned = apply(model, masks_by_score(scores, share))
                row[share] = training.evaluate(pruned, images, labels)
                bar.update()
    return found


def _checked(shares: Iterable[float]) -> list[float]:
    if isinstance(shares, int | float):
        raise ValueError(f"shares must be several, such as (0.5, 0.9); got {shares!r}.")
    shares = list(shares)
    for share in shares:
        check_sparsity(share, name="share")
    return shares
