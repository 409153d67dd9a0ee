"""The best labels for given images: no search, one linear system."""

from __future__ import annotations

import torch

from course_utils import models, training
from course_utils.condense.networks import Fresh, features
from course_utils.condense.ridge import ridged


def solve_targets(
    images: torch.Tensor,
    real: training.Pair,
    *,
    fresh: Fresh,
    networks: int = 8,
    batch_size: int = 1000,
    ridge: float = 1e-3,
    seed: int = 0,
) -> torch.Tensor:
    """Return the targets, n x class, with which these images teach best; the images stay.

    A ridge regression's answer is linear in the targets: for a network, what it says about
    real images is P · targets. So the targets that make |P targets − real targets|² least,
    summed over fresh networks, solve a linear system ("label solve", Nguyen 2021, 2011.00050).

    Args:
        images: n x channel x height x width, real or not.
        real: real images and their targets, m x class (`centred(labels)`).
        fresh: makes a new network.
        networks: how many, each with its own batch of real images.
        ridge: as in `ridge_predict`; also keeps the solution small.
    """
    generator = torch.Generator().manual_seed(seed)
    squares, products = 0.0, 0.0
    for _ in range(networks):
        network = models.seeded(fresh, int(torch.randint(2**31, (1,), generator=generator)))
        rows = torch.randint(len(real[0]), (batch_size,), generator=generator)
        mine, theirs = features(network, images), features(network, real[0][rows])
        kernel = mine @ mine.T
        reading = torch.linalg.solve(ridged(kernel, ridge), mine @ theirs.T).T
        squares = squares + reading.T @ reading
        products = products + reading.T @ real[1][rows]
    return torch.linalg.solve(ridged(squares, ridge), products)
