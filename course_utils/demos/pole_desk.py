"""A tree on a desk: move thresholds, turn leaves round, and see it balance or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import nn

from course_utils import page, widgets
from course_utils.control import physics, policy, tree, viper
from course_utils.demos import pole_film


class Desk:
    """A tree on which thresholds and leaves can be changed, run again after every change."""

    def __init__(self, one: tree.Tree, network: nn.Module, *, episodes: int = 40) -> None:
        self.tree, self.network = one, network
        self.starts = physics.starts(episodes, seed=0)
        self.states = viper.met(policy.acting(network), self.starts[:10])

    def controls(self) -> dict[str, Any]:
        """A slider for each question, a choice of a leaf to turn round, and of a start."""
        found = {}
        for k, place in enumerate(self.tree.questions):
            node = self.tree.nodes[place]
            reach = 3 * float(self.states[:, node.column].std())
            found[f"threshold_{k + 1}"] = widgets.slider(
                round(node.threshold - reach, 3), round(node.threshold + reach, 3),
                start=round(node.threshold, 3), step=0.001,
                label=f"{k + 1}: {physics.NAMES[node.column]} ≤",
            )  # fmt: skip
        leaves = {"none": -1} | {f"leaf {k + 1} from the left": k
                                 for k in range(len(self.tree.leaves))}  # fmt: skip
        found["turn_round"] = widgets.choice(leaves, start=-1, label="turn round")
        found["start"] = widgets.choice(list(range(5)), start=0, label="start")
        return found

    def edited(self, values: Mapping[str, float]) -> tree.Tree:
        """Return the tree as the controls have it; an untouched slider changes nothing."""
        one = self.tree
        for k, place in enumerate(one.questions):
            value = values[f"threshold_{k + 1}"]
            if value != round(one.nodes[place].threshold, 3):
                one = one.edited(place, threshold=value)
        if values["turn_round"] >= 0:
            leaf = one.leaves[values["turn_round"]]
            one = one.edited(leaf, action=1 - one.nodes[leaf].action)
        return one

    def found(self, values: Mapping[str, float]) -> str:
        """Say how the edited tree does."""
        one = self.edited(values)
        steps = physics.run(one, self.starts).steps
        alike = viper.fidelity(one, self.network, self.states)
        return (f"{(steps == 500).sum()} of {len(steps)} starts reach 500 steps, mean "
                f"{steps.mean():.0f}; same action as the network in {alike:.0%}")  # fmt: skip

    def draw(self, **values: float) -> str:
        """Return the film of the chosen start under the edited tree, with its figures."""
        one, start = self.edited(values), self.starts[values["start"]]
        states, fell = pole_film.episode(one, start)
        return pole_film.film(states, fell=fell, caption=self.found(values))

    def words(self, **values: float) -> str:
        """The same in words."""
        states, fell = pole_film.episode(self.edited(values), self.starts[values["start"]])
        return f"{self.found(values)}. {pole_film.words(states, fell=fell)}"


def show_film(acting: physics.Policy, start: np.ndarray, *, caption: str) -> page.Shown:
    """Show an episode as a film."""
    states, fell = pole_film.episode(acting, start)
    words = pole_film.words(states, fell=fell)
    return page.Shown(pole_film.film(states, fell=fell, caption=caption), words).put()
