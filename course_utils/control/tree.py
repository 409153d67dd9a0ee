"""A decision tree that decides left or right: it can be read, edited and run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from course_utils.control.physics import NAMES

ACTIONS = ("left", "right")


class Node(NamedTuple):
    """A question "column <= threshold?", with the places of its two answers; or a leaf.

    Attributes:
        column: 0 to 3; -1: a leaf.
        yes, no: the nodes to go on with.
        action: what a leaf does, 0 or 1.
    """

    column: int = -1
    threshold: float = 0.0
    yes: int = 0
    no: int = 0
    action: int = 0


@dataclass(frozen=True)
class Tree:
    """A policy in questions. Node 0 is asked first; every other stands after its parent."""

    nodes: tuple[Node, ...]

    @cached_property
    def _ways(self) -> tuple[np.ndarray, ...]:
        """For all questions and leaves at once: which answers lead to which leaf.

        Columns and thresholds by question; a question x leaf table of +1 where the way needs
        a yes, -1 where it needs a no; how many yes each leaf needs.
        """
        asked = {place: k for k, place in enumerate(self.questions)}
        needs = np.zeros((len(asked), len(self.leaves)), dtype=np.float32)
        for leaf, place in enumerate(self.leaves):
            while place:
                above = next(q for q in asked if place in self.nodes[q][2:4])
                needs[asked[above], leaf] = 1 if self.nodes[above].yes == place else -1
                place = above
        columns = np.array([self.nodes[q].column for q in asked], dtype=int)
        bounds = np.array([self.nodes[q].threshold for q in asked])
        actions = np.array([self.nodes[place].action for place in self.leaves])
        return columns, bounds, needs, (needs > 0).sum(0), np.array(self.leaves), actions

    def _reached(self, states: np.ndarray) -> np.ndarray:
        """Which of `leaves` each state reaches: the one whose needs are all met."""
        columns, bounds, needs, yes, *_ = self._ways
        met = np.less_equal(states[:, columns], bounds).astype(np.float32)
        return (met @ needs - yes).argmax(1)

    def leaf(self, states: np.ndarray) -> np.ndarray:
        """Return the node at which each state ends, n."""
        return self._ways[4][self._reached(states)]

    def __call__(self, states: np.ndarray) -> np.ndarray:
        """Return each state's action, n."""
        return self._ways[5][self._reached(states)]

    @cached_property
    def depth(self) -> int:
        """Questions on the longest way."""
        deep = [0] * len(self.nodes)
        for place, node in enumerate(self.nodes):
            if node.column >= 0:
                deep[node.yes] = deep[node.no] = deep[place] + 1
        return max(deep)

    @cached_property
    def questions(self) -> list[int]:
        """The places of the nodes that ask."""
        return [place for place, node in enumerate(self.nodes) if node.column >= 0]

    @cached_property
    def leaves(self) -> list[int]:
        """The places of the leaves, as they are drawn from left to right."""
        found, waiting = [], [0]
        while waiting:
            place = waiting.pop()
            node = self.nodes[place]
            if node.column < 0:
                found.append(place)
            else:
                waiting += [node.no, node.yes]
        return found

    def edited(
        self, place: int, *, threshold: float | None = None, action: int | None = None
    ) -> Tree:
        """Return a copy with another threshold at a question, or another action at a leaf."""
        if place not in range(len(self.nodes)):
            raise ValueError(f"place must be from 0 to {len(self.nodes) - 1}; got {place!r}.")
        node, leaf = self.nodes[place], self.nodes[place].column < 0
        if (leaf and threshold is not None) or (not leaf and action is not None):
            raise ValueError(f"node {place} is a {'leaf' if leaf else 'question'}: it has no "
                             f"{'threshold' if leaf else 'action'}.")  # fmt: skip
        if action not in (None, 0, 1):
            raise ValueError(f"action must be 0 (left) or 1 (right); got {action!r}.")
        fresh = {"threshold": threshold, "action": action}
        node = node._replace(**{name: v for name, v in fresh.items() if v is not None})
        return replace(self, nodes=(*self.nodes[:place], node, *self.nodes[place + 1 :]))

    def code(self, *, digits: int = 17) -> str:
        """Return the tree as Python: `def act(x, speed, angle, turn)`, with if and else."""
        head = f"def act({', '.join(NAMES)}):"
        return "\n".join([head, *self._lines(0, "    ", digits)])

    def _lines(self, place: int, indent: str, digits: int) -> list[str]:
        node = self.nodes[place]
        if node.column < 0:
            return [f"{indent}return {node.action}"]
        return [f"{indent}if {NAMES[node.column]} <= {node.threshold:.{digits}g}:",
                *self._lines(node.yes, indent + "    ", digits), f"{indent}else:",
                *self._lines(node.no, indent + "    ", digits)]  # fmt: skip

    def text(self) -> str:
        """Return the tree as one line of JSON-like lists, which `read` takes back exactly."""
        import json

        return json.dumps([list(node) for node in self.nodes], separators=(",", ":"))


def read(text: str) -> Tree:
    """Return the tree that `Tree.text` wrote."""
    import json

    return Tree(tuple(Node(*fields) for fields in json.loads(text)))


def of_sklearn(fitted: Any) -> Tree:
    """Return a fitted DecisionTreeClassifier of four columns and actions 0, 1 as a Tree."""
    inner = fitted.tree_
    winner = [int(fitted.classes_[k]) for k in inner.value[:, 0].argmax(1)]
    rows = zip(inner.feature.tolist(), inner.threshold.tolist(), inner.children_left.tolist(),
               inner.children_right.tolist(), winner, strict=True)  # fmt: skip
    return Tree(tuple(Node(action=action) if column < 0 else Node(column, bound, yes, no)
                      for column, bound, yes, no, action in rows))  # fmt: skip


def fit(
    states: np.ndarray, actions: np.ndarray, *, leaves: int, weights: np.ndarray | None = None
) -> Tree:
    """Return the tree of at most so many leaves that scikit-learn grows, best question first.

    Args:
        states: n x 4.
        actions: n, 0 or 1.
        weights: n, how much each state matters; None: all alike.
    """
    from sklearn.tree import DecisionTreeClassifier

    if leaves < 2:
        raise ValueError(f"leaves must be at least 2; got {leaves}.")
    grown = DecisionTreeClassifier(max_leaf_nodes=leaves, random_state=0)
    return of_sklearn(grown.fit(np.asarray(states, dtype=np.float32), actions, weights))
