"""Taylor scores: which units would be missed, asked of the loss."""

from __future__ import annotations

from contextlib import ExitStack

import torch
from torch import nn
from torch.nn import functional as F

from course_utils import fusion
from course_utils.models import evaluating
from course_utils.prune.activations import rectifiers


def taylor(
    model: nn.Module, images: torch.Tensor, labels: torch.Tensor, *, batch_size: int = 250
) -> dict[str, torch.Tensor]:
    """Return layer -> each unit's Taylor score (Molchanov 2017, 1611.06440).

    About how far the cross-entropy of an image would move, on average, if the unit were
    silent: `fusion.taylor_scores` behind the nn.ReLU of every layer that has one. A unit that
    is always zero scores 0. For `idlest` and `structure.remove_filters`, the lowest go.

    Args:
        model: as for `apoz`.
        images, labels: as for `training.evaluate`; never the test set.
    """
    if len(images) != len(labels) or len(images) == 0:
        raise ValueError(f"{len(images)} images came with {len(labels)} labels; pair them.")
    totals: dict[str, torch.Tensor] = {}
    outputs: dict[str, torch.Tensor] = {}
    with ExitStack() as stack:
        stack.enter_context(evaluating(model))
        stack.enter_context(torch.enable_grad())
        for layer, relu in rectifiers(model).items():
            hook = model.get_submodule(relu).register_forward_hook(_keep(outputs, layer))
            stack.callback(hook.remove)
        for x, y in zip(images.split(batch_size), labels.split(batch_size), strict=True):
            loss = F.cross_entropy(model(x.detach().requires_grad_()), y, reduction="sum")
            slopes = torch.autograd.grad(loss, list(outputs.values()))
            for (layer, output), slope in zip(outputs.items(), slopes, strict=True):
                moved = fusion.taylor_scores(output, slope) * len(x)
                totals[layer] = totals.get(layer, 0) + moved
    return {layer: total / len(images) for layer, total in totals.items()}


def _keep(outputs: dict[str, torch.Tensor], layer: str):
    def hook(relu: nn.Module, inputs: tuple, output: torch.Tensor) -> None:
        outputs[layer] = output

    return hook
