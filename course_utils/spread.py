"""A mean over seeds or images with its own error bar, and what it lets us say."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def mean_and_error(values: Sequence[float] | torch.Tensor) -> tuple[float, float]:
    """Return the mean of n numbers and its standard error: their spread (n − 1) / √n."""
    numbers = torch.as_tensor(values, dtype=torch.float64)
    return numbers.mean().item(), numbers.std().item() / len(numbers) ** 0.5


def decide(value: float, margin: float, choices: Sequence[str]) -> str:
    """Return the choice that a measurement selects: clearly below zero, neither, clearly above.

    Args:
        margin: how far from zero counts as clear, such as two standard errors.
        choices: the three, in this order.
    """
    below, neither, above = choices
    return below if value < -margin else above if value > margin else neither
