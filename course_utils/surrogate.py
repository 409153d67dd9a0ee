"""LIME: a linear model that stands in for a network around one input (Ribeiro 2016, 1602.04938).

One core serves images, tables and text: switch features off at random, watch the score,
fit a weighted line. What "off" means is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from course_utils.targets import Target, target_classes

Score = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Surrogate:
    """A line fitted around one input.

    `weights[i]` is what feature i, switched on, adds to the score (features); `intercept`
    the score with all off; `fit` the weighted R² on its own samples, 1 when the score is a
    line there.
    """

    weights: torch.Tensor
    intercept: float
    fit: float


def fit_line(
    score: Score,
    features: int,
    *,
    samples: int = 500,
    kernel_width: float = 0.25,
    ridge: float = 1e-3,
    seed: int = 0,
) -> Surrogate:
    """Fit the line: the core of LIME.

    Args:
        score: from on/off masks, samples x features of 0 and 1, to a score each, samples.
        samples: how many masks are tried; the first has everything on.
        kernel_width: how fast a mask's weight falls with its distance from all-on:
            exp(-d² / width²), d the cosine distance 1 - sqrt(share on).
        ridge: penalty on the weights; 0 is plain least squares.
    """
    _check(features, samples, kernel_width, ridge)
    generator = torch.Generator().manual_seed(seed)
    masks = torch.randint(0, 2, (samples, features), generator=generator).double()
    masks[0] = 1
    values = score(masks.float()).detach().double().cpu()
    distance = 1 - masks.mean(1).sqrt()
    nearness = torch.exp(-((distance / kernel_width) ** 2))
    return _weighted_ridge(masks, values, nearness, ridge)


def lime(
    network: Callable[[torch.Tensor], torch.Tensor],
    images: torch.Tensor,
    target: Target = None,
    *,
    segments: torch.Tensor | None = None,
    background: float = 0.0,
    log_odds: bool = False,
    samples: int = 500,
    kernel_width: float = 0.25,
    ridge: float = 1e-3,
    seed: int = 0,
) -> torch.Tensor:
    """Attribute a class's probability to segments of images.

    Needs predictions only: any callable from images to logits will do, integers included.

    Args:
        images: n x channel x height x width, as the network takes them.
        target: a class, or one for each image; None: the predicted one.
        segments: height x width, whole numbers from 0; None: a grid of 4 x 4 squares.
        background: the value of a segment that is off.
        log_odds: explain log(p / (1 - p)) instead of p; it does not saturate.

    Returns:
        n x channel x height x width: each pixel carries its segment's weight.
    """
    height, width = images.shape[-2:]
    segments = grid_segments(height, width, 4) if segments is None else segments
    if segments.shape != (height, width):
        raise ValueError(f"segments must be {height} x {width}; got {tuple(segments.shape)}.")
    count = int(segments.max()) + 1
    classes = target_classes(network, images, target)
    maps = []
    for image, label in zip(images, classes.tolist(), strict=True):

        def score(masks, image=image, label=label):
            shown = masks.to(image.device)[:, segments.to(image.device)][:, None]
            pictures = shown * image + (1 - shown) * background
            return probability(network, pictures, label, log_odds=log_odds)

        found = fit_line(score, count, samples=samples, kernel_width=kernel_width, ridge=ridge,
                         seed=seed)  # fmt: skip
        maps.append(found.weights[segments].to(image.dtype).expand_as(image))
    return torch.stack(maps).to(images.device)


def grid_segments(height: int, width: int, side: int) -> torch.Tensor:
    """Return height x width segment numbers: side x side rectangles, row by row from 0."""
    if not 1 <= side <= min(height, width):
        raise ValueError(f"side must be from 1 to {min(height, width)}; got {side}.")
    rows, columns = torch.arange(height) * side // height, torch.arange(width) * side // width
    return rows[:, None] * side + columns


@torch.no_grad()
def probability(
    network: Callable, images: torch.Tensor, label: int, *, log_odds: bool = False, batch: int = 500
) -> torch.Tensor:
    """Return the probability of a class for each image, n; or its log-odds."""
    logs = torch.cat([network(part) for part in images.split(batch)]).log_softmax(1).double()
    if not log_odds:
        return logs[:, label].exp()
    others = torch.cat([logs[:, :label], logs[:, label + 1 :]], 1).logsumexp(1)
    return logs[:, label] - others


def _weighted_ridge(x: torch.Tensor, y: torch.Tensor, w: torch.Tensor, ridge: float) -> Surrogate:
    """Solve min Σ w (y - a - x·b)² + ridge |b|²; the intercept a is not penalised."""
    share = w / w.sum()
    x_mean, y_mean = share @ x, share @ y
    x, y = x - x_mean, y - y_mean
    gram = x.T @ (x * w[:, None]) + ridge * torch.eye(x.shape[1], dtype=x.dtype)
    weights = torch.linalg.lstsq(gram, x.T @ (w * y)[:, None], driver="gelsd").solution[:, 0]
    left, total = w @ (y - x @ weights) ** 2, w @ y**2
    fit = 1 - left / total if total > 0 else torch.tensor(0.0)
    return Surrogate(weights, float(y_mean - x_mean @ weights), float(fit))


def _check(features: int, samples: int, kernel_width: float, ridge: float) -> None:
    if features < 1:
        raise ValueError(f"there must be at least one feature; got {features}.")
    if samples <= features:
        raise ValueError(
            f"{samples} samples cannot settle {features} weights; give more samples than features."
        )
    if not kernel_width > 0 or ridge < 0:
        raise ValueError(
            f"kernel_width must be above 0 and ridge not below; got {kernel_width} and {ridge}."
        )
