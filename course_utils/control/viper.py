"""A network's policy copied into a small tree: cloning, and VIPER (Bastani 2018, 1805.08328).

Cloning learns from the states that the *teacher* meets. A tree errs a little, meets others,
and was never told what to do there. VIPER lets the tree act, asks the teacher what to do in
the states that the tree met (DAgger; Ross 2011, 1011.0686), and weighs each state by what a
wrong action would cost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from torch import nn

from course_utils.control import physics, policy
from course_utils.control.tree import Tree, fit

HORIZON = 40
"""Steps, 0.8 s, over which the cost of an action is added up."""
KEPT = 1500
"""States kept of each round."""
LONG = 1500
"""Steps of an episode in which states are met: a tree that reaches 500 has more to learn."""


class Found(NamedTuple):
    """The tree that did best on validation, all trees, and what each was worth in 500 steps."""

    tree: Tree
    rounds: list[Tree]
    values: list[tuple[float, float]]


Weigh = Callable[[nn.Module, np.ndarray], np.ndarray]
"""From a teacher and states, n x 4, to weights, n."""


def alike(network: nn.Module, states: np.ndarray) -> np.ndarray:
    """Weigh all states alike: plain DAgger."""
    return np.ones(len(states))


def margin(network: nn.Module, states: np.ndarray) -> np.ndarray:
    """Weigh by the distance of the teacher's two scores, as VIPER does where there is no Q."""
    left, right = policy.scores(network, states).T
    return abs(right - left).astype(float)


def loss(network: nn.Module, states: np.ndarray, *, horizon: int = HORIZON) -> np.ndarray:
    """Weigh by what the wrong action costs if the teacher goes on from there: V − min Q.

    The simulator tries both. A step costs (angle / limit)² + (x / limit)², and 1 more for each
    step after a fall.
    """
    return abs(np.subtract(*(action_cost(network, states, action, horizon=horizon)
                             for action in (0, 1))))  # fmt: skip


def action_cost(
    network: nn.Module, states: np.ndarray, action: int, *, horizon: int = HORIZON
) -> np.ndarray:
    """Return what comes of one action and then the teacher's, −Q, for each state, n."""
    teacher = policy.acting(network)
    now = physics.step(np.asarray(states, dtype=float), np.full(len(states), action))
    total = np.zeros(len(now))
    for _ in range(horizon):
        down = physics.fallen(now)
        total += (now[:, 2] / physics.TILT) ** 2 + (now[:, 0] / physics.EDGE) ** 2 + down
        later = physics.step(now, teacher(now.astype(np.float32)))
        now = np.where(down[:, None], now, later)
    return total


def met(acting: physics.Policy, starts: np.ndarray, *, steps: int = 500) -> np.ndarray:
    """Return the states that a policy meets from these starts, as it sees them, n x 4."""
    found = physics.run(acting, starts, steps=steps, record=True)
    return found.states[found.lived()].astype(np.float32)


def clone(network: nn.Module, *, leaves: int, seed: int, episodes: int = 50) -> Tree:
    """Return the tree that imitates the teacher on its own states: behaviour cloning."""
    teacher, draw = policy.acting(network), np.random.default_rng(seed)
    states = met(teacher, _starts(draw, episodes))
    return fit(states, teacher(states), leaves=leaves)


def viper(
    network: nn.Module,
    *,
    leaves: int,
    seed: int,
    weigh: Weigh = loss,
    rounds: int = 20,
    runs: int = 3,
) -> Found:
    """Return the tree that VIPER finds: some runs of some rounds, the best on validation.

    Args:
        weigh: `loss`, `margin` or `alike`.
        runs: how often it begins anew, each time with other episodes.
    """
    trees = []
    for run in range(runs):
        trees += rounds_of(network, leaves=leaves, seed=100 * seed + run, weigh=weigh,
                           rounds=rounds)  # fmt: skip
    return choose(trees)


def choose(trees: list[Tree], *, starts: np.ndarray | None = None, limit: int = 5000) -> Found:
    """Return the best of some trees: the five best in 500 steps run on, up to `limit`.

    Args:
        starts: validation starts; None: 40 of their own, which no table is made of.
    """
    starts = physics.starts(40, seed=1000) if starts is None else starts
    values = [worth(tree, starts, limit=500) for tree in trees]
    order = sorted(range(len(trees)), key=values.__getitem__, reverse=True)[:5]
    best = max(order, key=lambda place: worth(trees[place], starts, limit=limit))
    return Found(trees[best], trees, values)


def rounds_of(
    network: nn.Module, *, leaves: int, seed: int, weigh: Weigh = loss, rounds: int = 20
) -> list[Tree]:
    """Return the tree of every round of VIPER, the first learned from the teacher's states."""
    teacher, draw = policy.acting(network), np.random.default_rng(seed)
    states = _some(met(teacher, _starts(draw, 10), steps=LONG), draw)
    weights, trees = weigh(network, states), []
    while True:
        trees.append(fit(states, teacher(states), leaves=leaves, weights=weights))
        if len(trees) == rounds:
            return trees
        fresh = _some(met(trees[-1], _starts(draw, 10), steps=LONG), draw)
        states = np.concatenate([states, fresh])
        weights = np.concatenate([weights, weigh(network, fresh)])


def worth(acting: physics.Policy, starts: np.ndarray, *, limit: int = 5000) -> tuple[float, float]:
    """Return the share of episodes that reach 500 steps, and the mean number up to `limit`."""
    steps = physics.run(acting, starts, steps=limit).steps
    return float((steps >= 500).mean()), float(steps.mean())


def fidelity(acting: physics.Policy, network: nn.Module, states: np.ndarray) -> float:
    """Return the share of states in which a policy does what the network does."""
    return float((acting(states) == policy.acting(network)(states)).mean())


def _starts(draw: np.random.Generator, episodes: int) -> np.ndarray:
    return draw.uniform(-0.05, 0.05, (episodes, 4))


def _some(states: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """At most KEPT of the states, drawn by lot."""
    return states[draw.permutation(len(states))[:KEPT]]
