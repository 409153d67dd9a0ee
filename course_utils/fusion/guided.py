"""Explanations of hidden units: which of them a network would miss."""

from __future__ import annotations

import torch


def taylor_scores(activations: torch.Tensor, gradients: torch.Tensor) -> torch.Tensor:
    """Return what each channel matters to a loss: mean over images of |sum of a · ∂loss/∂a|.

    To first order that is how far the loss moves if the channel were silent (Molchanov 2017,
    1611.06440): an explanation of hidden units instead of pixels.

    Args:
        activations, gradients: n x channel x ..., of one shape.

    Returns:
        One score a channel, not below 0.
    """
    if activations.shape != gradients.shape or activations.dim() < 2 or len(activations) == 0:
        raise ValueError(
            f"activations and gradients must have one shape, n x channel or more axes; got "
            f"{tuple(activations.shape)} and {tuple(gradients.shape)}."
        )
    moved = (activations * gradients).detach()
    return moved.reshape(*moved.shape[:2], -1).sum(2).abs().mean(0)
