"""What compression forgets: images on which two populations of networks answer differently."""

from __future__ import annotations

import torch


def majority(answers: torch.Tensor) -> torch.Tensor:
    """Return the answer that most networks of a population give to each image, n.

    Equally many: the lowest class, whichever population it is.

    Args:
        answers: network x image, predicted classes.
    """
    if answers.dim() != 2 or not len(answers) or answers.is_floating_point():
        raise ValueError(
            f"answers must be network x image, predicted classes; got {answers.dtype} of shape "
            f"{tuple(answers.shape)}. Logits? Take argmax first."
        )
    votes = torch.nn.functional.one_hot(answers.long()).sum(0)
    return votes.argmax(1)


def forgotten(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """Return on which images the majorities differ, n booleans (Hooker 2019, 1911.05248).

    Two populations of one kind differ, too, by chance. Compare with their number.

    Args:
        before, after: network x image, predicted classes, of equally many networks: a larger
            population has a steadier majority.
    """
    if before.shape != after.shape:
        raise ValueError(
            f"two populations of equally many networks, asked about the same images, are needed; "
            f"got {tuple(before.shape)} and {tuple(after.shape)}."
        )
    return majority(before) != majority(after)
