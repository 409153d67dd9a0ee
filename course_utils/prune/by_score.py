"""From scores to masks: the weights of least score go, an exact number of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch

from course_utils.prune.masks import Masks, check_sparsity

Scope = Literal["global", "layer", "lamp"]


def masks_by_score(
    scores: Mapping[str, torch.Tensor],
    sparsity: float,
    *,
    scope: Scope = "global",
    within: Masks | None = None,
) -> Masks:
    """Return masks that drop exactly round(sparsity * n) of the n least scores in scope.

    Of equal scores the first goes first, so the count is exact with ties too.

    Args:
        scores: parameter name to how much each weight matters, in the weight's shape.
        sparsity: share of the weights to drop, in [0, 1).
        scope: "global" compares all weights; "layer" each layer's among themselves;
            "lamp" compares all by the `lamp_scores` of what is given.
        within: masks whose dropped weights go before all others: the new masks lie inside
            them whenever they drop at least as many.
    """
    check_sparsity(sparsity)
    _check(scores, scope)
    if scope == "lamp":
        scores = {name: lamp_scores(score) for name, score in scores.items()}
    ranked = {name: score.detach().cpu().double() for name, score in scores.items()}
    for name, mask in (within or {}).items():
        ranked[name] = ranked[name].masked_fill(mask.cpu() == 0, -torch.inf)
    masks = _in_each_layer(ranked, sparsity) if scope == "layer" else _overall(ranked, sparsity)
    return {name: mask.to(scores[name].device) for name, mask in masks.items()}


def lamp_scores(weight: torch.Tensor) -> torch.Tensor:
    """Return each weight's LAMP score, in the weight's shape (Lee 2021, 2010.07611).

    score = w² / (the sum of v² over all v of the layer that are not smaller than w)

    It is the share of what is left of the layer that goes with w, once all smaller weights
    have gone. Every layer's largest weight scores 1, so that layers die last. Of equal
    weights the first counts as the smaller; zeros score 0. Computed as float64.
    """
    squares = weight.detach().cpu().double().flatten().square()
    order = squares.argsort(stable=True)
    rising = squares[order]
    not_smaller = rising.flip(0).cumsum(0).flip(0)
    scores = torch.empty_like(squares)
    scores[order] = torch.where(rising > 0, rising / not_smaller, 0.0)
    return scores.view(weight.shape).to(weight.device)


def _in_each_layer(scores: Mapping[str, torch.Tensor], share: float) -> Masks:
    return {name: _largest(score, share) for name, score in scores.items()}


def _overall(scores: Mapping[str, torch.Tensor], share: float) -> Masks:
    kept = _largest(torch.cat([score.flatten() for score in scores.values()]), share)
    parts = kept.split([score.numel() for score in scores.values()])
    return {n: part.view_as(score) for (n, score), part in zip(scores.items(), parts, strict=True)}


def _largest(scores: torch.Tensor, share: float) -> torch.Tensor:
    """Mark all but the round(share * n) least entries; of equals, the first go first."""
    kept = torch.ones(scores.numel(), dtype=torch.bool)
    order = scores.flatten().argsort(stable=True)
    kept[order[: round(share * scores.numel())]] = False
    return kept.view_as(scores)


def _check(scores: Mapping[str, torch.Tensor], scope: str) -> None:
    if scope not in ("global", "layer", "lamp"):
        raise ValueError(f"scope must be 'global', 'layer' or 'lamp'; got {scope!r}.")
    if not scores:
        raise ValueError("no scores came; there is nothing to prune.")
    for name, score in scores.items():
        if score.isnan().any():
            raise ValueError(f"some scores of {name} are not numbers. Has the training diverged?")
