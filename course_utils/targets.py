"""Which class an explanation is about: every method of explaining asks here."""

from __future__ import annotations

from collections.abc import Callable

import torch

Target = int | torch.Tensor | None


def target_classes(
    network: Callable[[torch.Tensor], torch.Tensor], images: torch.Tensor, target: Target = None
) -> torch.Tensor:
    """Return the class to explain for each image, n class indices on the images' device.

    Args:
        target: a class for all, or one for each image (n, whole numbers); None: the class
            that the network predicts.
    """
    with torch.no_grad():
        logits = torch.cat([network(part) for part in images.split(250)])
    if target is None:
        return logits.argmax(1).to(images.device)
    classes = torch.as_tensor(target, device=images.device)
    whole = not (classes.is_floating_point() or classes.dtype == torch.bool)
    if not whole or classes.shape not in ((), (len(images),)):
        raise ValueError(
            f"target must be one class for all images or {len(images)} class indices, one an "
            f"image; got {target!r}."
        )
    if classes.numel() and (classes.min() < 0 or classes.max() >= logits.shape[1]):
        raise ValueError(f"target must be a class from 0 to {logits.shape[1] - 1}; got {target!r}.")
    return classes.long().expand(len(images))
