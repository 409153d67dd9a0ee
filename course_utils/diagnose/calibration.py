"""Is a network right as often as it is sure? Reliability, its error, and temperature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from course_utils.spread import mean_and_error

Equal = Literal["width", "mass"]


@dataclass(frozen=True)
class Reliability:
    """Images in groups of like confidence, from least sure to surest; empty groups left out.

    Attributes:
        count: images in each group.
        confidence: mean confidence in each group.
        accuracy: share of right answers in each group.
    """

    count: Tensor
    confidence: Tensor
    accuracy: Tensor

    @property
    def ece(self) -> float:
        """The expected calibration error: mean |accuracy − confidence|, weighted by images."""
        gaps = (self.accuracy - self.confidence).abs()
        return ((gaps * self.count).sum() / self.count.sum()).item()

    @property
    def error(self) -> Tensor:
        """Standard error of each group's accuracy, if it were as sure as it should be."""
        return (self.confidence * (1 - self.confidence) / self.count).sqrt()


def reliability(
    probabilities: Tensor, labels: Tensor, *, bins: int = 15, equal: Equal = "width"
) -> Reliability:
    """Group images by the probability of the predicted class.

    Args:
        probabilities: n x class, rows summing to 1.
        bins: number of groups.
        equal: groups of equal "width" on the axis of confidence (Guo 2017, 1706.04599), each
            without its lower end; or of equal "mass", as many images in each, give or take one.
    """
    _check(probabilities, labels, bins)
    sure, answers = probabilities.double().max(1)
    right = (answers == labels.to(answers.device)).double()
    if equal == "width":
        place = ((sure * bins).ceil().long() - 1).clamp(0, bins - 1)
    elif equal == "mass":
        rank = torch.empty_like(answers)
        rank[sure.argsort(stable=True)] = torch.arange(len(sure), device=sure.device)
        place = rank * bins // len(sure)
    else:
        raise ValueError(f"equal must be 'width' or 'mass'; got {equal!r}.")
    count = place.bincount(minlength=bins)
    full = count > 0
    means = [place.bincount(part, minlength=bins)[full] / count[full] for part in (sure, right)]
    return Reliability(count[full], *means)


def ece(probabilities: Tensor, labels: Tensor, *, bins: int = 15, equal: Equal = "width") -> float:
    """The expected calibration error, a share: 0 is perfect, but few images never give 0."""
    return reliability(probabilities, labels, bins=bins, equal=equal).ece


def ece_if_calibrated(
    probabilities: Tensor,
    *,
    bins: int = 15,
    equal: Equal = "width",
    draws: int = 20,
    seed: int = 0,
) -> Tensor:
    """The ECE that a perfectly calibrated network would show on as many images, one a draw.

    Labels are drawn from the network's own probabilities, so its confidence is right by
    construction. What remains is the noise that counting adds: the floor of the measure.
    """
    if draws < 1:
        raise ValueError(f"draws must be 1 or more; got {draws}.")
    chance = torch.Generator().manual_seed(seed)
    weights = probabilities.cpu().double()
    return torch.tensor([
        ece(weights, torch.multinomial(weights, 1, generator=chance)[:, 0], bins=bins, equal=equal)
        for _ in range(draws)
    ], dtype=torch.float64)  # fmt: skip


def overconfidence(probabilities: Tensor, labels: Tensor) -> tuple[float, float]:
    """Mean confidence minus accuracy, and its standard error; above 0 is too sure."""
    _check(probabilities, labels, 1)
    sure, answers = probabilities.double().max(1)
    gaps = sure - (answers == labels.to(answers.device)).double()
    return mean_and_error(gaps)


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature T for which softmax(logits / T) gives the labels the highest likelihood.

    Newton's method on 1/T, in which the mean cross-entropy is convex: one best place. Fit on
    images that the network was not trained on (Guo 2017, 1706.04599).

    Raises:
        ValueError: no finite T is best, such as when every answer is right.
    """
    _check(logits.softmax(1), labels, 1)
    logits, labels = logits.double(), labels.to(logits.device)
    scores = logits - logits.gather(1, labels[:, None])  # 0 for the label
    sharp = torch.ones((), dtype=torch.float64, device=logits.device)
    for _ in range(100):
        p = (sharp * scores).softmax(1)
        mean = (p * scores).sum(1)
        slope, bend = mean.mean(), ((p * scores**2).sum(1) - mean**2).mean()
        step = (slope / bend.clamp(min=1e-12)).clamp(-sharp, sharp / 2)
        sharp = (sharp - step).clamp(min=1e-4)
        if step.abs() < 1e-9 * sharp:
            return 1 / sharp.item()
        if sharp > 1e4 or sharp <= 1e-4:
            break
    raise ValueError(
        "no finite temperature fits these labels best: either every answer is right, or the "
        "logits say nothing about the labels. Fit on more images that were not trained on."
    )


def at_temperature(logits: Tensor, temperature: float) -> Tensor:
    """Probabilities softmax(logits / T): above 1 softens, below 1 sharpens; answers stay."""
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0; got {temperature}.")
    return (logits.double() / temperature).softmax(1)


def log_loss(probabilities: Tensor, labels: Tensor) -> float:
    """Mean of −log p(label): unlike the ECE, it cannot be good by being vague."""
    _check(probabilities, labels, 1)
    chosen = probabilities.double().clamp(min=1e-12).log()
    return F.nll_loss(chosen, labels.to(chosen.device)).item()


def _check(probabilities: Tensor, labels: Tensor, bins: int) -> None:
    if probabilities.dim() != 2 or len(probabilities) != len(labels) or len(labels) == 0:
        raise ValueError(
            f"probabilities must be n x class and labels n; got {tuple(probabilities.shape)} and "
            f"{tuple(labels.shape)}."
        )
    sums = probabilities.double().sum(1)
    if probabilities.min() < 0 or (sums - 1).abs().max() > 1e-3:
        raise ValueError(
            "each row of probabilities must sum to 1, with nothing below 0; these sum to "
            f"{sums.min():.3g} to {sums.max():.3g}. Are they logits? Take .softmax(1)."
        )
    if isinstance(bins, bool) or not isinstance(bins, int) or bins < 1:
        raise ValueError(f"bins must be a whole number, 1 or more; got {bins!r}.")
