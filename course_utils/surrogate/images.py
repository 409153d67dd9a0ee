"""LIME for images: a feature is a segment, and off means painted over."""

from __future__ import annotations

from collections.abc import Callable

import torch

from course_utils.models import evaluating
from course_utils.surrogate.core import Score, fit_line
from course_utils.targets import Target, target_classes

Network = Callable[[torch.Tensor], torch.Tensor]


def lime(
    network: Network,
    images: torch.Tensor,
    target: Target = None,
    *,
    segments: torch.Tensor | None = None,
    background: float = 0.0,
    log_odds: bool = False,
    samples: int = 500,
    kernel_width: float = 0.25,
    ridge: float = 1e-3,
    seed: int = 0,
    batch_size: int = 500,
) -> torch.Tensor:
    """Attribute a class's probability to segments of images.

    Needs predictions only: any callable from images to logits will do, integers included.
    A module is in eval mode meanwhile, even after a crash.

    Args:
        images: n x channel x height x width, as the network takes them.
        target: a class, or one for each image; None: the predicted one.
        segments: height x width, whole numbers from 0, or one such plane for each image;
            None: a grid of 4 x 4 squares.
        background: the value of a segment that is off.
        log_odds: explain log(p / (1 - p)) instead of p; it does not saturate.
        batch_size: how many changed images are alive at a time.

    Returns:
        n x channel x height x width: each pixel carries its segment's weight.
    """
    planes = _planes(segments, images)
    maps = []
    with evaluating(network):
        classes = target_classes(network, images, target)
        for image, label, plane in zip(images, classes.tolist(), planes, strict=True):
            score = switched_image(network, image, label, segments=plane, background=background,
                                   log_odds=log_odds, batch_size=batch_size)  # fmt: skip
            line = fit_line(score, int(plane.max()) + 1, samples=samples,
                            kernel_width=kernel_width, ridge=ridge, seed=seed)  # fmt: skip
            maps.append(line.weights[plane].to(image.dtype).expand_as(image))
    return torch.stack(maps).to(images.device)


def switched_image(
    network: Network,
    image: torch.Tensor,
    label: int,
    *,
    segments: torch.Tensor,
    background: float = 0.0,
    log_odds: bool = False,
    batch_size: int = 500,
) -> Score:
    """Return the score that `fit_line` asks: segments that are off are painted over.

    The network is asked in the mode it is in; the other arguments are those of `lime`.
    """

    def score(masks: torch.Tensor) -> torch.Tensor:
        found = masked_log_odds(network, image, label, masks, segments=segments,
                                background=background, batch_size=batch_size)  # fmt: skip
        return found if log_odds else found.sigmoid()

    return score


@torch.no_grad()
def masked_log_odds(
    network: Network,
    image: torch.Tensor,
    label: int,
    masks: torch.Tensor,
    *,
    segments: torch.Tensor,
    background: float = 0.0,
    batch_size: int = 500,
) -> torch.Tensor:
    """Return the log-odds of a class with segments painted over, one for each mask, float64.

    Its sigmoid is the probability.

    Args:
        image: channel x height x width.
        masks: samples x segments of 0 (painted over) and 1.
    """
    found = []
    for part in masks.to(image).split(batch_size):
        shown = part[:, segments.to(image.device)][:, None]
        pictures = shown * image + (1 - shown) * background
        found.append(probability(network, pictures, label, log_odds=True).cpu())
    return torch.cat(found)


def grid_segments(height: int, width: int, side: int) -> torch.Tensor:
    """Return height x width segment numbers: side x side rectangles, row by row from 0."""
    if not 1 <= side <= min(height, width):
        raise ValueError(f"side must be from 1 to {min(height, width)}; got {side}.")
    rows, columns = torch.arange(height) * side // height, torch.arange(width) * side // width
    return rows[:, None] * side + columns


def merge_blank(
    segments: torch.Tensor, images: torch.Tensor, *, background: float = 0.0
) -> torch.Tensor:
    """Return segments for each image in which all those that show only background are one.

    Painting such a segment over changes nothing: its weight is noise around zero.

    Args:
        segments: height x width, whole numbers.

    Returns:
        n x height x width: the others are numbered from 0 in their old order, the blank one
        has the last number.
    """
    planes = []
    for image in images:
        seen = segments.to(image.device)[(image != background).any(0)].unique()
        number = torch.full((int(segments.max()) + 1,), len(seen), device=image.device)
        number[seen] = torch.arange(len(seen), device=image.device)
        planes.append(number[segments.to(image.device)])
    return torch.stack(planes)


@torch.no_grad()
def probability(
    network: Network, images: torch.Tensor, label: int, *, log_odds: bool = False, batch: int = 500
) -> torch.Tensor:
    """Return the probability of a class for each image, n; or its log-odds."""
    logs = torch.cat([network(part) for part in images.split(batch)]).double().log_softmax(1)
    if not log_odds:
        return logs[:, label].exp()
    others = torch.cat([logs[:, :label], logs[:, label + 1 :]], 1).logsumexp(1)
    return logs[:, label] - others


def _planes(segments: torch.Tensor | None, images: torch.Tensor) -> torch.Tensor:
    """Segment numbers for each image, n x height x width, on the CPU."""
    height, width = images.shape[-2:]
    segments = grid_segments(height, width, 4) if segments is None else segments.cpu()
    if segments.shape not in ((height, width), (len(images), height, width)):
        raise ValueError(
            f"segments must be {height} x {width}, or {len(images)} such planes; got "
            f"{tuple(segments.shape)}."
        )
    if segments.is_floating_point() or (segments.numel() and segments.min() < 0):
        raise ValueError(f"segments must be whole numbers from 0; got {segments.dtype}.")
    return segments.long().expand(len(images), height, width)
