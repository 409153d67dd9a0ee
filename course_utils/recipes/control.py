"""The recipe of lesson 5.5's study: five policies, each copied into trees in several ways.

Every row has its tree, so the lesson can run it again. Trees are chosen on validation starts
and judged on 100 others, with `judged`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from torch import nn

from course_utils.control import physics, policy, tree, viper
from course_utils.recipes.rows import write_study

SEEDS = range(5)
LEAVES = (2, 3, 4, 6, 8, 12)
SIX = 6
"""The leaves at which all ways are compared."""
CHANCES, RUNS = 60, 3
"""Trees among which validation chooses: three runs of 20 rounds."""


def judged(acting: physics.Policy) -> dict[str, float]:
    """Return what a policy makes of the 100 test starts: shares that reach 500 and 5,000 steps.

    `steps` is the mean up to 500, `long` that up to 5,000.
    """
    steps = physics.run(acting, physics.starts(100, seed=0), steps=5000).steps
    return {"reach 500": (steps >= 500).mean(), "steps": np.minimum(steps, 500).mean(),
            "reach 5000": (steps >= 5000).mean(), "long": steps.mean()}  # fmt: skip


def watched(network: nn.Module) -> np.ndarray:
    """Return states that a teacher meets in 20 other episodes, where fidelity is counted."""
    return viper.met(policy.acting(network), physics.starts(20, seed=5000))


def by_lot(states: np.ndarray, draw: np.random.Generator, *, leaves: int) -> tree.Tree:
    """Return a tree of random questions and actions; thresholds are values of the states."""
    nodes, open_places = [tree.Node()], [0]
    for _ in range(leaves - 1):
        place = open_places.pop(draw.integers(len(open_places)))
        column = int(draw.integers(4))
        bound = float(states[draw.integers(len(states)), column])
        yes = len(nodes)
        nodes[place] = tree.Node(column, bound, yes, yes + 1)
        nodes += [tree.Node(action=0), tree.Node(action=1)]
        open_places += [yes, yes + 1]
    return tree.Tree(tuple(nodes))


def candidates(network: nn.Module, seed: int) -> Iterator[tuple[str, int, list[tree.Tree]]]:
    """Give for each way and number of leaves the trees among which validation chooses."""
    for leaves in LEAVES:
        yield "cloned", leaves, [viper.clone(network, leaves=leaves, seed=seed)]
        yield "VIPER", leaves, rounds(network, seed, leaves, viper.loss)
    yield "margin", SIX, rounds(network, seed, SIX, viper.margin)
    yield "alike", SIX, rounds(network, seed, SIX, viper.alike)
    many = [viper.clone(network, leaves=SIX, seed=1000 * (seed + 1) + k, episodes=10)
            for k in range(CHANCES)]  # fmt: skip
    yield "cloned, 60 chances", SIX, many
    states, draw = watched(network), np.random.default_rng(seed)
    yield "by lot, 60 chances", SIX, [by_lot(states, draw, leaves=SIX) for _ in range(CHANCES)]


def rounds(network: nn.Module, seed: int, leaves: int, weigh: viper.Weigh) -> list[tree.Tree]:
    """Return all trees that VIPER makes for such a teacher."""
    runs = range(RUNS)
    made = (viper.rounds_of(network, leaves=leaves, seed=100 * seed + run, weigh=weigh,
                            rounds=CHANCES // RUNS) for run in runs)  # fmt: skip
    return [one for run in made for one in run]


def study() -> list[dict]:
    """Return a row for each policy, way and number of leaves; and one for each policy itself.

    The way "VIPER, up to 6" chooses among VIPER's trees of six leaves and fewer, by validation.
    """
    rows = []
    for seed in SEEDS:
        network = policy.cross_entropy(seed).network
        states, small = watched(network), []
        rows.append({"seed": seed, "way": "network", "leaves": 0, "fidelity": 1.0}
                    | judged(policy.acting(network)))  # fmt: skip

        def add(way, leaves, best, *, seed=seed, network=network, states=states):
            rows.append({"seed": seed, "way": way, "leaves": leaves,
                         "fidelity": viper.fidelity(best, network, states)}
                        | judged(best) | {"tree": best.text()})  # fmt: skip

        for way, leaves, trees in candidates(network, seed):
            best = viper.choose(trees).tree
            add(way, leaves, best)
            small += [best] * (way == "VIPER" and leaves <= SIX)
        best = viper.choose(small).tree
        add("VIPER, up to 6", len(best.leaves), best)
    return rows


def control(folder: Path) -> list[Path]:
    """Copy five policies into trees: about 10 CPU minutes."""
    return [write_study(study(), folder, "control")]


RECIPES = {"control": (control, "5.5", None)}
"""Name, recipe and lesson; it writes no rows."""
