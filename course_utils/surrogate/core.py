"""The core of LIME: random masks, a weight for each, and the line through the scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

Score = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Surrogate:
    """A line fitted around one input.

    Attributes:
        weights: `weights[i]` is what feature i, switched on, adds to the score; features, float64.
        intercept: the score that the line gives with all features off.
        fit: the weighted R² on the line's own samples, 1 when the score is a line there.
        effective: as many samples of equal weight would know as much, (Σw)² / Σw² (Kish 1965).
    """

    weights: torch.Tensor
    intercept: float
    fit: float
    effective: float


def fit_line(
    score: Score,
    features: int,
    *,
    samples: int = 500,
    kernel_width: float = 0.25,
    ridge: float = 1e-3,
    seed: int = 0,
    masks: torch.Tensor | None = None,
) -> Surrogate:
    """Fit the line: the core of LIME.

    Args:
        score: from on/off masks, samples x features of 0 and 1, to a score each, samples.
        samples: how many masks are tried; the first has everything on.
        kernel_width: how fast a mask's weight falls with its distance, see `nearness`.
        ridge: penalty on the weights; 0 is plain least squares.
        masks: these, instead of drawing `samples` of them from `seed`.
    """
    if masks is None:
        _check(samples, features)
        masks = draw_masks(samples, features, seed=seed)
    elif masks.dim() != 2 or masks.shape[1] != features:
        raise ValueError(f"masks must be samples x {features}; got {tuple(masks.shape)}.")
    values = score(masks.float())
    return weighted_line(masks, values, nearness(masks, kernel_width), ridge=ridge)


def draw_masks(samples: int, features: int, *, seed: int = 0) -> torch.Tensor:
    """Return samples x features of 0 and 1, a fair coin for each; the first row is all on."""
    generator = torch.Generator().manual_seed(seed)
    masks = torch.randint(0, 2, (samples, features), generator=generator).double()
    masks[:1] = 1
    return masks


def nearness(masks: torch.Tensor, kernel_width: float) -> torch.Tensor:
    """Return each mask's weight, exp(-d² / kernel_width²), samples.

    d is the cosine distance to the mask with all on, 1 - sqrt(share on): 0 with all on, 1
    with all off. The package `lime` takes the square root of the weight: its width of 0.25
    is 0.25 · √2 here.
    """
    if not kernel_width > 0:
        raise ValueError(f"kernel_width must be above 0; got {kernel_width!r}.")
    distance = 1 - masks.double().mean(1).sqrt()
    return torch.exp(-((distance / kernel_width) ** 2))


def weighted_line(
    x: torch.Tensor, y: torch.Tensor, weight: torch.Tensor, *, ridge: float = 1e-3
) -> Surrogate:
    """Solve min Σ weight (y - a - x·b)² + ridge |b|²; the intercept a is not penalised.

    Args:
        x: samples x features: on/off masks, or any numbers.
        y: a score for each sample.
        weight: how much each sample counts, samples.
    """
    if ridge < 0:
        raise ValueError(f"ridge must not be below 0; got {ridge!r}.")
    x, y, weight = (part.detach().double().cpu() for part in (x, y, weight))
    if y.shape != (len(x),):
        raise ValueError(
            f"the score must give one number for each of {len(x)} samples; got shape "
            f"{tuple(y.shape)}."
        )
    share = weight / weight.sum()
    x_mean, y_mean = share @ x, share @ y
    x, y = x - x_mean, y - y_mean
    gram = x.T @ (x * weight[:, None]) + ridge * torch.eye(x.shape[1], dtype=x.dtype)
    slopes = x.T @ (weight * y)
    weights = torch.linalg.lstsq(gram, slopes[:, None], driver="gelsd").solution[:, 0]
    left, total = weight @ (y - x @ weights) ** 2, weight @ y**2
    fit = 1 - left / total if total > 0 else torch.tensor(0.0)
    effective = 1 / (share**2).sum()
    return Surrogate(weights, float(y_mean - x_mean @ weights), float(fit), float(effective))


def _check(samples: int, features: int) -> None:
    if features < 1:
        raise ValueError(f"there must be at least one feature; got {features}.")
    if samples <= features:
        raise ValueError(
            f"{samples} samples cannot settle {features} weights; give more samples than features."
        )
