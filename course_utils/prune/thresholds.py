"""Activation thresholds: what is small enough at run time counts as nothing."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping

import torch
from torch import nn

from course_utils.prune.activations import rectifiers, zero_counts


class ThresholdReLU(nn.ReLU):
    """Lets through what is above 0 and not below a threshold, unchanged; the rest is zero.

    The forced-activation-threshold ReLU (Kurtz 2020, PMLR 119). Threshold 0 is a ReLU.
    """

    def __init__(self, threshold: float) -> None:
        super().__init__()
        self.threshold = threshold

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.where(x < self.threshold, 0.0, x.relu())

    def extra_repr(self) -> str:
        return f"threshold={self.threshold:g}"


def thresholded(model: nn.Module, threshold: float | Mapping[str, float]) -> nn.Module:
    """Return a copy in which activations below the threshold are zero.

    A zero activation could save its multiplications, on machines that skip them; here it
    only tells how many could be saved: `activation_sparsity` counts. No hooks are used. The
    network's file does not keep thresholds: `save_network` would write a network without.

    Args:
        threshold: for all layers with an nn.ReLU behind them, or {layer name: threshold} for
            some; 0 or more, in units of the activations. It replaces an earlier one.
    """
    relus = rectifiers(model)
    wanted = threshold if isinstance(threshold, Mapping) else dict.fromkeys(relus, threshold)
    if unknown := set(wanted) - set(relus):
        raise ValueError(
            f"no ReLU stands behind {', '.join(sorted(unknown))}; layers with one are "
            f"{', '.join(relus)}."
        )
    changed = copy.deepcopy(model)
    for layer, value in wanted.items():
        if not (value >= 0 and math.isfinite(value)):
            raise ValueError(
                f"a threshold is 0 or more, for nothing behind a ReLU is negative; got {value!r}."
            )
        old = changed.get_submodule(relus[layer])
        changed.set_submodule(relus[layer], ThresholdReLU(value).train(old.training))
    return changed


def activation_sparsity(model: nn.Module, images: torch.Tensor) -> float:
    """Return the share of zeros among all numbers behind the ReLUs of the layers.

    Layers with many activations weigh more; `apoz` tells layers and units apart.
    """
    counts = zero_counts(model, images).values()
    zeros = sum(int(zeros.sum()) for zeros, _ in counts)
    return zeros / sum(len(zeros) * places for zeros, places in counts)
