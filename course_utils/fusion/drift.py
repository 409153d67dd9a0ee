"""Drift: how far a network's explanations move when the network is changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch.nn.functional import max_pool2d

from course_utils import saliency, shapley, surrogate
from course_utils.fusion.agreement import agreement

SIDE = 4
"""Squares in a row, for the explainers that switch squares off and on."""


@dataclass(frozen=True)
class Explainer:
    """One way of explaining, with the settings that it keeps for every network.

    Attributes:
        method: from (network, images, classes) to maps of the images' shape.
        side: how many squares in a row share one value; None: every pixel has its own.
    """

    method: Callable[..., torch.Tensor]
    side: int | None = None

    def agreement(
        self, images: torch.Tensor, maps: torch.Tensor, others: torch.Tensor
    ) -> torch.Tensor:
        """Return how far two sets of its maps agree, n; what is black in an image is left out."""
        seen = (images > 0).any(1, keepdim=True).expand_as(images)
        if self.side is not None:
            step = images.shape[-1] // self.side
            seen = max_pool2d(seen.float(), step) > 0
            maps, others = (x[..., step // 2 :: step, step // 2 :: step] for x in (maps, others))
        return agreement(maps, others, where=seen)


def _lime(network, images, classes, *, seed: int = 0):
    segments = surrogate.grid_segments(*images.shape[-2:], SIDE)
    return surrogate.lime(network, images, classes, segments=segments, log_odds=True,
                          samples=200, seed=seed)  # fmt: skip


def _shapley(network, images, classes, *, seed: int = 0):
    segments = surrogate.grid_segments(*images.shape[-2:], SIDE)
    return shapley.of_segments(network, images, classes, segments=segments, orders=20, seed=seed)


EXPLAINERS: dict[str, Explainer] = {
    "gradient": Explainer(saliency.gradient),
    "integrated gradients": Explainer(
        lambda network, images, classes: saliency.integrated_gradients(
            network, images, classes, steps=32
        )
    ),
    "HiResCAM": Explainer(saliency.hires_cam),
    "occlusion": Explainer(saliency.occlusion),
    "LIME": Explainer(_lime, SIDE),
    "Shapley": Explainer(_shapley, SIDE),
}
"""By name. LIME and Shapley ask the same masks of every network: only the network differs."""


def explain(
    network: Callable[[torch.Tensor], torch.Tensor],
    images: torch.Tensor,
    classes: torch.Tensor,
    *,
    explainers: Mapping[str, Explainer] = EXPLAINERS,
) -> dict[str, torch.Tensor]:
    """Return each explainer's maps of the images, n x channel x height x width, by its name.

    Args:
        classes: the class to explain, n: the same for every network that is compared.
    """
    return {name: one.method(network, images, classes) for name, one in explainers.items()}


def drift(
    images: torch.Tensor,
    before: Mapping[str, torch.Tensor],
    after: Mapping[str, torch.Tensor],
    *,
    explainers: Mapping[str, Explainer] = EXPLAINERS,
) -> dict[str, torch.Tensor]:
    """Return by explainer how far the maps before and after agree, image by image, n in [-1, 1].

    1: nothing moved. What drift means is read beside two controls: the maps of another seed's
    network, and shuffled maps.

    Args:
        before, after: maps as `explain` returns them.
    """
    alone = sorted(set(before) ^ set(after))
    if alone:
        raise ValueError(f"only one side has maps of {', '.join(alone)}; explain both alike.")
    return {name: explainers[name].agreement(images, maps, after[name])
            for name, maps in before.items()}  # fmt: skip
