"""A policy network, trained by the cross-entropy method: draw, judge, keep the best, repeat."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from course_utils.control import physics

HIDDEN = 16
SIZE = 7 * HIDDEN + 2
"""How many numbers the network has: 4 x 16 and 16, then 16 x 2 and 2."""
OFF_CENTRE = 0.3
"""What a step costs for each metre from the track's middle; a step upright earns 1."""


class Trained(NamedTuple):
    """A trained policy and, generation by generation, the mean score of all that were tried."""

    network: nn.Sequential
    scores: list[float]


def cross_entropy(
    seed: int, *, generations: int = 20, tried: int = 64, kept: int = 8, episodes: int = 4
) -> Trained:
    """Return a network trained by the cross-entropy method (Rubinstein 1999).

    Every generation draws networks from a normal distribution of its numbers, lets each
    balance, and fits the distribution to the best of them; in the first half some spread is
    added (Szita & Lorincz 2006). No gradient is used.

    Args:
        tried: networks a generation.
        kept: the best, that the distribution follows.
        episodes: start states a generation, the same for all networks.
    """
    if not 1 < kept < tried:
        raise ValueError(f"kept must be from 2 to tried - 1 = {tried - 1}; got {kept}.")
    draw = np.random.default_rng(seed)
    mean, spread, scores = np.zeros(SIZE), np.ones(SIZE), []
    for generation in range(generations):
        vectors = (mean + spread * draw.normal(size=(tried, SIZE))).astype(np.float32)
        starts = np.tile(draw.uniform(-0.05, 0.05, (episodes, 4)), (tried, 1))
        found = physics.run(crowd(vectors), starts, record=True)
        score = rewards(found).reshape(tried, episodes).mean(1)
        best = vectors[np.argsort(-score)[:kept]]
        mean = best.mean(0)
        spread = best.std(0) + 0.1 * max(0.0, 1 - 2 * generation / generations)
        scores.append(float(score.mean()))
    return Trained(network(mean), scores)


def rewards(found: physics.Episodes) -> np.ndarray:
    """Return each recorded episode's steps, less what being off the middle costs."""
    away = np.where(found.lived(), abs(found.states[:, :, 0]), 0.0)
    return found.steps - OFF_CENTRE * away.sum(0)


def network(numbers: np.ndarray) -> nn.Sequential:
    """Return the network 4 → 16 → 2 with these 114 numbers; its outputs score left and right."""
    numbers = np.asarray(numbers, dtype=np.float32)
    if numbers.shape != (SIZE,):
        raise ValueError(f"numbers must be {SIZE} in a row; got shape {numbers.shape}.")
    made = nn.Sequential(nn.Linear(4, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 2))
    with torch.no_grad():
        for parameter, value in zip(made.parameters(), _layers(numbers[None]), strict=True):
            value = value[0] if value.shape[1] > 1 else value[0, 0]
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(value.T)))
    return made.eval()


def crowd(vectors: np.ndarray) -> physics.Policy:
    """Return the policy of many networks at once: each acts on its own run of episodes.

    Args:
        vectors: networks x 114, float32.
    """
    first, shift, second, last = _layers(vectors)

    def act(states: np.ndarray) -> np.ndarray:
        rows = states.reshape(len(vectors), -1, 4)
        scores = np.tanh(rows @ first + shift) @ second + last
        return (scores[..., 1] > scores[..., 0]).astype(int).reshape(-1)

    return act


def scores(network: nn.Module, states: np.ndarray) -> np.ndarray:
    """Return what a network makes of states, n x 2: left and right."""
    with torch.no_grad():
        return network(torch.as_tensor(np.asarray(states, dtype=np.float32))).numpy()


def acting(network: nn.Sequential) -> physics.Policy:
    """Return the policy of such a network: the action of the higher score, in numpy, for speed."""
    return crowd(np.concatenate([p.detach().numpy().T.ravel() for p in network.parameters()])[None])


def linear(weights, *, bias: float = 0.0) -> physics.Policy:
    """Return the rule "right if weights · state + bias > 0".

    Args:
        weights: four numbers, for x, speed, angle and turn.
    """
    weights = np.asarray(weights, dtype=float)
    if weights.shape != (4,):
        raise ValueError(f"weights must be four numbers; got shape {weights.shape}.")
    return lambda states: (states @ weights + bias > 0).astype(int)


def constant(action: int) -> physics.Policy:
    """Return the policy that always does the same."""
    return lambda states: np.full(len(states), action)


def _layers(vectors: np.ndarray) -> tuple[np.ndarray, ...]:
    """The numbers of each network as weights, input x output, and biases, 1 x output."""
    ends = np.cumsum([4 * HIDDEN, HIDDEN, 2 * HIDDEN, 2])
    shapes = (4, HIDDEN), (1, HIDDEN), (HIDDEN, 2), (1, 2)
    parts = np.split(vectors, ends[:-1], axis=1)
    return tuple(part.reshape(-1, *shape) for part, shape in zip(parts, shapes, strict=True))
