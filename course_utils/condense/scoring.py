"""One way to score every small set: what do fresh networks learn from it?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import nn

from course_utils import models, training
from course_utils.condense.networks import Fresh, features
from course_utils.condense.ridge import ridge_predict
from course_utils.condense.students import student

Protocol = Literal["ridge", "train"]


def score(
    images: torch.Tensor,
    targets: torch.Tensor,
    held_out: training.Pair,
    *,
    fresh: Fresh,
    protocol: Protocol,
    seeds: Sequence[int] = (0, 1, 2),
    networks: int = 4,
    ridge: float = 1e-3,
    **how,
) -> list[float]:
    """Return the accuracy on held-out images, one number a seed, of what a set teaches.

    Whatever the set, real or learned, it is used in the same way:

    - "ridge": the features of `networks` fresh networks, never trained, side by side, and a
      ridge regression from them to the targets;
    - "train": a fresh network trained on nothing else (`student`).

    Args:
        images, targets: the set, n x channel x height x width and n x class; class indices
            become rows by `centred`.
        held_out: images and class indices that nothing was learned from.
        fresh: makes a new network, another for each seed.
        how: for "train", what `student` takes.
    """
    if protocol not in ("ridge", "train"):
        raise ValueError(f"protocol must be 'ridge' or 'train'; got {protocol!r}.")
    if protocol == "ridge" and how:
        raise ValueError(f"nothing is trained in protocol 'ridge'; got {', '.join(sorted(how))}.")
    found = []
    for seed in seeds:
        if protocol == "train":
            trained = student(images, targets, fresh=fresh, seed=seed, **how)
            found.append(training.evaluate(trained, *held_out))
            continue
        read = [models.seeded(fresh, seed * networks + k) for k in range(networks)]
        mine, theirs = (_side_by_side(read, x) for x in (images, held_out[0]))
        answers = ridge_predict(mine, targets, theirs, ridge=ridge).argmax(1)
        found.append((answers == held_out[1]).float().mean().item())
    return found


def _side_by_side(networks: list[nn.Sequential], images: torch.Tensor) -> torch.Tensor:
    """Features of several networks as one long vector an image: their kernels add up."""
    return torch.cat([features(one, images) for one in networks], 1)
