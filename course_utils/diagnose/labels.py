"""Wrong labels: planted ones, and confident learning, which finds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from course_utils import training

Predictor = Callable[[Tensor], Tensor]
Trainer = Callable[[Tensor, Tensor], Predictor]


def plant(
    labels: Tensor,
    share: float,
    *,
    classes: int = 10,
    taken_for: Mapping[int, Sequence[int]] | None = None,
    seed: int = 0,
) -> tuple[Tensor, Tensor]:
    """Give a share of the images a wrong label.

    Args:
        labels: n, right as far as anyone knows; they stay as they are.
        share: of the images that may get a wrong one, in [0, 1).
        taken_for: by class the wrong labels that its images may get; only these classes are
            touched. None: any class may become any other.

    Returns:
        The labels, a rounded share of them wrong, and which these are, n booleans.
    """
    if not 0 <= share < 1:
        raise ValueError(f"share must be in [0, 1); got {share}. Did you mean {share / 100:g}?")
    if taken_for is None:
        taken_for = {k: [j for j in range(classes) if j != k] for k in range(classes)}
    if any(right in wrong or not len(wrong) for right, wrong in taken_for.items()):
        raise ValueError(f"taken_for must lead to other classes; got {dict(taken_for)}.")
    chance = torch.Generator().manual_seed(seed)
    places = torch.isin(labels, torch.tensor(list(taken_for))).nonzero()[:, 0]
    order = torch.randperm(len(places), generator=chance)
    chosen = places[order[: round(share * len(places))]]
    draws = torch.rand(len(chosen), generator=chance).tolist()
    given, planted = labels.clone(), torch.zeros(len(labels), dtype=torch.bool)
    for place, draw in zip(chosen.tolist(), draws, strict=True):
        wrong = taken_for[labels[place].item()]
        given[place] = wrong[int(draw * len(wrong))]
    planted[chosen] = True
    return given, planted


def out_of_fold(
    images: Tensor, labels: Tensor, train: Trainer, *, folds: int = 4, seed: int = 0
) -> Tensor:
    """Probabilities for each image by a network that was trained on the other folds only.

    Args:
        train: from images and labels to a network (images to logits); called once a fold.

    Returns:
        n x class, on the CPU.
    """
    if not 2 <= folds <= len(images):
        raise ValueError(f"folds must be from 2 to {len(images)}, the images; got {folds}.")
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    found: Tensor | None = None
    for part in range(folds):
        held = order[part::folds]
        rest = torch.ones(len(images), dtype=torch.bool).scatter(0, held, False)
        logits = training.predict(train(images[rest], labels[rest]), images[held])
        found = torch.zeros(len(images), logits.shape[1]) if found is None else found
        found[held] = logits.softmax(1)
    return found


def thresholds(probabilities: Tensor, labels: Tensor) -> Tensor:
    """How sure of class k the network is, on the mean, where the label is k: one a class.

    A class without a label gets 1: nothing can pass it.
    """
    _check(probabilities, labels)
    own = self_confidence(probabilities, labels)
    number = probabilities.shape[1]
    sums, counts = labels.bincount(own, number), labels.bincount(minlength=number)
    return torch.where(counts > 0, sums / counts.clamp(min=1), 1.0)


def confident_class(probabilities: Tensor, labels: Tensor) -> Tensor:
    """The class each image is confidently of, n; −1 where no class reaches its threshold.

    Of several that reach theirs, the most probable one counts (Northcutt 2021, 1911.00068).
    """
    limits = thresholds(probabilities, labels)
    sure = probabilities.double() >= limits - 1e-12
    return torch.where(sure.any(1), (probabilities * sure - 1.0 * ~sure).argmax(1), -1)


def confident_joint(probabilities: Tensor, labels: Tensor) -> Tensor:
    """Counts: entry (given label, confident class), class x class, int64."""
    number, said = probabilities.shape[1], confident_class(probabilities, labels)
    kept = said >= 0
    cells = labels[kept] * number + said[kept]
    return cells.bincount(minlength=number**2).view(number, number)


def suspects(probabilities: Tensor, labels: Tensor) -> Tensor:
    """Places of the images whose label is in doubt, the most doubtful first.

    In doubt: confidently of another class (off the diagonal of `confident_joint`). Ordered by
    `self_confidence`, lowest first.

    Args:
        probabilities: n x class, by networks that were not trained on the image with its label.
    """
    said = confident_class(probabilities, labels)
    places = ((said >= 0) & (said != labels)).nonzero()[:, 0]
    own = self_confidence(probabilities, labels)[places]
    return places[own.argsort(stable=True)]


def self_confidence(probabilities: Tensor, labels: Tensor) -> Tensor:
    """The probability that an image's own label gets, n, float64."""
    _check(probabilities, labels)
    return probabilities.double().gather(1, labels[:, None])[:, 0]


def margin(probabilities: Tensor, labels: Tensor) -> Tensor:
    """The label's probability minus the highest other one, n: below 0, another class leads."""
    own = self_confidence(probabilities, labels)
    return own - probabilities.double().scatter(1, labels[:, None], -1.0).amax(1)


def auroc(scores: Tensor, marked: Tensor) -> float:
    """The chance that a marked image scores higher than an unmarked one; ties count half.

    The area under the ROC curve, from ranks. 0.5 is guessing, 1 a perfect ranking.
    """
    marked = marked.bool()
    one, other = int(marked.sum()), int((~marked).sum())
    if one == 0 or other == 0:
        raise ValueError(f"marked and unmarked images are needed; got {one} and {other}.")
    _, place, counts = scores.double().unique(return_inverse=True, return_counts=True)
    rank = counts.cumsum(0) - (counts - 1) / 2  # of ties, their mean rank
    return (rank[place][marked].sum().item() - one * (one + 1) / 2) / (one * other)


def _check(probabilities: Tensor, labels: Tensor) -> None:
    if probabilities.dim() != 2 or len(probabilities) != len(labels):
        raise ValueError(
            f"probabilities must be n x class and labels n; got {tuple(probabilities.shape)} and "
            f"{tuple(labels.shape)}."
        )
    if labels.numel() and (labels.min() < 0 or labels.max() >= probabilities.shape[1]):
        raise ValueError(f"labels must be classes from 0 to {probabilities.shape[1] - 1}.")
