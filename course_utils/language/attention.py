"""Attention, written out: every place looks at every other, and takes a weighted mean."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

Reweigh = Callable[[Tensor], Tensor]
"""From attention weights, n x head x query x key, to others of the same shape."""


def attend(
    query: Tensor, key: Tensor, value: Tensor, there: Tensor, reweigh: Reweigh | None = None
) -> tuple[Tensor, Tensor]:
    """Return each place's weighted mean of values, and the weights (Vaswani 2017, 1706.03762).

    Args:
        query, key, value: n x head x place x size.
        there: n x place, bool; padding gets the weight 0.
        reweigh: changes the weights before they are used, to see what hangs on them.

    Returns:
        n x head x place x size; n x head x query x key, where the keys' weights sum to 1.
    """
    score = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    score = score.masked_fill(~there[:, None, None], -torch.inf)
    weights = score.softmax(-1)
    if reweigh is not None:
        weights = reweigh(weights)
    return weights @ value, weights


class Attention(nn.Module):
    """Several heads, each with queries, keys and values of its own."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        if size % heads:
            raise ValueError(f"{heads} heads cannot share {size} numbers evenly.")
        self.heads = heads
        self.project = nn.Linear(size, 3 * size)
        self.join = nn.Linear(size, size)

    def forward(
        self, x: Tensor, there: Tensor, reweigh: Reweigh | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return what each place took, n x place x size, and the weights of `attend`."""
        n, places, size = x.shape
        parts = self.project(x).view(n, places, 3, self.heads, size // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        taken, weights = attend(query, key, value, there, reweigh)
        return self.join(taken.transpose(1, 2).reshape(n, places, size)), weights
