"""Deletion and insertion: does the answer hang on the pixels that a map calls important?"""

from __future__ import annotations

import torch

from course_utils.saliency.masked import masked_scores
from course_utils.saliency.scores import Network, asking
from course_utils.targets import Target


def deletion_curve(
    network: Network,
    images: torch.Tensor,
    maps: torch.Tensor,
    target: Target = None,
    *,
    steps: int = 16,
    background: float | torch.Tensor = 0.0,
) -> torch.Tensor:
    """Return the class's probability while a map's highest pixels go first (Petsiuk 2018).

    A low area under the curve says that these pixels were needed, or that images without
    them look like nothing the network knows: compare with a random and a brightness map.

    Args:
        maps: the images' shape; channels are added up. Equal pixels go in reading order.
        steps: how many equal portions are taken away, one after the other.
        background: what takes the pixels' place: a number, or an image that broadcasts.

    Returns:
        n x (steps + 1): nothing gone, ..., everything gone.
    """
    return _curve(network, images, maps, target, steps, background, inserted=False)


def insertion_curve(
    network: Network,
    images: torch.Tensor,
    maps: torch.Tensor,
    target: Target = None,
    *,
    steps: int = 16,
    background: float | torch.Tensor = 0.0,
) -> torch.Tensor:
    """Return the class's probability while a map's highest pixels come first, from nothing.

    Called as `deletion_curve`; a high area is good.
    """
    return _curve(network, images, maps, target, steps, background, inserted=True)


def area(curves: torch.Tensor) -> torch.Tensor:
    """Return the area under each curve by the trapezoid rule, the whole width being 1; n."""
    return torch.trapezoid(curves, dim=1) / (curves.shape[1] - 1)


def _curve(
    network: Network,
    images: torch.Tensor,
    maps: torch.Tensor,
    target: Target,
    steps: int,
    background: float | torch.Tensor,
    inserted: bool,
) -> torch.Tensor:
    _check(images, maps, steps)
    behind = torch.as_tensor(background, dtype=images.dtype, device=images.device)
    behind = behind.expand_as(images)
    with asking(network, images, target) as (_, target):

        def probability(pictures: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            logs = network(pictures).to(pictures.device).log_softmax(1)
            return logs.gather(1, labels[:, None]).squeeze(1).exp()

        rows = []
        for image, label, one, back in zip(images, target, maps, behind, strict=True):
            masks = _first(one.detach().sum(0), steps)
            masks = masks if inserted else ~masks
            rows.append(
                masked_scores(probability, image[None], label[None], masks.to(image.device),
                              background=back, batch_size=250)
            )  # fmt: skip
    return torch.cat(rows)


def _first(values: torch.Tensor, steps: int) -> torch.Tensor:
    """True on the highest 0, 1/steps, ... 1 of the pixels: (steps + 1) x 1 x height x width."""
    order = values.flatten().argsort(descending=True, stable=True)
    rank = torch.empty_like(order)
    rank[order] = torch.arange(len(order), device=order.device)
    counts = torch.linspace(0, len(order), steps + 1, device=order.device).round()
    return (rank < counts[:, None]).view(steps + 1, 1, *values.shape)


def _check(images: torch.Tensor, maps: torch.Tensor, steps: int) -> None:
    if maps.shape != images.shape:
        raise ValueError(
            f"maps must have the images' shape {tuple(images.shape)}; got {tuple(maps.shape)}."
        )
    if not isinstance(steps, int) or not 1 <= steps <= images[0, 0].numel():
        raise ValueError(
            f"steps must be a whole number from 1 to the {images[0, 0].numel()} pixels; "
            f"got {steps!r}."
        )
