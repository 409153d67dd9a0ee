"""A pole on a cart: gymnasium's CartPole-v1 in numpy, many episodes at a time.

A state is (x, speed, angle, turn): the cart's place in metres and its speed, the pole's angle
from upright in radians and its angular velocity. Each fiftieth of a second the controller
pushes left (0) or right (1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

NAMES = ("x", "speed", "angle", "turn")
"""The four numbers of a state, in their order."""
UNITS = ("m", "m/s", "rad", "rad/s")
EDGE = 2.4
"""An episode ends when the cart's middle is farther from 0 than this, in metres."""
TILT = 12 * 2 * np.pi / 360
"""An episode ends when the pole leans farther than this, in radians."""

Policy = Callable[[np.ndarray], np.ndarray]
"""From states, n x 4, float32 as gymnasium shows them, to actions, n, 0 or 1."""


class World(NamedTuple):
    """What pole and cart are like; the defaults are CartPole-v1.

    Attributes:
        length: half of the pole, in metres.
        force: of a push, in newtons.
        pole, cart: masses in kilograms.
        tau: seconds a step.
    """

    length: float = 0.5
    force: float = 10.0
    pole: float = 0.1
    cart: float = 1.0
    gravity: float = 9.8
    tau: float = 0.02


class Episodes(NamedTuple):
    """What came of some episodes.

    Attributes:
        steps: steps until the fall, that step included, or the limit; one number an episode.
        states: time x episode x 4, before each action; None if not recorded. After its fall
            an episode stands still.
        actions: time x episode.
    """

    steps: np.ndarray
    states: np.ndarray | None = None
    actions: np.ndarray | None = None

    def lived(self) -> np.ndarray:
        """Return which of the recorded states were met before the fall, time x episode."""
        return np.arange(len(self.states))[:, None] < self.steps


def step(states: np.ndarray, actions: np.ndarray, world: World = World()) -> np.ndarray:  # noqa: B008
    """Return the states one step later, n x 4, by Barto, Sutton & Anderson's equations (1983)."""
    _, speed, angle, turn = states.T
    force = np.where(np.asarray(actions) == 1, world.force, -world.force)
    cos, sin, mass = np.cos(angle), np.sin(angle), world.pole + world.cart
    moment = world.pole * world.length
    push = (force + moment * np.square(turn) * sin) / mass
    lever = world.length * (4.0 / 3.0 - world.pole * np.square(cos) / mass)
    spin = (world.gravity * sin - cos * push) / lever
    pull = push - moment * spin * cos / mass
    moves = np.stack([speed, pull, turn, spin], axis=1)
    return states + world.tau * moves


def fallen(states: np.ndarray) -> np.ndarray:
    """Return for each state whether the pole leans too far or the cart has left the track, n."""
    return (abs(states[:, 0]) > EDGE) | (abs(states[:, 2]) > TILT)


def starts(count: int, *, seed: int) -> np.ndarray:
    """Return the start states of gymnasium's `reset(seed=seed)`, `seed + 1`, …, count x 4."""
    return np.stack([np.random.default_rng(seed + k).uniform(-0.05, 0.05, 4)
                     for k in range(count)])  # fmt: skip


def run(
    policy: Policy,
    starts: np.ndarray,
    *,
    steps: int = 500,
    world: World = World(),  # noqa: B008
    record: bool = False,
) -> Episodes:
    """Return what a policy makes of each start state.

    The policy sees states rounded to float32, as gymnasium shows them; the world goes on in
    float64.

    Args:
        starts: episodes x 4.
        steps: the limit.
        record: whether states and actions are kept.
    """
    states = _checked(starts)
    lasted = np.full(len(states), steps)
    alive = np.ones(len(states), dtype=bool)
    seen, done = [], []
    for time in range(steps):
        actions = np.asarray(policy(states.astype(np.float32)))
        if record:
            seen.append(states)
            done.append(actions)
        states = np.where(alive[:, None], step(states, actions, world), states)
        falls = alive & fallen(states)
        lasted[falls] = time + 1
        alive &= ~falls
        if not alive.any():
            break
    return Episodes(lasted, np.array(seen), np.array(done)) if record else Episodes(lasted)


def _checked(starts: np.ndarray) -> np.ndarray:
    states = np.array(starts, dtype=float)
    if states.ndim != 2 or states.shape[1] != 4 or not len(states):
        hint = " Did you mean starts[None], one row?" if states.shape == (4,) else ""
        raise ValueError(f"starts must be episodes x 4; got shape {states.shape}.{hint}")
    return states
