"""Class activation maps: which places a late layer used for a class."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn.functional import interpolate

from course_utils.saliency.layers import last_convolution, watching
from course_utils.saliency.scores import explaining, in_batches
from course_utils.targets import Target

Rule = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def grad_cam(
    model: nn.Module,
    images: torch.Tensor,
    target: Target = None,
    *,
    layer: str | None = None,
    batch_size: int = 250,
) -> torch.Tensor:
    """Return Grad-CAM (Selvaraju 2017, 1610.02391), signed: the paper cuts it off below 0.

    Each channel is weighted with the *mean* of its gradient over the places. That is right
    where a mean over the places follows; after a flattening it is not (`hires_cam`).

    Args:
        images: n x channel x height x width.
        target: a class for all, or one for each image; None: the predicted one.
        layer: the name of the layer that is read; None: the last convolution, or the last
            block of them (`last_convolution`).

    Returns:
        The images' shape: the layer's map, drawn larger bilinearly.
    """
    return _cam(model, images, target, layer, batch_size, grad_cam_rule)


def hires_cam(
    model: nn.Module,
    images: torch.Tensor,
    target: Target = None,
    *,
    layer: str | None = None,
    batch_size: int = 250,
) -> torch.Tensor:
    """Return HiResCAM (Draelos & Carin 2020, 2011.08891), signed; called as `grad_cam` is.

    Each place of each channel is weighted with its own gradient. Equal to Grad-CAM where
    the gradient is the same at all places.
    """
    return _cam(model, images, target, layer, batch_size, hires_cam_rule)


def grad_cam_rule(activations: torch.Tensor, gradients: torch.Tensor) -> torch.Tensor:
    """Weigh channels by their mean gradient: n x channel x h x w, twice, to n x 1 x h x w."""
    return (gradients.mean((2, 3), keepdim=True) * activations).sum(1, keepdim=True)


def hires_cam_rule(activations: torch.Tensor, gradients: torch.Tensor) -> torch.Tensor:
    """Weigh every place by its gradient: n x channel x h x w, twice, to n x 1 x h x w."""
    return (gradients * activations).sum(1, keepdim=True)


def _cam(
    model: nn.Module,
    images: torch.Tensor,
    target: Target,
    layer: str | None,
    batch_size: int,
    rule: Rule,
) -> torch.Tensor:
    layer = last_convolution(model) if layer is None else layer
    with explaining(model, images, target) as (score, target), watching(model, layer) as seen:

        def explain(part: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
            seen.clear()
            with torch.enable_grad():
                total = score(part, classes).sum()
            output = _with_places(seen, layer)
            (slopes,) = torch.autograd.grad(total, output)
            small = rule(output.detach(), slopes)
            return interpolate(small, size=part.shape[-2:], mode="bilinear", align_corners=False)

        maps = in_batches(explain, images, target, batch_size=batch_size)
    return maps.expand_as(images).clone()


def _with_places(seen: list[torch.Tensor], layer: str) -> torch.Tensor:
    if not seen:
        raise ValueError(f"the network did not run its layer {layer!r}.")
    if seen[-1].dim() != 4:
        raise ValueError(
            f"layer {layer!r} puts out {tuple(seen[-1].shape)}: it has no places. Choose one "
            "that puts out n x channel x height x width, such as a convolution."
        )
    return seen[-1]
