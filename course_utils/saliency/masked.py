"""Ask a network about an image with parts of it hidden: all that occlusion and RISE do."""

from __future__ import annotations

import torch

from course_utils.saliency.scores import Score, in_batches


@torch.no_grad()
def masked_scores(
    score: Score,
    images: torch.Tensor,
    target: torch.Tensor,
    masks: torch.Tensor,
    *,
    background: float | torch.Tensor,
    batch_size: int,
) -> torch.Tensor:
    """Return the score of each image under each mask, image x mask.

    Args:
        masks: mask x 1 x height x width in [0, 1]; 1 shows the image, 0 the background.
        background: a number, or an image that broadcasts.
    """
    behind = torch.as_tensor(background, dtype=images.dtype, device=images.device)
    behind = behind.expand_as(images)
    found = []
    for image, label, back in zip(images, target, behind, strict=True):

        def shown(part: torch.Tensor, image=image, label=label, back=back) -> torch.Tensor:
            pictures = back + part.to(image) * (image - back)
            return score(pictures, label.expand(len(part)))

        found.append(in_batches(shown, masks, batch_size=batch_size))
    return torch.stack(found)
