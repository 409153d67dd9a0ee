"""Rules: decision trees distilled from a network, read out where they are sure.

The trees learn the network's answers, not the labels. What a rule foretells is what the
network will say of an image, and the network was not asked about that image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_utils import glassbox, training
from course_utils.data import FASHION_CLASSES
from course_utils.glassbox import Condition
from course_utils.words import conditions, shapes
from course_utils.words.claim import Claim, Trial
from course_utils.words.parts import CHINESE


@dataclass(frozen=True, eq=False)
class RuleBook:
    """Trees that imitate a network from named features.

    Attributes:
        trees: fitted scikit-learn classifiers over `shapes.measure`; the first one chose among
            all features at each question, the others among some, drawn at random.
        rows: what they were grown from, n x feature; said: the network's answers, n.
    """

    trees: tuple[Any, ...]
    rows: np.ndarray
    said: np.ndarray
    _precision: list[np.ndarray] = field(default_factory=list)
    _rules: dict[tuple[int, int], tuple[Condition, ...]] = field(default_factory=dict)

    def __post_init__(self):
        self._precision.extend(_precision(tree, self.rows, self.said) for tree in self.trees)

    def alone(self) -> RuleBook:
        """Return the book of the first tree: its rules need no second opinion."""
        return RuleBook(self.trees[:1], self.rows, self.said)

    def foretold(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the trees foretell that the network says, n classes, and how sure they are.

        The trees vote, each as strongly as its leaf is precise: the share of the leaf's
        training images that got its answer, with one more of each kind, so that few images
        count for less. How sure: the winner's votes, a share of all trees, n.
        """
        votes, _ = self._votes(shapes.measure(images).numpy())
        return votes.argmax(1), votes.amax(1)

    def claims(self, images: Tensor, *, threshold: float = 0.0) -> list[Claim | None]:
        """Return a rule about each image, None where the trees are not as sure as that.

        Of the rules that foretell the winner the shortest is spoken.
        """
        rows = shapes.measure(images).numpy()
        votes, says = self._votes(rows)
        found: list[Claim | None] = []
        for image, row, each, said in zip(images, rows, votes, says.T.tolist(), strict=True):
            label, sure = int(each.argmax()), float(each.amax())
            trees = [k for k, one in enumerate(said) if one == label]
            speak = sure >= threshold
            found.append(self._claim(image, row, label, trees, sure) if speak else None)
        return found

    def _votes(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """How strongly each class is foretold, n x class; what each tree says, trees x n."""
        says = torch.tensor(np.stack([tree.predict(rows) for tree in self.trees]))
        votes = torch.zeros(len(rows), len(FASHION_CLASSES), dtype=torch.float64)
        for tree, said, precision in zip(self.trees, says, self._precision, strict=True):
            strength = torch.tensor(precision[tree.apply(rows)]) / len(self.trees)
            votes.scatter_add_(1, said[:, None], strength[:, None])
        return votes, says

    def _claim(
        self, image: Tensor, row: np.ndarray, label: int, trees: list[int], sure: float
    ) -> Claim:
        rule = min((self._rule(k, row) for k in trees), key=len)
        why, zh = conditions.english(rule, row), conditions.chinese(rule, row)
        return spoken(image, label, why, zh, sure)

    def _rule(self, k: int, row: np.ndarray) -> tuple[Condition, ...]:
        tree = self.trees[k]
        leaf = int(tree.apply(row[None])[0])
        if (k, leaf) not in self._rules:
            label = tree.predict(row[None])[0]
            path = glassbox.path(tree, row)
            self._rules[k, leaf] = conditions.shortened(
                path, self.rows, self.said == label, goal=self._precision[k][leaf]
            )
        return self._rules[k, leaf]  # fmt: skip


def distil(
    network: Any, images: Tensor, *, said: Tensor | None = None, trees: int = 7,
    depth: int = 15, seed: int = 0,
) -> RuleBook:  # fmt: skip
    """Grow trees that imitate a network's answers to images.

    Args:
        network: from images, n x 1 x height x width, to logits.
        said: its answers, n classes, when they are known already; None asks it.
        trees: how many. With one, every rule stands alone; with more, they vote on what is
            spoken.
        depth: the most questions that lead to a leaf.
    """
    from sklearn.tree import DecisionTreeClassifier

    if trees < 1:
        raise ValueError(f"at least one tree is needed; got {trees}.")
    if said is None:
        said = training.predict(network, images).argmax(1)
    rows, answers = shapes.measure(images).numpy(), said.numpy()
    grown = [
        DecisionTreeClassifier(
            criterion="entropy", max_depth=depth, min_samples_leaf=5, random_state=seed + k,
            max_features=0.3 if k else None,
        ).fit(rows, answers)
        for k in range(trees)
    ]  # fmt: skip
    return RuleBook(tuple(grown), rows, answers)


def spoken(image: Tensor, label: int, why: str, chinese: str, sure: float = 0.0) -> Claim:
    """Put a rule into words.

    Args:
        image: channel x height x width; label: what the network must say of it.
        why: the conditions that the image meets, in English; and in Chinese.
    """
    english = f"To images like this the network says {FASHION_CLASSES[label]}: {why}."
    return Claim(
        "rule", english, f"对这样的图像，网络判为{CHINESE[label]}：{chinese}。",
        (Trial(("as it is", "原图"), image, label),), image, sure,
    )  # fmt: skip


def random_claims(claims: Sequence[Claim | None], *, seed: int = 0) -> list[Claim | None]:
    """Return the control: the same conditions, with the answer of another rule at random."""
    there = [claim for claim in claims if claim is not None]
    chance = torch.Generator().manual_seed(seed)
    order = iter(torch.randperm(len(there), generator=chance).tolist())
    return [claim and _answering(claim, there[next(order)]) for claim in claims]


def _answering(claim: Claim, other: Claim) -> Claim:
    why, chinese = claim.english.split(": ", 1)[1][:-1], claim.chinese.split("：", 1)[1][:-1]
    return spoken(claim.subject, other.trials[0].answer, why, chinese)


def _precision(tree: Any, rows: np.ndarray, said: np.ndarray) -> np.ndarray:
    leaves, nodes = tree.apply(rows), tree.tree_.node_count
    right = np.bincount(leaves, tree.predict(rows) == said, nodes)
    return (right + 1) / (np.bincount(leaves, minlength=nodes) + 2)
