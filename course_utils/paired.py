"""Two networks on the same images: a difference in accuracy with its own error bar."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Paired:
    """How one network's answers differ from another's, image by image.

    Attributes:
        images: how many images both were asked about.
        lost: right before, wrong after.
        won: wrong before, right after.
        changed: another class than before; includes changes from one wrong class to another.
    """

    images: int
    lost: int
    won: int
    changed: int

    @property
    def difference(self) -> float:
        """Accuracy after minus accuracy before, a share of the images."""
        return (self.won - self.lost) / self.images

    @property
    def error(self) -> float:
        """Standard error of the difference, a share.

        Each image counts −1, 0 or 1. Images on which both are right, or both wrong, add
        nothing to the noise: that is why a paired error bar is short.
        """
        spread = self.won + self.lost - (self.won - self.lost) ** 2 / self.images
        return math.sqrt(spread / (self.images * max(self.images - 1, 1)))


def compare(before: torch.Tensor, after: torch.Tensor, labels: torch.Tensor) -> Paired:
    """Count the images on which two networks differ.

    Args:
        before: logits, n x class, or predicted classes, n.
        after: the other network's, for the same images in the same order.
        labels: the right classes, n.
    """
    one, other = (_classes(answers) for answers in (before, after))
    if not len(one) == len(other) == len(labels) or len(labels) == 0:
        raise ValueError(
            f"{len(one)} and {len(other)} answers came with {len(labels)} labels; both networks "
            "must have seen the same images, at least one."
        )
    was, now = one == labels, other == labels
    return Paired(
        images=len(labels),
        lost=int((was & ~now).sum()),
        won=int((~was & now).sum()),
        changed=int((one != other).sum()),
    )


def _classes(answers: torch.Tensor) -> torch.Tensor:
    return answers.argmax(1) if answers.dim() == 2 else answers
