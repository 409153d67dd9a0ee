"""Matching: a student that learns its teacher's explanations along with its answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.functional import interpolate

from course_utils import distill
from course_utils.saliency.layers import last_convolution
from course_utils.training import Loss

KINDS = ("HiResCAM", "gradient")
"""The maps that can be matched; both are slopes, so that matching one trains on slopes."""


def matching_loss(
    teacher: nn.Module,
    weights: Mapping[str, float],
    *,
    temperature: float = 4.0,
    alpha: float = 0.9,
    shuffled: bool = False,
) -> Loss:
    """Return a loss for `training.train`: the teacher's answers, and its maps.

    distillation loss + for each kind of map: weight · (1 − correlation with the teacher's map)

    The maps are those of the teacher's answer, for both. The correlation is Pearson's, over
    the pixels that are not black, a mean over the batch. The teacher is put into eval mode,
    and never changed; no gradient reaches it.

    Args:
        weights: kind of map (one of KINDS) to its weight; {} is distillation alone.
        temperature, alpha: for `distill.distillation_loss`.
        shuffled: a control: match the teacher's maps of *other* images, the batch's next.
    """
    if unknown := set(weights) - set(KINDS):
        raise ValueError(f"no map is named {', '.join(sorted(unknown))}; use {', '.join(KINDS)}.")
    if negative := [kind for kind, weight in weights.items() if not weight >= 0]:
        raise ValueError(f"weights must be 0 or above; {', '.join(negative)} is not.")
    distill.check_options(temperature, alpha)
    teacher.eval()

    def match(student: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        wanted, theirs = maps(teacher.to(images.device), images, None, kinds=weights)
        classes = wanted.argmax(1)
        given, ours = maps(student, images, classes, kinds=weights, differentiable=True)
        total = distill.distillation_loss(
            given, wanted, labels, temperature=temperature, alpha=alpha
        )
        for kind, weight in weights.items():
            goal = theirs[kind].roll(1, 0) if shuffled else theirs[kind]
            seen = images > 0
            total = total + weight * (1 - correlation(ours[kind], goal, where=seen).mean())
        return total

    return match


def maps(
    network: nn.Module,
    images: torch.Tensor,
    classes: torch.Tensor | None,
    *,
    kinds: Mapping[str, float] | tuple[str, ...] = KINDS,
    differentiable: bool = False,
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Return logits, and by kind the maps that `saliency` gives, n x channel x height x width.

    Args:
        classes: the class to explain, n; None: the network's answers.
        differentiable: keep the graph, so that a loss of the maps trains the network. Else
            logits and maps are constants.
    """
    seen: list[torch.Tensor] = []
    images = images.detach().requires_grad_("gradient" in kinds)
    with torch.enable_grad(), _listening(network, seen, wanted="HiResCAM" in kinds):
        logits = network(images)
        classes = logits.argmax(1) if classes is None else classes
        score = logits.gather(1, classes[:, None]).sum()
        asked = seen + [images] * ("gradient" in kinds)
        slopes = list(torch.autograd.grad(score, asked, create_graph=differentiable,
                                          retain_graph=True)) if asked else []  # fmt: skip
    found = {}
    if "HiResCAM" in kinds:
        small = (slopes.pop(0) * seen[0]).sum(1, keepdim=True)
        large = interpolate(small, size=images.shape[-2:], mode="bilinear", align_corners=False)
        found["HiResCAM"] = large.expand_as(images)
    if "gradient" in kinds:
        found["gradient"] = slopes.pop(0)
    if differentiable:
        return logits, found
    return logits.detach(), {kind: one.detach() for kind, one in found.items()}


def correlation(
    maps: torch.Tensor, others: torch.Tensor, *, where: torch.Tensor, least: float = 1e-8
) -> torch.Tensor:
    """Return Pearson's correlation of two sets of maps over the pixels of `where`, n.

    A map that is constant there correlates with nothing: 0. Not the rank correlation of
    `fusion.agreement`, which has no slope to learn by.

    Args:
        where: bool of the maps' shape.
        least: what counts as a constant map's norm, so that slopes stay finite.
    """
    mask = where.flatten(1).to(maps.dtype)
    count = mask.sum(1, keepdim=True).clamp(min=1)
    centred = []
    for one in (maps, others):
        flat = one.flatten(1)
        mean = (flat * mask).sum(1, keepdim=True) / count
        centred.append((flat - mean) * mask)
    a, b = (one / one.square().sum(1, keepdim=True).clamp(min=least**2).sqrt() for one in centred)
    return (a * b).sum(1)


@contextmanager
def _listening(network: nn.Module, seen: list[torch.Tensor], *, wanted: bool) -> Iterator[None]:
    """Collect what the last convolution puts out; the hook goes with the block."""
    if not wanted:
        yield
        return
    layer = network.get_submodule(last_convolution(network))
    hook = layer.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    try:
        yield
    finally:
        hook.remove()
