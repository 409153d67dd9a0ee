"""Optimisers, each from its own formula: a step is a plain function of weights and gradient."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Rule = Callable[..., tuple[Tensor, Any]]
"""`rule(weights, gradient, memory, *, learning_rate) -> (new weights, new memory)`."""


def gradient_descent(
    weights: Tensor, gradient: Tensor, memory: None = None, *, learning_rate: float
) -> tuple[Tensor, None]:
    """Step against the gradient: θ − α g. It remembers nothing.

    With the gradient of a few examples, drawn at random, the same formula is stochastic
    gradient descent (Robbins & Monro 1951).
    """
    return weights - learning_rate * gradient, None


def momentum(
    weights: Tensor,
    gradient: Tensor,
    memory: Tensor | None = None,
    *,
    learning_rate: float,
    beta: float = 0.9,
) -> tuple[Tensor, Tensor]:
    """Step along a velocity v ← β v + g, from v = 0: θ − α v (Polyak 1964).

    Under a constant gradient the steps grow towards α g / (1 − β).
    """
    _check_shares(beta=beta)
    velocity = gradient if memory is None else beta * memory + gradient
    return weights - learning_rate * velocity, velocity


def adam(
    weights: Tensor,
    gradient: Tensor,
    memory: tuple[Tensor, Tensor, int] | None = None,
    *,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> tuple[Tensor, tuple[Tensor, Tensor, int]]:
    """Step by the gradient's running mean over the root of its running mean square.

    m ← β₁ m + (1 − β₁) g and s ← β₂ s + (1 − β₂) g², from 0; in step t both are divided by
    1 − βᵗ, which takes out the pull of that 0; then θ − α m̂ / (√ŝ + ε) (Kingma & Ba 2015,
    1412.6980). The first step is α long in every coordinate with a gradient well above ε.
    """
    _check_shares(beta1=beta1, beta2=beta2)
    mean, square, t = memory or (torch.zeros_like(weights), torch.zeros_like(weights), 0)
    mean = beta1 * mean + (1 - beta1) * gradient
    square, t = beta2 * square + (1 - beta2) * gradient**2, t + 1
    step = (mean / (1 - beta1**t)) / ((square / (1 - beta2**t)).sqrt() + epsilon)
    return weights - learning_rate * step, (mean, square, t)


def path(
    function: Callable[[Tensor], Tensor],
    start: Sequence[float] | Tensor,
    *,
    rule: Rule,
    learning_rate: float,
    steps: int,
) -> Tensor:
    """Return the places a rule visits while it makes a function small, (steps + 1) x coordinate.

    Args:
        function: from a place, a tensor of coordinates, to one number.
        start: the first place.
    """
    _check_run(rule, learning_rate, steps=steps)
    place, memory = torch.as_tensor(start, dtype=torch.float64).detach(), None
    places = [place]
    for _ in range(steps):
        leaf = place.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(function(leaf), leaf)
        place, memory = rule(place, gradient, memory, learning_rate=learning_rate)
        places.append(place)
    return torch.stack(places)


def clip(gradients: Sequence[Tensor], *, max_norm: float) -> list[Tensor]:
    """Shorten gradients to a total length of max_norm; shorter ones stay as they are.

    The length is that of all tensors together, and all are scaled alike, so that the
    direction stays (Pascanu 2013, 1211.5063).
    """
    if not max_norm > 0:
        raise ValueError(f"max_norm is a length and must be above 0; got {max_norm!r}.")
    length = torch.stack([g.norm() for g in gradients]).norm()
    factor = (max_norm / length.clamp(min=torch.finfo(length.dtype).tiny)).clamp(max=1)
    return [g * factor for g in gradients]


@dataclass(frozen=True)
class Run:
    """A trained network and the loss of each batch, measured before the batch's update."""

    network: nn.Module
    losses: list[float]


def train(
    network: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    rule: Rule,
    learning_rate: float,
    epochs: int,
    batch_size: int | None = None,
    max_norm: float | None = None,
    seed: int = 0,
) -> Run:
    """Return a trained copy: every epoch shows each example once and updates after each batch.

    The loss is the batch's mean cross-entropy. The network given stays as it was.

    Args:
        batch_size: None takes all examples as one batch, one update an epoch.
        max_norm: clip the gradient of each batch to this length; None leaves it.
        seed: orders the examples.
    """
    if len(images) != len(labels) or len(images) == 0:
        raise ValueError(
            f"{len(images)} images came with {len(labels)} labels; pair them, at least one."
        )
    size = len(images) if batch_size is None else batch_size
    _check_run(rule, learning_rate, epochs=epochs, batch_size=size)
    network, losses = copy.deepcopy(network), []
    weights = [p for p in network.parameters() if p.requires_grad]
    memories: list[Any] = [None] * len(weights)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for rows in torch.randperm(len(images), generator=generator).split(size):
            loss = F.cross_entropy(network(images[rows]), labels[rows])
            gradients = torch.autograd.grad(loss, weights)
            if max_norm is not None:
                gradients = clip(gradients, max_norm=max_norm)
            memories = _move(weights, gradients, memories, rule, learning_rate)
            losses.append(loss.item())
    return Run(network, losses)


@torch.no_grad()
def _move(weights, gradients, memories, rule: Rule, learning_rate: float) -> list[Any]:
    """Let the rule change each tensor in place; return what it will remember."""
    kept = []
    for old, gradient, memory in zip(weights, gradients, memories):
        new, memory = rule(old, gradient, memory, learning_rate=learning_rate)
        old.copy_(new)
        kept.append(memory)
    return kept


def _check_shares(**shares: float) -> None:
    for name, share in shares.items():
        if not 0 <= share < 1:
            raise ValueError(f"{name} must be in [0, 1), usually near 0.9; got {share!r}.")


def _check_run(rule: Rule, learning_rate: float, **counts: int) -> None:
    if not callable(rule):
        raise TypeError(
            f"rule must be a function such as optimize.adam, without brackets; got {rule!r}."
        )
    if not (learning_rate > 0 and math.isfinite(learning_rate)):
        raise ValueError(
            f"learning_rate must be a finite number above 0; got {learning_rate!r}. Every rule "
            "subtracts the step itself, so no sign is needed."
        )
    for name, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise ValueError(f"{name} must be a whole number, 1 or more; got {count!r}.")
