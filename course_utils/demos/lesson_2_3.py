"""Lesson 2.3: clearer or not, filters silenced and taken away, and a game of guessing maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from course_utils import data, fusion, models, plots, structure, training
from course_utils.demos.versions import Versions

HIDDEN = "—"
"""The guess of somebody who has not guessed yet."""


def order_agreement(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the rank correlation of two rankings of the same things."""
    return fusion.agreement(torch.tensor([one]), torch.tensor([other])).item()


def clearer(
    measures: Mapping[str, Mapping[str, Sequence[float]]], names: Sequence[str], verdict: Callable
) -> dict[str, list[tuple[float, bool]]]:
    """Say of each name how much clearer than "whole" it is, by each measure.

    Args:
        measures: by measure, by name, one number a network; a measure whose name does not
            say "more is clearer" counts the other way round.
        verdict: (name, ours, theirs) to a row with "difference" and "more than luck".
    """

    def one(measure: str, name: str) -> tuple[float, bool]:
        found = verdict(name, measures[measure][name], measures[measure]["whole"])
        sign = 1 if "more is clearer" in measure else -1
        return sign * found["difference"], found["more than luck"]

    return {name: [one(measure, name) for measure in measures] for name in names}


def starred(rows: Mapping[str, Sequence[tuple[float, bool]]]) -> list[dict[str, str]]:
    """`clearer` as the rows of a table; a star marks what is more than luck."""
    heads = ("fewer pixels", "smoother", "simpler")
    return [
        {"network": name} | {head: f"{value:+.3f}{' ★' if beyond else ''}"
                             for head, (value, beyond) in zip(heads, row, strict=True)}
        for name, row in rows.items()
    ]  # fmt: skip


def change_when_silent(
    network: nn.Sequential, at: int, images: torch.Tensor, labels: torch.Tensor
) -> list[float]:
    """Silence each filter in turn; return how far the loss then moves, mean |change| of images.

    Args:
        at: how many layers stand before the place where a filter's activations are set to 0.
    """
    with torch.no_grad():
        activations, back = network[:at](images), network[at:]

        def losses(some: torch.Tensor) -> torch.Tensor:
            return F.cross_entropy(back(some), labels, reduction="none")

        before, moved = losses(activations), []
        for k in range(activations.shape[1]):
            heard = torch.ones(1, activations.shape[1], 1, 1)
            heard[:, k] = 0
            moved.append((losses(activations * heard) - before).abs().mean().item())
    return moved


def removal_curve(
    network: models.SimplifiedCNN, scores: torch.Tensor, validation: training.Pair, *,
    shares: Sequence[float] = (0.5, 0.75), draws: int = 16,
) -> dict[str, dict[float, list[float]]]:  # fmt: skip
    """Take conv2's filters out in three orders; return the accuracy by order and share.

    Share 0, the whole network, stands first in each order.

    Args:
        scores: one a filter, the lowest goes first: the order called "Taylor".
        draws: how many orders by lot, from seeds 0, 1, …
    """
    count = len(scores)
    orders = {
        "Taylor": [scores.argsort()],
        "L1 norm": [structure.filter_norms(network.conv2).argsort()],
        "by lot": [torch.randperm(count, generator=torch.Generator().manual_seed(seed))
                   for seed in range(draws)],
    }  # fmt: skip

    first = list(dict(network.named_children())).index("conv2")
    seen = training.predict(network[:first], validation[0])  # the same for all orders

    def accuracy(gone: torch.Tensor) -> float:
        smaller = structure.remove_filters(network, {"conv2": gone})
        return training.evaluate(smaller[first:], seen, validation[1])

    whole = {0.0: [training.evaluate(network, *validation)]}
    return {
        name: whole | {share: [accuracy(one[: round(share * count)]) for one in several]
                       for share in shares}
        for name, several in orders.items()
    }  # fmt: skip


def accuracies(curves: Sequence[Mapping], share: float) -> dict[str, list[float]]:
    """Return by order one accuracy a network, the mean of its draws, from `removal_curve`s."""
    return {
        name: [sum(one[name][share]) / len(one[name][share]) for one in curves]
        for name in curves[0]
    }


def winner(values: Mapping[str, Sequence[float]], verdict: Callable) -> str:
    """Return the name that is better than every other by more than luck, or "no clear winner".

    Args:
        verdict: (name, ours, theirs) to a row with "difference" and "more than luck".
    """

    def beats(name: str, other: str) -> bool:
        row = verdict(name, values[name], values[other])
        return row["difference"] > 0 and row["more than luck"]

    for name in values:
        if all(beats(name, other) for other in values if other != name):
            return name
    return "no clear winner"


def whose_map(
    study: Versions, shuffled: torch.Tensor, names: Sequence[str] = ("80 % zeros", "4 bits")
) -> WhoseMap:
    """Return the game for network 1, with one picture of each class."""
    ten = torch.stack([(study.classes == k).nonzero()[0, 0] for k in range(10)])
    others = {name: study.maps[name][0][ten] for name in names}
    others |= {"twin": study.maps["whole"][1][ten], "shuffled": shuffled[ten]}
    networks = {name: study.networks[name][0] for name in names}
    networks["twin"] = study.networks["whole"][1]
    said = {name: training.predict(one, study.pictures[ten]).argmax(1)
            for name, one in networks.items()}  # fmt: skip
    return WhoseMap(study.pictures[ten], study.maps["whole"][0][ten], others, said)


class WhoseMap:
    """Shows a network's map and four more without their names; the learner guesses.

    Args:
        images: picture x 1 x height x width.
        whole: the network's own maps, same shape.
        others: by name, maps of that shape; one is called "twin".
        said: by name, the class indices that the network behind the maps says, if it says any.
    """

    def __init__(
        self, images: torch.Tensor, whole: torch.Tensor,
        others: Mapping[str, torch.Tensor], said: Mapping[str, torch.Tensor],
    ) -> None:  # fmt: skip
        self.images, self.whole, self.others, self.said = images, whole, dict(others), said
        self.agreements = {
            name: fusion.agreement(whole, maps, where=images > 0)
            for name, maps in self.others.items()
        }

    def order(self, picture: int) -> list[str]:
        """The names in the order in which one picture shows them: A, B, C, …"""
        generator = torch.Generator().manual_seed(1000 + picture)
        names = list(self.others)
        return [names[i] for i in torch.randperm(len(names), generator=generator)]

    def letters(self) -> list[str]:
        """A, B, C, …: one a map."""
        return [chr(ord("A") + place) for place in range(len(self.others))]

    def draw(self, picture: int, guess: str, names: bool) -> Any:
        """Draw the picture, the network's own map and the others, with or without names."""
        shown, order = self.images[picture], self.order(picture)
        maps = [self.whole[picture], *(self.others[name][picture] for name in order)]
        made, axes = plots.figure(columns=len(maps) + 1, width=7.6, height=2.35)
        plots.draw_image(axes[0], shown)
        titles = ["the picture", "its own map", *self._titles(picture, names)]
        for axis, one in zip(axes[1:], maps, strict=True):
            plots.draw_attribution(axis, one, over=shown, limit=_limit(one))
        for axis, title in zip(axes, titles, strict=True):
            axis.set_title(title, fontsize=9, fontweight="normal", loc="center")
        made.suptitle(self.verdict(picture, guess, names), fontsize=10.5, fontweight="bold")
        return made

    def verdict(self, picture: int, guess: str, names: bool) -> str:
        """What the title says: a question, or whether the guess was right."""
        if not names:
            asked = "Which of these maps is the twin's?"
            return asked if guess == HIDDEN else f"You took {guess} for the twin's: show the names"
        right = self.letters()[self.order(picture).index("twin")]
        if guess == HIDDEN:
            return f"The twin's map is {right}; you have not guessed"
        return f"The twin's map is {right}" + (
            ": you saw it" if guess == right else f", and you took {guess} for it"
        )

    def words(self, picture: int, guess: str, names: bool) -> str:
        """The picture in words; they hide what the picture hides."""
        if not names:
            return (
                f"A picture, the network's own map of it, and {len(self.others)} maps without "
                f"names, {', '.join(self.letters())}. {self.verdict(picture, guess, names)}"
            )
        told = ", ".join(title.replace("\n", " ") for title in self._titles(picture, names))
        return f"{self.verdict(picture, guess, names)}. {told}."

    def _titles(self, picture: int, names: bool) -> list[str]:
        titles = []
        for letter, name in zip(self.letters(), self.order(picture), strict=True):
            title = letter
            if names:
                title += f": {name}\nagreement {self.agreements[name][picture]:.2f}\n"
                said = self.said.get(name)
                title += "says nothing" if said is None else (
                    f"says {data.FASHION_CLASSES[said[picture]]}")  # fmt: skip
            titles.append(title)
        return titles


def _limit(attribution: torch.Tensor) -> float:
    """The strongest colour: one pixel in a hundred may exceed it."""
    return attribution.abs().quantile(0.99).item() or 1.0
