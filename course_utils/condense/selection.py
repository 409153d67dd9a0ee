"""Choosing real images: at random, by herding, by k-centre. Each class gets its share."""

from __future__ import annotations

from collections.abc import Callable

import torch


def random_rows(labels: torch.Tensor, *, per_class: int, seed: int = 0) -> torch.Tensor:
    """Return the rows of `per_class` images of each class, drawn at random, class by class."""
    generator = torch.Generator().manual_seed(seed)
    return _class_by_class(
        labels, per_class, lambda rows: rows[torch.randperm(len(rows), generator=generator)]
    )


def herding(features: torch.Tensor, labels: torch.Tensor, *, per_class: int) -> torch.Tensor:
    """Return rows whose mean feature follows the class's mean, class by class.

    Welling's herding (2009) as iCaRL uses it (Rebuffi 2017, 1611.07725): each next image is
    the one that brings the mean of the chosen nearest to the mean of the class. So the
    first is the most typical one, and a shorter choice begins a longer one.

    Args:
        features: n x feature (n x anything is flattened), of any network, or the pixels.
        labels: class indices, n.
        per_class: images to choose in each class.

    Returns:
        Rows, classes · per_class, in order of class and then of choice.
    """
    features = _flat(features, labels)
    return _class_by_class(labels, per_class, lambda rows: rows[_herd(features[rows], per_class)])


def k_centre(features: torch.Tensor, labels: torch.Tensor, *, per_class: int) -> torch.Tensor:
    """Return rows such that no image of a class is far from a chosen one, class by class.

    Greedy k-centre (Gonzalez 1985; for training sets Sener & Savarese 2018, 1708.00489): begin
    with the image nearest to the class's mean, then take the one farthest from all chosen.
    The largest distance left is at most twice the smallest possible one.

    Args and returns: as `herding`.
    """
    features = _flat(features, labels)
    return _class_by_class(labels, per_class, lambda rows: rows[_spread(features[rows], per_class)])


def _herd(features: torch.Tensor, count: int) -> list[int]:
    mean, total = features.mean(0), torch.zeros_like(features[0])
    free = torch.ones(len(features), dtype=torch.bool)
    chosen: list[int] = []
    for step in range(1, count + 1):
        gaps = ((total + features) / step - mean).square().sum(1)
        chosen.append(int(gaps.where(free, torch.inf).argmin()))
        free[chosen[-1]] = False
        total = total + features[chosen[-1]]
    return chosen


def _spread(features: torch.Tensor, count: int) -> list[int]:
    chosen = [int((features - features.mean(0)).square().sum(1).argmin())]
    nearest = (features - features[chosen[0]]).square().sum(1)
    while len(chosen) < count:
        nearest[chosen] = -1.0  # a chosen image is not chosen again, even among equals
        chosen.append(int(nearest.argmax()))
        nearest = torch.minimum(nearest, (features - features[chosen[-1]]).square().sum(1))
    return chosen


def _class_by_class(
    labels: torch.Tensor, per_class: int, choose: Callable[[torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """Let `choose` order the rows of each class, and keep the first `per_class` of them."""
    if not isinstance(per_class, int) or per_class < 1:
        raise ValueError(
            f"per_class must be a whole number of images, 1 or more; got {per_class!r}."
        )
    if labels.dim() != 1 or labels.is_floating_point() or len(labels) == 0:
        raise ValueError(
            f"labels must be class indices, one for each image; got {labels.dtype} of shape "
            f"{tuple(labels.shape)}. Soft labels have no class: give the real ones."
        )
    kept = []
    for one in labels.unique():
        rows = (labels == one).nonzero().flatten()
        if len(rows) < per_class:
            raise ValueError(
                f"class {int(one)} has {len(rows)} images; {per_class} a class were asked for."
            )
        kept.append(choose(rows)[:per_class])
    return torch.cat(kept)


def _flat(features: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    if len(features) != len(labels):
        raise ValueError(f"{len(features)} features came with {len(labels)} labels; pair them.")
    return features.flatten(1)
