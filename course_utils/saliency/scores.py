"""The number that an explanation explains: the logit of a class, for each image."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from course_utils.models import evaluating
from course_utils.targets import Target, target_classes

Network = Callable[[torch.Tensor], torch.Tensor]
Score = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@contextmanager
def asking(
    network: Network, images: torch.Tensor, target: Target = None
) -> Iterator[tuple[Score, torch.Tensor]]:
    """Give (score, target) of any network; a module is in eval mode meanwhile, even after a crash.

    `score(images, target)` is the logit of each image's target, n; target is n class indices.
    """

    def score(images: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return network(images).to(images.device).gather(1, target[:, None]).squeeze(1)

    with evaluating(network):
        yield score, target_classes(network, images, target)


@contextmanager
def explaining(
    model: nn.Module, images: torch.Tensor, target: Target = None
) -> Iterator[tuple[Score, torch.Tensor]]:
    """Give what `asking` gives, for methods that need gradients.

    Raises:
        TypeError: the network is no module of PyTorch, so it has none.
    """
    needs_gradients(model)
    with asking(model, images, target) as given:
        yield given


def needs_gradients(model: object) -> None:
    """Refuse a network without gradients, and name the methods that do without."""
    if not isinstance(model, nn.Module):
        raise TypeError(
            f"{type(model).__name__} has no gradients (an integer network has none): explain "
            f"it with a method that only asks for predictions, such as occlusion, RISE or LIME."
        )


def pixel_gradient(score: Score, images: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the slope of each image's score at each of its pixels, the images' shape."""
    images = images.detach().requires_grad_()
    with torch.enable_grad():
        (found,) = torch.autograd.grad(score(images, target).sum(), images)
    return found


def in_batches(
    explain: Callable[..., torch.Tensor], *rows: torch.Tensor, batch_size: int
) -> torch.Tensor:
    """Return `explain(*parts)` of all rows, called on `batch_size` of them at a time."""
    if not isinstance(batch_size, int) or batch_size < 1:
        raise ValueError(f"batch_size must be a whole number, 1 or more; got {batch_size!r}.")
    parts = zip(*(part.split(batch_size) for part in rows), strict=True)
    return torch.cat([explain(*part) for part in parts])
