"""A sparse head: a last layer in which each class reads few features."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.models import Network, weighted_layer


class Head(NamedTuple):
    """A linear layer on standardised features: class x feature, and one bias a class.

    Attributes:
        mean, spread: one number a feature; (feature − mean) / spread is what is weighed.
        varies: bool, one a feature; one that does not vary has spread 1, and `fit` gives it
            no weight.
    """

    weight: Tensor
    bias: Tensor
    mean: Tensor
    spread: Tensor
    varies: Tensor

    def __call__(self, features: Tensor) -> Tensor:
        """Map features, n x feature, to logits, n x class."""
        return F.linear((features - self.mean) / self.spread, self.weight, self.bias)

    def contributions(self, features: Tensor) -> Tensor:
        """Return what each feature adds to each class against the mean image: n x class x feature.

        Their sum over the features, plus the bias, is the logit.
        """
        return self.weight * ((features - self.mean) / self.spread)[:, None, :]

    @property
    def per_class(self) -> float:
        """How many features a class reads, on average."""
        return (self.weight != 0).sum().item() / len(self.weight)


def fit(
    features: Tensor,
    targets: Tensor,
    *,
    strength: float,
    mix: float = 0.99,
    allowed: Tensor | None = None,
    start: Head | None = None,
    steps: int = 200,
) -> Head:
    """Return the head of least loss under an elastic net (Wong 2021, 2105.04857).

    mean cross-entropy + strength · (mix · Σ|w| + (1 − mix)/2 · Σw²), weights of standardised
    features; biases are free. Found by accelerated proximal gradient steps (FISTA, Beck &
    Teboulle 2009): weights that the |w| term outweighs become exactly 0.

    Args:
        features: n x feature, of training images.
        targets: class indices, n.
        strength: 0 or above; 0 is plain logistic regression.
        allowed: bool, class x feature: all other weights stay 0; None: none must.
        start: a head of the same features, to begin from.
    """
    _check(features, targets, strength, mix)
    mean, spread, varies = _scales(features)
    x, classes = (features - mean) / spread, int(targets.max()) + 1
    weight = torch.zeros(classes, x.shape[1]) if start is None else start.weight
    bias = torch.zeros(len(weight)) if start is None else start.bias
    one_hot = F.one_hot(targets, len(weight)).to(x)
    # Softmax curves by at most 1/2 in any direction, so these steps never overshoot.
    design = torch.cat([x, torch.ones(len(x), 1)], 1)
    steepest = torch.linalg.matrix_norm(design.T @ design, 2).item() / (2 * len(x))
    step = 1 / (steepest + strength * (1 - mix))
    both = torch.cat([weight, bias[:, None]], 1)
    point, inertia = both, 1.0
    for _ in range(steps):
        slope = ((design @ point.T).softmax(1) - one_hot).T @ design / len(x)
        slope[:, :-1] += strength * (1 - mix) * point[:, :-1]
        moved = point - step * slope
        shrunk = F.softshrink(moved[:, :-1], step * strength * mix)
        if allowed is not None:
            shrunk = shrunk * allowed
        new = torch.cat([shrunk, moved[:, -1:]], 1)
        faster = (1 + (1 + 4 * inertia**2) ** 0.5) / 2
        point = new + (inertia - 1) / faster * (new - both)
        both, inertia = new, faster
    return Head(both[:, :-1].contiguous(), both[:, -1].contiguous(), mean, spread, varies)


def path(
    features: Tensor, targets: Tensor, *, strengths: Iterable[float], **options
) -> Iterator[tuple[float, Head]]:
    """Give (strength, head) from the strongest penalty to the weakest, each from the last.

    Args:
        options: for `fit`.
    """
    head = None
    for strength in sorted(strengths, reverse=True):
        head = fit(features, targets, strength=strength, start=head, **options)
        yield strength, head


def of_layer(layer: nn.Linear, features: Tensor) -> Head:
    """Return a network's own last layer as a head: the same logits, features standardised."""
    mean, spread, varies = _scales(features)
    weight, bias = layer.weight.detach(), layer.bias.detach()
    return Head(weight * spread, bias + weight @ mean, mean, spread, varies)


def random_allowed(head: Head, *, seed: int) -> Tensor:
    """Return as many random features for each class as a head reads there: a control.

    Drawn among the features that vary.

    Returns:
        Bool, class x feature, for `fit`.
    """
    generator = torch.Generator().manual_seed(seed)
    keys = torch.rand(head.weight.shape, generator=generator)
    keys[:, ~head.varies] = 2.0
    rank = keys.argsort(1).argsort(1)
    return rank < (head.weight != 0).sum(1, keepdim=True)


def put(network: Network, head: Head, *, layer: str = "fc2") -> Network:
    """Return a copy of a network whose last layer is the head: an ordinary network again."""
    changed = copy.deepcopy(network)
    old = weighted_layer(changed, layer)
    if old.weight.shape != head.weight.shape:
        raise ValueError(
            f"{layer} is {tuple(old.weight.shape)}, the head {tuple(head.weight.shape)}; it must "
            "read the features that reach this layer."
        )
    weight = head.weight / head.spread
    with torch.no_grad():
        old.weight.copy_(weight)
        old.bias.copy_(head.bias - weight @ head.mean)
    return changed


def told(head: Head, features: Tensor, count: int) -> Tensor:
    """Return the `count` features of each image that a reader is told, n x count.

    Those that move the classes apart the most: whose contributions have the largest spread
    over the classes. The rule looks at no answer, so the choice gives none away.
    """
    if not 1 <= count <= features.shape[1]:
        raise ValueError(f"count must be 1 to {features.shape[1]} features; got {count}.")
    apart = head.contributions(features).std(1)
    return apart.topk(count, 1).indices


def read(head: Head, features: Tensor, count: int) -> Tensor:
    """Return the answers of a reader who is told `count` features an image and the head, n.

    The reader takes every other feature at its mean, adds up, and names the highest class.
    """
    places = told(head, features, count)
    parts = head.contributions(features)
    chosen = parts.gather(2, places[:, None, :].expand(-1, parts.shape[1], -1))
    return (chosen.sum(2) + head.bias).argmax(1)


def _scales(features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    varies = features.amax(0) > features.amin(0)
    spread = features.std(0, correction=0)
    return features.mean(0), torch.where(varies, spread, torch.ones_like(spread)), varies


def _check(features: Tensor, targets: Tensor, strength: float, mix: float) -> None:
    if features.dim() != 2 or len(features) != len(targets) or len(features) == 0:
        raise ValueError(
            f"features must be n x feature with n targets; got {tuple(features.shape)} and "
            f"{len(targets)} targets. Maps of a convolution? Flatten them."
        )
    if not strength >= 0:
        raise ValueError(f"strength must be 0 or above; got {strength!r}.")
    if not 0 <= mix <= 1:
        hint = f" Did you mean {mix / 100:g}?" if 1 < mix <= 100 else ""
        raise ValueError(f"mix is a share in [0, 1]; got {mix!r}.{hint}")
