"""Kinds of errors: which class is taken for which, and which images nobody recognises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from course_utils import training

Network = Callable[[Tensor], Tensor]


def confusion(network: Network, images: Tensor, labels: Tensor) -> Tensor:
    """Count predictions: entry (true, predicted), class x class, int64."""
    logits = training.predict(network, images)
    return count(logits.argmax(1), labels, classes=logits.shape[1])


def count(answers: Tensor, labels: Tensor, *, classes: int) -> Tensor:
    """The confusion matrix of answers that are there already: (true, predicted), int64.

    Args:
        answers: predicted classes, n.
        labels: right classes, n.
    """
    labels = labels.cpu()
    if len(labels) != len(answers) or labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"labels must be {len(answers)} classes from 0 to {classes - 1}; got {len(labels)} "
            f"from {labels.min().item()} to {labels.max().item()}."
        )
    return (labels * classes + answers.cpu()).bincount(minlength=classes**2).view(classes, classes)


def per_class(network: Network, images: Tensor, labels: Tensor) -> Tensor:
    """Return each class's accuracy, the share of its images that are recognised (recall).

    A class without an image gets nan.
    """
    return recall(confusion(network, images, labels))


def recall(matrix: Tensor) -> Tensor:
    """Each class's share on the diagonal of its row; nan where the row is empty."""
    counts = matrix.double()
    return counts.diagonal() / counts.sum(1)


@dataclass(frozen=True)
class Confused:
    """One kind of error: images of class `true` that were called `answer`."""

    true: int
    answer: int
    images: int
    share: float
    """Of all errors in the matrix."""


def most_confused(matrix: Tensor) -> list[Confused]:
    """All kinds of errors that happened, the commonest first; equal ones by class.

    Args:
        matrix: counts, (true, predicted).
    """
    if matrix.dim() != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"a confusion matrix is class x class; got {tuple(matrix.shape)}.")
    errors = matrix - matrix.diag().diag()
    total = max(int(errors.sum()), 1)
    found = [Confused(true, answer, int(errors[true, answer]), errors[true, answer].item() / total)
             for true, answer in errors.nonzero().tolist()]  # fmt: skip
    return sorted(found, key=lambda one: (-one.images, one.true, one.answer))


def same_errors(one: Tensor, other: Tensor, labels: Tensor) -> tuple[float, float]:
    """Of the images that one network gets wrong, the shares that another treats alike.

    Args:
        one: predicted classes, n.
        other: another network's, n.

    Returns:
        The share that the other gets wrong, too; the share where it gives the same wrong answer.
    """
    _same_length(labels, one, other)
    wrong = one != labels
    if not wrong.any():
        return float("nan"), float("nan")
    also = (other != labels)[wrong].double().mean().item()
    same = (other == one)[wrong].double().mean().item()
    return also, same


def nobody_right(answers: Sequence[Tensor], labels: Tensor) -> Tensor:
    """Which images every one of several networks gets wrong, n booleans.

    Args:
        answers: predicted classes, n, one a network.
    """
    _same_length(labels, *answers)
    return torch.stack([answer != labels for answer in answers]).all(0)


def expected_nobody(answers: Sequence[Tensor], labels: Tensor, groups: Tensor) -> float:
    """How many images all would get wrong by chance, if they erred independently in each group.

    In a group, the share that all get wrong would be the product of their error rates there.
    Groups of equally hard images make that a fair control; groups by class, a blunt one.

    Args:
        groups: the group of each image, n whole numbers.
    """
    _same_length(labels, groups, *answers)
    wrong = torch.stack([answer != labels for answer in answers]).double()
    return sum(
        (wrong[:, groups == group].mean(1).prod() * (groups == group).sum()).item()
        for group in groups.unique()
    )


def _same_length(labels: Tensor, *others: Tensor) -> None:
    if any(len(other) != len(labels) for other in others):
        lengths = ", ".join(str(len(other)) for other in others)
        raise ValueError(f"{len(labels)} labels came with {lengths} answers or groups; pair them.")
