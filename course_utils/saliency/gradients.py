"""Slopes: the gradient, its mean over noise, and its mean on the way from nothing."""

from __future__ import annotations

import torch
from torch import nn

from course_utils.saliency.scores import asking, explaining, in_batches, pixel_gradient
from course_utils.targets import Target


def gradient(
    model: nn.Module, images: torch.Tensor, target: Target = None, *, batch_size: int = 250
) -> torch.Tensor:
    """Return the gradient of the target's logit with respect to each pixel (1312.6034).

    Args:
        images: n x channel x height x width, as the network takes them.
        target: a class for all, or one for each image (n, int64); None: the predicted one.
        batch_size: how many images are in memory at a time, here and in the other methods.

    Returns:
        Signed attributions, n x channel x height x width. `.abs()` is the usual saliency map.
    """
    with explaining(model, images, target) as (score, target):

        def slope(part: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
            return pixel_gradient(score, part, classes)

        return in_batches(slope, images, target, batch_size=batch_size)


def smooth_grad(
    model: nn.Module,
    images: torch.Tensor,
    target: Target = None,
    *,
    samples: int = 25,
    noise: float = 0.15,
    seed: int = 0,
    batch_size: int = 250,
) -> torch.Tensor:
    """Return the mean gradient over noisy copies of each image (Smilkov 2017, 1706.03825).

    The target is the class of the clean image. All images get the same noise.

    Args:
        noise: its standard deviation, as a share of each image's range (brightest - darkest).
    """
    _whole("samples", samples)
    if noise < 0:
        raise ValueError(f"noise must not be below 0; got {noise!r}.")
    generator = torch.Generator().manual_seed(seed)
    drawn = [torch.randn(images.shape[1:], generator=generator) for _ in range(samples)]
    with explaining(model, images, target) as (score, target):

        def smooth(part: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
            size = noise * (part.amax((1, 2, 3)) - part.amin((1, 2, 3))).view(-1, 1, 1, 1)
            total = torch.zeros_like(part)
            for one in drawn:
                total += pixel_gradient(score, part + size * one.to(part), classes)
            return total / samples

        return in_batches(smooth, images, target, batch_size=batch_size)


def integrated_gradients(
    model: nn.Module,
    images: torch.Tensor,
    target: Target = None,
    *,
    steps: int = 64,
    baseline: float | torch.Tensor = 0.0,
    batch_size: int = 250,
) -> torch.Tensor:
    """Return integrated gradients (Sundararajan 2017, 1703.01365), by the midpoint rule.

    Completeness: an image's attributions sum to its logit minus the baseline's, up to an
    error that falls as `steps` grows (`completeness_error`).

    Args:
        baseline: the image that means "nothing", a number or one that broadcasts; 0 is black.
    """
    _whole("steps", steps)
    with explaining(model, images, target) as (score, target):

        def integral(part: torch.Tensor, classes: torch.Tensor, start: torch.Tensor):
            total = torch.zeros_like(part)
            for step in range(steps):
                point = start + (step + 0.5) / steps * (part - start)
                total += pixel_gradient(score, point, classes)
            return total / steps * (part - start)

        start = _like(baseline, images)
        return in_batches(integral, images, target, start, batch_size=batch_size)


@torch.no_grad()
def completeness_error(
    model: nn.Module,
    images: torch.Tensor,
    maps: torch.Tensor,
    target: Target = None,
    *,
    baseline: float | torch.Tensor = 0.0,
) -> torch.Tensor:
    """Return how far each map's sum is from what it should be, as a share of that; n.

    It should be the image's logit minus the baseline's.
    """
    with asking(model, images, target) as (score, target):
        change = score(images, target) - score(_like(baseline, images), target)
    return (maps.flatten(1).sum(1) - change).abs() / change.abs()


def _like(baseline: float | torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    start = torch.as_tensor(baseline, dtype=images.dtype, device=images.device)
    return start.expand_as(images)


def _whole(name: str, value: int) -> None:
    if not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} must be a whole number, 1 or more; got {value!r}.")
