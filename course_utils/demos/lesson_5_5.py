"""Lesson 5.5: the study's trees, what a controller reads, other worlds, bytes and times."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from course_utils import importance, measure, saliency
from course_utils.control import physics, policy, tree

if TYPE_CHECKING:
    import pandas


SMALL = "VIPER, up to 6"
"""The way whose number of leaves, six or fewer, was chosen on validation, too."""


def trees(
    table: pandas.DataFrame, *, way: str = SMALL, leaves: int | None = None
) -> list[tree.Tree]:
    """Return the study's trees of one kind, one for each teacher; leaves None: of any number."""
    some = table[(table.way == way) & ((table.leaves == leaves) | (leaves is None))]
    return [tree.read(text) for text in some.sort_values("seed").tree]


def ways(table: pandas.DataFrame, *, leaves: int = 6) -> list[dict[str, Any]]:
    """Return one row for each way at so many leaves, and for the networks: all teachers' shares."""
    some = table[table.leaves.isin((0, leaves)) | (table.way == SMALL)].sort_values("seed")
    return [
        {"way": way, "reach 500": _each(of["reach 500"]), "reach 5,000": _each(of["reach 5000"]),
         "fidelity": _each(of.fidelity)}
        for way in table.way.unique() for of in (some[some.way == way],)
    ]  # fmt: skip


def _each(shares: Sequence[float]) -> str:
    """Percentages of the five teachers in one line."""
    return " · ".join(f"{100 * share:.0f}" for share in shares) + " %"


def in_gymnasium(acting: physics.Policy, *, seeds: Sequence[int], steps: int = 500) -> list[int]:
    """Return the steps that a policy lasts in gymnasium itself, for `reset(seed=…)`."""
    import gymnasium

    environment = gymnasium.make("CartPole-v1", max_episode_steps=steps)
    lasted = []
    for seed in seeds:
        seen, _ = environment.reset(seed=seed)
        over, count = False, 0
        while not over:
            seen, _, fell, late, _ = environment.step(int(acting(seen[None])[0]))
            over, count = fell or late, count + 1
        lasted.append(count)
    environment.close()
    return lasted


def off_track(acting: physics.Policy, starts: np.ndarray, *, steps: int = 5000) -> float:
    """Return of the episodes that end early the share in which the cart leaves the track."""
    found = physics.run(acting, starts, steps=steps, record=True)
    early = np.flatnonzero(found.steps < steps)
    at = found.steps[early] - 1
    ends = physics.step(found.states[at, early], found.actions[at, early])
    return float((abs(ends[:, 0]) > physics.EDGE).mean()) if len(early) else 0.0


# ---- what a controller reads


def attributed(network: nn.Sequential, states: np.ndarray) -> np.ndarray:
    """Return each column's share of the integrated gradients of "right minus left", 4.

    The baseline is the pole upright and still in the track's middle: all zeros. Of many states
    about a thousand are asked.
    """
    odd = max(1, len(states) // 1000) | 1  # no episode is left out
    rows = torch.as_tensor(states[::odd], dtype=torch.float32)
    right, left = (saliency.integrated_gradients(network, rows, target=k) for k in (1, 0))
    size = (right - left).abs().mean(0).numpy()
    return size / size.sum()


def permuted(acting: physics.Policy, states: np.ndarray) -> np.ndarray:
    """Return how many of a policy's actions change when a column is shuffled, 4 shares."""
    usual = acting(states)

    def same(rows: np.ndarray) -> float:
        return float((acting(rows.astype(np.float32)) == usual).mean())

    return importance.permuted(same, states, repeats=5).mean(1)


def blinded(acting: physics.Policy, starts: np.ndarray, *, steps: int = 500) -> np.ndarray:
    """Return the share of the steps that is lost when a policy reads 0 for one column, 4."""
    usual = physics.run(acting, starts, steps=steps).steps.mean()
    return np.array([1 - physics.run(_without(acting, column), starts, steps=steps).steps.mean()
                     / usual for column in range(4)])  # fmt: skip


def _without(acting: physics.Policy, column: int) -> physics.Policy:
    keep = (np.arange(4) != column).astype(np.float32)
    return lambda states: acting(states * keep)


# ---- other worlds

CHANGES: dict[str, tuple[Callable[[float], physics.World], tuple[float, ...]]] = {
    "pole, m": (lambda v: physics.World(length=v / 2), (0.25, 0.5, 1, 2, 4, 8)),
    "push, N": (lambda v: physics.World(force=v), (2.5, 5, 10, 20, 40)),
}
"""By what is changed: the world for a value, and the values."""


def worlds(
    policies: Mapping[str, Sequence[physics.Policy]], *, episodes: int = 40
) -> dict[str, dict[str, dict[float, list[float]]]]:
    """Return by change, by name, by value the shares of episodes that reach 500 steps."""
    starts = physics.starts(episodes, seed=0)

    def share(acting: physics.Policy, world: physics.World) -> float:
        return float((physics.run(acting, starts, world=world).steps == 500).mean())

    return {what: {name: {value: [share(acting, make(value)) for acting in some]
                          for value in values} for name, some in policies.items()}
            for what, (make, values) in CHANGES.items()}  # fmt: skip


# ---- bytes and times


def _function(code: str) -> Callable[..., int]:
    names: dict[str, Any] = {}
    exec(code, names)
    return names["act"]


def network_bytes(network: nn.Module) -> int:
    """Return the size of the network's safetensors file."""
    from safetensors.torch import save

    return len(save({name: value.contiguous() for name, value in network.state_dict().items()}))


LINES = {
    "angle + turn / 2 > 0": "def act(x, speed, angle, turn):\n    return angle + turn / 2 > 0",
    "… + x / 20 + speed / 10": "def act(x, speed, angle, turn):\n"
    "    return angle + turn / 2 + x / 20 + speed / 10 > 0",
}
"""Rules of one line, as programs."""


def costs(network: nn.Module, trees: Mapping[str, tree.Tree]) -> dict[str, dict[str, Any]]:
    """Return bytes, and time for one state as a share of the network's in PyTorch, by policy.

    A tree's bytes are those of its program with four digits; a network's those of its file.
    """
    row = physics.starts(1, seed=0).astype(np.float32)
    state, numbers = torch.from_numpy(row), row[0].tolist()
    fast, size = policy.acting(network), network_bytes(network)
    found = {"network": {"bytes": size, "time": 1.0},
             "network in numpy": {"bytes": size,
                                  "time": _ratio(lambda _: fast(row), network, state)}}  # fmt: skip
    programs = {name: one.code(digits=4) for name, one in trees.items()} | LINES
    for name, code in programs.items():
        act = _function(code)
        time = _ratio(lambda _, act=act: act(*numbers), network, state)
        found[name] = {"bytes": len(code.encode()), "time": time}
    return found


def _ratio(one: Callable, network: nn.Module, state: torch.Tensor) -> float:
    return measure.latency_ratio(one, network, state).median
