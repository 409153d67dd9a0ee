"""Lesson 3.9: what networks answered, their errors side by side, a browser of errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from course_utils import diagnose, fusion, models, plots, saliency, training
from course_utils.data import FASHION_CLASSES
from course_utils.spread import mean_and_error

SEEDS = ("SimplifiedCNN", "SimplifiedCNN-twin", "SimplifiedCNN-twin-2")


def answers(names: Sequence[str], images: Tensor) -> dict[str, Tensor]:
    """Each network's logits on the images, n x class."""
    return {name: training.predict(models.load_network(name), images) for name in names}


def same_rows(logits: Mapping[str, Tensor], labels: Tensor) -> list[dict[str, Any]]:
    """Rows for `lesson.table`: how the first network's errors fare with the others."""
    (first, own), *others = ((name, one.argmax(1)) for name, one in logits.items())
    rows = []
    for name, other in others:
        also, same = diagnose.same_errors(own, other, labels)
        rows.append({
            "network": name, "accuracy": (other == labels).double().mean().item(),
            f"also wrong where {first} is": also, "with the same answer": same,
            "if errors were independent": _by_chance(own, other, labels),
        })  # fmt: skip
    return rows


def _by_chance(own: Tensor, other: Tensor, labels: Tensor) -> float:
    """The share of `own`'s errors that the other would get wrong by its classes' error rates."""
    wrong = (own != labels).double().sum().item()
    return diagnose.expected_nobody([own, other], labels, labels) / wrong


def closer(logits: Mapping[str, Tensor], labels: Tensor, *, one: str, others: Sequence[str]):
    """Whether `one` repeats the first network's wrong answers more than others do.

    Returns:
        For each other network the mean difference and its standard error over the first's errors.
    """
    said = {name: part.argmax(1) for name, part in logits.items()}
    own = next(iter(said.values()))
    wrong = own != labels
    same = {name: (part == own)[wrong].double() for name, part in said.items()}
    return {other: mean_and_error(same[one] - same[other]) for other in others}


def at_random(values: Mapping[str, Tensor], *, seed: int) -> dict[str, Tensor]:
    """Properties that mean nothing: each one a random number an image."""
    chance = torch.Generator().manual_seed(seed)
    return {f"chance {k}": torch.rand(len(one), generator=chance)
            for k, one in enumerate(values.values(), 1)}  # fmt: skip


class _Weighed(nn.Module):
    """A network whose only output is a sum of its logits with weights, class x 1."""

    def __init__(self, network: nn.Module, weights: Tensor):
        super().__init__()
        self.network, self.weights = network, weights

    def forward(self, images: Tensor) -> Tensor:
        return self.network(images) @ self.weights


class ErrorBrowser:
    """Images of one class that a network calls another, and what an attribution says.

    Args:
        logits: the network's, for the images.
        limit: pictures shown, the surest first.
    """

    def __init__(self, network, images: Tensor, labels: Tensor, logits: Tensor, *, limit: int = 6):
        self.network, self.images, self.labels, self.limit = network, images, labels, limit
        self.sure, self.said = logits.softmax(1).max(1)
        self.untrained = models.seeded(models.SimplifiedCNN, 0).eval()
        self.kept: dict[tuple[str, str], list[Tensor]] = {}

    def places(self, is_a: str, called: str) -> Tensor:
        """Where the images of this cell of the confusion matrix are, the surest first."""
        true, said = (FASHION_CLASSES.index(name) for name in (is_a, called))
        found = ((self.labels == true) & (self.said == said)).nonzero()[:, 0]
        return found[self.sure[found].argsort(descending=True)]

    def maps(self, network, images: Tensor, is_a: str, called: str) -> Tensor:
        """Integrated gradients of the answer's logit minus the label's."""
        said, true = (FASHION_CLASSES.index(name) for name in (called, is_a))
        signs = torch.zeros(len(FASHION_CLASSES), 1)
        signs[true] = -1.0
        signs[said] = 1.0  # on the diagonal the answer's logit alone
        return saliency.integrated_gradients(_Weighed(network, signs), images, 0, steps=16)

    def both(self, is_a: str, called: str) -> list[Tensor]:
        """The maps of the pictures shown, of the network and of the control; kept."""
        if (is_a, called) not in self.kept:
            images = self.images[self.places(is_a, called)[: self.limit]]
            self.kept[is_a, called] = [
                self.maps(one, images, is_a, called) for one in (self.network, self.untrained)
            ]
        return self.kept[is_a, called]

    def draw(self, is_a: str, called: str) -> Any:
        """Draw the images, what spoke for the answer rather than the label, and a control."""
        places = self.places(is_a, called)
        count, some = len(places), places[: self.limit]
        made, axes = plots.figure(rows=3, width=1.15 * self.limit, height=4.6)
        for axis in axes:
            axis.set_axis_off()
        made.suptitle(f"{count} of class {is_a}, called {called}", fontsize=11, fontweight="bold")
        if not len(some):
            return made
        images = self._strip(self.images[some], gap=1.0)
        plots.draw_image(axes[0], images)
        for column, place in enumerate(some.tolist()):
            axes[0].text((column + 0.5) * images.shape[-1] / self.limit, -2,
                         f"{self.sure[place]:.0%} sure", fontsize=8, ha="center")  # fmt: skip
        names = ("network", "control: untrained")
        for axis, name, found in zip(axes[1:], names, self.both(is_a, called), strict=True):
            largest = found.abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-12)
            strip = self._strip(found / largest, gap=0.0)
            plots.draw_attribution(axis, strip, over=images, limit=1.0)
            axis.set_title(name, fontsize=8, loc="left")
        return made

    def _strip(self, pictures: Tensor, *, gap: float) -> Tensor:
        """Pictures side by side as one, 1 x height x width: much faster than an axis for each."""
        edge = 2
        empty = pictures.new_full((self.limit - len(pictures), *pictures.shape[1:]), gap)
        framed = nn.functional.pad(torch.cat([pictures, empty]), (edge, edge), value=gap)
        return torch.cat(list(framed), dim=2)

    def words(self, is_a: str, called: str) -> str:
        """The picture in words."""
        places = self.places(is_a, called)
        if not len(places):
            return f"No image of class {is_a} was called {called}."
        sure = ", ".join(f"{one:.0%}" for one in self.sure[places[: self.limit]].tolist())
        return (
            f"{len(places)} images of class {is_a} were called {called}. The network was {sure} "
            "sure of those shown. Below: what spoke for the answer (orange) or for the label "
            f"(purple), and the same of an untrained network; rank correlation "
            f"{fusion.agreement(*self.both(is_a, called)).mean().item():.2f}."
        )


def tried(values, labels, wrong) -> list[tuple[diagnose.Weakness, diagnose.Weakness]]:
    """All slices, weakest first when sought, each as sought and as tried again.

    Args:
        values: properties of the images to seek on, and of the others; labels and wrong alike.
    """
    made = diagnose.rules(values[0], labels[0], FASHION_CLASSES)
    found = diagnose.weakest(made, values[0], labels[0], wrong[0])
    return [(one, diagnose.weakness(one.rule, values[1], labels[1], wrong[1])) for one in found]


def confirmed(pairs, values, labels, wrong, *, first: int = 5) -> list[diagnose.Confirmed]:
    """The weakest slices when sought, judged on the other images; arguments as for `tried`."""
    return diagnose.confirm([one for one, _ in pairs[:first]], values[1], labels[1], wrong[1])


def any_holds(pairs, values, labels, wrong) -> bool:
    """Whether one of the weakest is confirmed."""
    return any(one.holds for one in confirmed(pairs, values, labels, wrong))


def slice_rows(
    found: Sequence[diagnose.Confirmed], values, labels: Tensor, others: Mapping[str, Tensor]
) -> list[dict[str, Any]]:
    """Rows for `lesson.table`: each slice as sought, as tried again, and with other networks.

    Args:
        others: by name, which answers of another network were wrong.
    """
    return [
        {"slice": one.sought.rule.name, "z when sought": f"{one.sought.z:.1f}",
         "z again": f"{one.again.z:.1f}", "wrong": f"{one.again.errors:.0%}",
         "expected": f"{one.again.expected:.0%}", "confirmed": one.holds}
        | {f"z of {name.removeprefix('SimplifiedCNN-')}":
           f"{diagnose.weakness(one.sought.rule, values, labels, wrong).z:.1f}"
           for name, wrong in others.items()}
        for one in found
    ]  # fmt: skip


def hardness(logits: Tensor, labels: Tensor, *, group: int = 100) -> Tensor:
    """Groups of images that a network gives its label a like probability, the hardest first."""
    own = diagnose.self_confidence(logits.softmax(1), labels)
    rank = torch.empty_like(labels)
    rank[own.argsort()] = torch.arange(len(labels))
    return rank // group


def nobody_rows(answers, labels: Tensor, groups: Mapping[str, Tensor]) -> list[dict[str, Any]]:
    """Rows for `lesson.table`: how many all get wrong, and how many luck would give."""
    rows = [{"": "counted", "images": f"{int(diagnose.nobody_right(answers, labels).sum())}"}]
    return rows + [
        {"": f"if all that counts is {name}",
         "images": f"{diagnose.expected_nobody(answers, labels, group):.2g}"}
        for name, group in groups.items()
    ]  # fmt: skip


def draw_some(chosen: Tensor, *, count: int, seed: int = 0) -> Tensor:
    """Some of the places where `chosen` is true, at random."""
    places = chosen.nonzero()[:, 0]
    order = torch.randperm(len(places), generator=torch.Generator().manual_seed(seed))
    return places[order[:count]]
