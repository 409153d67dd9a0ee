"""Lesson 5.2: guided removal, students that match maps, and readers of trees and sparse heads."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from course_utils import data, fusion, models, sparse_head, training
from course_utils.demos import lesson_5_1
from course_utils.recipes import drift, guided, matched
from course_utils.spread import mean_and_error

if TYPE_CHECKING:
    import pandas

Seeds = dict[str, list[float]]
"""By name, one number a seed."""
KINDS = {name: place for place, name in enumerate(data.FASHION_CLASSES)}
"""Class names as choices."""
SAID = {order: order for order in guided.ORDERS} | {"lot": "by lot"}
"""By an order's name in the study, its name in the lesson."""


def cuts(table: pandas.DataFrame) -> dict[str, Seeds]:
    """Return by way and by order the validation accuracies right after the removal."""
    bare = table[table.steps == 0]
    return {way: {said: list(bare[(bare.way == way) & (bare.order == order)].accuracy)
                  for order, said in SAID.items()} for way in guided.WAYS}  # fmt: skip


def best_ways(table: pandas.DataFrame) -> dict[str, str]:
    """Return by order the way that was best on the training images held back."""
    return {said: guided.chosen_way(table, order) for order, said in SAID.items()}


def trained_on(table: pandas.DataFrame) -> dict[int, Seeds]:
    """Return by updates of training and by start the validation accuracies, from 0 updates on."""
    ways = best_ways(table)
    found = {0: {order: cuts(table)[way][order] for order, way in ways.items()}}
    for steps in guided.STEPS:
        some = table[table.steps == steps]
        names = SAID | {"fresh start": "fresh start"}
        found[steps] = {said: list(some[some.order == name].accuracy)
                        for name, said in names.items()}  # fmt: skip
    return found


def gap(one: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """Return the mean difference of pairs, one minus other, and its standard error."""
    return mean_and_error([a - b for a, b in zip(one, other, strict=True)])


def points(found: tuple[float, float]) -> str:
    """A difference of shares and its error, in percentage points."""
    return f"{100 * found[0]:+.1f} ± {100 * found[1]:.1f} points".replace("-", "−")


def agreements(table: pandas.DataFrame) -> dict[str, Seeds]:
    """Return by explainer and by arm the students' agreement with their teachers."""
    return {name: {arm: list(table[(table.explainer == name) & (table.arm == arm)].agreement)
                   for arm in matched.ARMS} for name in fusion.EXPLAINERS}  # fmt: skip


def gain_rows(agree: dict[str, Seeds]) -> list[dict[str, str]]:
    """Return a table: by explainer, what answers, CAMs and gradients each added to agreement."""
    pairs = {"answers − labels": ("answers", "labels"),
             "CAM − answers": ("answers, CAM", "answers"),
             "gradient on top": ("answers, CAM, gradient", "answers, CAM")}  # fmt: skip
    rows = []
    for name, by in agree.items():
        found = {words: gap(by[one], by[other]) for words, (one, other) in pairs.items()}
        rows.append({"explainer": name} | {words: f"{mean:+.3f} ± {error:.3f}"
                                           for words, (mean, error) in found.items()})  # fmt: skip
    return rows


def changes(table: pandas.DataFrame) -> Seeds:
    """Return by arm the students' accuracies minus their teachers'."""
    one = table[table.explainer == "gradient"]
    return {arm: list((one.accuracy - one.of)[one.arm == arm]) for arm in matched.ARMS}


def accuracy(table: pandas.DataFrame) -> Seeds:
    """Return by arm the students' accuracies."""
    one = table[table.explainer == "gradient"]
    return {arm: list(one.accuracy[one.arm == arm]) for arm in matched.ARMS}


def explained() -> training.Pair:
    """Return the images on which maps are compared, and their classes."""
    return tuple(one[: matched.IMAGES] for one in lesson_5_1.studied())


def kept_student() -> models.Network:
    """Return the first network's student of answers, CAMs and gradients."""
    return models.load_network(drift.path("matched"))


# ---- readers


def kept_tree() -> models.SoftTree:
    """Return the tree that learned the first network's answers."""
    return models.load_network(drift.path("soft tree"))


def tree_rows(table: pandas.DataFrame) -> list[dict[str, str]]:
    """Return one row for each way of learning: mean and range of three networks."""
    columns = {"same answers": "answers as the network", "accuracy": "right"}
    return [
        {"learned": kind} | {
            words: f"{of[name].mean():.1%} ({of[name].min():.1%} to {of[name].max():.1%})"
            for name, words in columns.items()
        }
        for kind, of in table.groupby("learned", sort=False)
    ]  # fmt: skip


def tree_reader(tree: models.SoftTree, outlook: Tensor, images: Tensor, count: int) -> Tensor:
    """Return the answers of a reader who is told the first `count` turns of each image's way, n.

    Args:
        outlook: node x class, as `tree.outlook` gives it for training images.
    """
    return outlook[tree.visited(images)[:, count]].argmax(1)


def tree_told(tree: models.SoftTree, seen: Tensor, images: Tensor, count: int) -> float:
    """Return how often a reader who is told the first `count` turns names the tree's answer.

    Args:
        seen: training images, for the outlook at each node.
    """
    told = tree_reader(tree, tree.outlook(seen), images, count)
    return share_alike(told, training.predict(tree, images).argmax(1))


def share_alike(answers: Tensor, others: Tensor) -> float:
    """Return the share of equal answers."""
    return (answers == others).float().mean().item()


def heads(
    features: Tensor, labels: Tensor, strengths: Sequence[float], *, steps: int = 150
) -> dict[float, tuple[sparse_head.Head, sparse_head.Head]]:
    """Return by strength a sparse head, and one of as many random features a class."""
    found = {}
    for strength, head in sparse_head.path(features, labels, strengths=strengths, steps=steps):
        allowed = sparse_head.random_allowed(head, seed=0)
        lot = sparse_head.fit(features, labels, strength=0.0, allowed=allowed, steps=steps)
        found[strength] = head, lot
    return found


def head_row(
    name: str, head: sparse_head.Head, features: Tensor, labels: Tensor, *, counts=(1, 2, 3)
) -> dict[str, Any]:
    """Return a table's row on a head: accuracy, features a class, and its reader's success."""
    said = head(features).argmax(1)
    told = {f"told {k}": share_alike(sparse_head.read(head, features, k), said) for k in counts}
    return {"head": name, "features a class": head.per_class,
            "accuracy": share_alike(said, labels)} | told  # fmt: skip


def twin_readers(
    network: models.Network, pair: training.Pair, images: Tensor, *, strength: float
) -> dict[str, float]:
    """Return by kind of head how often its reader, told three features, names its answer.

    Args:
        pair: training images and labels, for the heads.
    """
    seen, features = (training.predict(network[:-1], one) for one in (pair[0], images))
    sparse, lot = heads(seen, pair[1], [strength])[strength]
    kinds = {"dense": sparse_head.of_layer(network.fc2, seen), "sparse": sparse, "random": lot}
    return {name: share_alike(sparse_head.read(head, features, 3), head(features).argmax(1))
            for name, head in kinds.items()}  # fmt: skip


def other_classes(features: Tensor, *, seed: int) -> Tensor:
    """Return 1 to 9 for each row, by lot: added to a class, modulo 10, it is another class."""
    return torch.randint(1, 10, (len(features),), generator=torch.Generator().manual_seed(seed))


def leaky_reader(head: sparse_head.Head, features: Tensor, count: int, classes: Tensor) -> Tensor:
    """Return the answers of a reader whose features were chosen to speak for given classes, n.

    It reads as `sparse_head.read` does; only the choice is another: the `count` features of
    each image that contribute most to its class.

    Args:
        classes: n; the head's answers, or others.
    """
    parts = head.contributions(features)
    spoken = parts[torch.arange(len(features)), classes]
    places = spoken.topk(count, 1).indices
    chosen = parts.gather(2, places[:, None, :].expand(-1, parts.shape[1], -1))
    return (chosen.sum(2) + head.bias).argmax(1)


# ---- the tree's way


class Ways:
    """A soft tree's most likely way for some pictures.

    Args:
        images, labels: pictures to choose from, the first of each class.
        seen: training images, for the outlook at each node.
    """

    def __init__(
        self, tree: models.SoftTree, images: Tensor, labels: Tensor, *, seen: Tensor
    ) -> None:
        first = [int((labels == kind).nonzero()[0]) for kind in range(10)]
        self.tree, self.pictures = tree, images[first]
        self.outlook = tree.outlook(seen)
        self.nodes = tree.visited(self.pictures)
        self.answers = training.predict(tree, self.pictures).argmax(1)

    def turns(self, picture: int) -> list[tuple[Tensor, bool, float]]:
        """Return for each question its weights, whether the way goes right, and how surely."""
        way = self.nodes[picture].tolist()
        image = self.pictures[picture : picture + 1]
        scores = self.tree.questions(self.tree.flatten(self.tree.normalize(image)))[0]
        side = self.tree.settings["size"]
        found = []
        for node, below in itertools.pairwise(way):
            right = below == 2 * node + 2
            sure = scores[node].sigmoid().item()
            weights = self.tree.questions.weight[node].detach().view(side, side)
            found.append((weights, right, sure if right else 1 - sure))
        return found
