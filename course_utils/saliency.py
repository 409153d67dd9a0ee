"""Attributions from gradients: how much each pixel moves the score of a class.

Every method is called `method(model, images, target=None, ...)` and returns a tensor of
the images' shape, signed. `target` None explains the class that the network predicts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from course_utils.models import evaluating
from course_utils.targets import Target, target_classes


def gradient(model: nn.Module, images: torch.Tensor, target: Target = None) -> torch.Tensor:
    """Return the gradient of the target's logit with respect to each pixel (1312.6034).

    Args:
        images: n x channel x height x width, as the network takes them.
        target: a class for all, or one for each image (n, int64); None: the predicted one.

    Returns:
        Signed attributions, n x channel x height x width. `.abs()` is the usual saliency map.
    """
    with explaining(model, images, target) as (score, target):
        return _gradient(score, images, target)


def integrated_gradients(
    model: nn.Module,
    images: torch.Tensor,
    target: Target = None,
    *,
    steps: int = 64,
    baseline: float | torch.Tensor = 0.0,
) -> torch.Tensor:
    """Return integrated gradients (Sundararajan 2017, 1703.01365), by the midpoint rule.

    Completeness: an image's attributions sum to its logit minus the baseline's, up to an
    error that falls as `steps` grows.

    Args:
        baseline: the image that means "nothing", a number or one that broadcasts; 0 is black.
    """
    if not isinstance(steps, int) or steps < 1:
        raise ValueError(f"steps must be a whole number, 1 or more; got {steps!r}.")
    with explaining(model, images, target) as (score, target):
        start = torch.as_tensor(baseline, dtype=images.dtype, device=images.device)
        total = torch.zeros_like(images)
        for step in range(steps):
            total += _gradient(score, start + (step + 0.5) / steps * (images - start), target)
        return total / steps * (images - start)


@contextmanager
def explaining(
    model: nn.Module, images: torch.Tensor, target: Target
) -> Iterator[tuple[Callable, torch.Tensor]]:
    """Give (score, target) with the model in eval mode; give its mode back, even after a crash.

    `score(images, target)` is the logit of each image's target, n; target is n class indices.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(
            f"{type(model).__name__} has no gradients (an integer network has none): explain "
            f"it with a method that only asks for predictions, such as occlusion or LIME."
        )
    with evaluating(model):
        yield _score(model), target_classes(model, images, target)


def _score(model: nn.Module) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    return lambda images, target: model(images).gather(1, target[:, None]).squeeze(1)


def _gradient(score: Callable, images: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    images = images.detach().requires_grad_()
    with torch.enable_grad():
        (found,) = torch.autograd.grad(score(images, target).sum(), images)
    return found
