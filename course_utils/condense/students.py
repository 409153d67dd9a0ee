"""Students of a small set: fresh networks trained on nothing else."""

from __future__ import annotations

import torch
from torch import nn

from course_utils import models, training
from course_utils.condense.networks import Fresh


def squared_error(model: nn.Module, images: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Squared distance of the logits to targets, n x class, a mean over the batch."""
    return (model(images) - targets).square().sum(1).mean()


def student(
    images: torch.Tensor,
    targets: torch.Tensor,
    *,
    fresh: Fresh,
    seed: int = 0,
    steps: int = 200,
    learning_rate: float = 2e-3,
    batch_size: int = 128,
    augment: training.Augment | None = None,
    loss: training.Loss = squared_error,
    progress: bool = False,
) -> nn.Sequential:
    """Return a fresh network trained on a small set alone, in eval mode.

    No image from outside the set takes part: the weights of the last step are kept, not
    the best on validation.

    Args:
        steps: passes over the set; one batch each, up to `batch_size` images.
        loss: squared error against the targets, unless told otherwise.
    """
    network = models.seeded(fresh, seed)
    training.train(
        network, (images, targets), (images[:1], targets[:1].argmax(1)),
        epochs=steps, learning_rate=learning_rate, batch_size=batch_size, loss=loss,
        augment=augment, seed=seed, keep="last", on="cpu", progress=progress,
    )  # fmt: skip
    return network.eval()
