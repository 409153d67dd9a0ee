"""Lesson 4.4: students with and without a teacher, and sets of real and learned images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import torch
from torch import Tensor

from course_utils import condense, models, plots, spread, training
from course_utils.recipes import taught

Seeds = dict[str, list[float]]
"""By name, one accuracy for each seed."""


def load(arm: str, run: str) -> list[models.Network]:
    """Return the committed students of an arm of one of `taught.RUNS`, one a seed."""
    return [models.load_network(taught.student_path(arm, run, seed))
            for seed in range(taught.RUNS[run].seeds)]  # fmt: skip


def accuracies(run: str, images: Tensor, labels: Tensor) -> Seeds:
    """Return the accuracies of every arm of a run, one a seed."""
    return {arm: [training.evaluate(one, images, labels) for one in load(arm, run)]
            for arm in taught.RUNS[run].arms}  # fmt: skip


def gain(alone: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """Return the mean gain over the seeds and its standard error, seed by seed."""
    return spread.mean_and_error([b - a for a, b in zip(alone, other, strict=True)])


def points(found: tuple[float, float]) -> str:
    """A gain and its error in percentage points."""
    return f"{100 * found[0]:+.1f} ± {100 * found[1]:.1f} points".replace("-", "−")


def repeated(answers: Tensor, of: Sequence[Tensor], where: Tensor) -> list[float]:
    """Return for each network the share of some images on which it gives these answers.

    Args:
        answers: n classes, a teacher's or the right ones.
        of: the networks' answers, n classes each.
        where: n booleans, the images that count.
    """
    return [(given == answers)[where].float().mean().item() for given in of]


def mistakes(
    arm: str, run: str, images: Tensor, labels: Tensor, told: Tensor
) -> tuple[dict[str, Any], list[float]]:
    """Return a table's row on an arm's students, and how often each repeats a teacher's mistakes.

    Args:
        told: the teacher's answers, n classes; they are compared where they are not `labels`.
    """
    said = [training.predict(one, images).argmax(1) for one in load(arm, run)]
    wrong = told != labels
    same = repeated(told, said, wrong)
    everywhere, right = (repeated(labels, said, where) for where in (wrong | True, wrong))
    return {
        "students": f"{arm}, {taught.RUNS[run].images:,} images",
        "accuracy (all images)": f"{fmean(everywhere):.1%}",
        "right": f"{fmean(right):.1%}",
        "the teacher's wrong answer": f"{fmean(same):.1%}",
    }, same


class Counter:
    """Real sets of every size beside the learned ones, all read by the same ridge regression.

    Args:
        real: training images and labels to draw from.
        held_out: images and labels to be read.
    """

    def __init__(self, real: training.Pair, held_out: training.Pair) -> None:
        self.images, self.labels = real
        self.held_out = held_out
        self.reader = models.seeded(condense.untrained_cnn, 100)  # no learned set has met it
        self.seen = condense.features(self.reader, held_out[0])
        self.pixels = torch.nn.functional.avg_pool2d(self.images, 2).flatten(1)
        self.known: dict[tuple, tuple[Tensor, float]] = {}
        self.learned = {name: self.reads(*condense.load_set(name))
                        for name in ("Fashion-10", "Fashion-100")}  # fmt: skip

    def reads(self, images: Tensor, targets: Tensor) -> float:
        """The accuracy on held-out images of a ridge regression from a set."""
        mine = condense.features(self.reader, images)
        answers = condense.ridge_predict(mine, targets, self.seen, ridge=1e-2)
        return (answers.argmax(1) == self.held_out[1]).float().mean().item()

    def rows(self, way: str, per_class: int, sample: int) -> Tensor:
        """The rows of a real set, class by class."""
        if way == "herded":
            return condense.herding(self.pixels, self.labels, per_class=per_class)
        return condense.random_rows(self.labels, per_class=per_class, seed=sample)

    def found(self, way: str, per_class: int, sample: int) -> tuple[Tensor, float]:
        """A real set's rows and its accuracy, worked out once."""
        asked = (way, per_class, 0 if way == "herded" else sample)  # herding draws no lots
        if asked not in self.known:
            rows = self.rows(*asked)
            targets = condense.centred(self.labels[rows])
            self.known[asked] = rows, self.reads(self.images[rows], targets)
        return self.known[asked]

    def draw(self, way: str, per_class: int, sample: int) -> Any:
        """Draw one image a class, and the set's accuracy between those of the learned sets."""
        rows, right = self.found(way, per_class, sample)
        made, axes = plots.figure(rows=2, columns=10, width=7.6, height=2.7)
        for place, axis in enumerate(axes[0]):
            plots.draw_image(axis, self.images[rows[place * per_class]])
        below = made.add_subplot(2, 1, 2)
        for axis in axes[1]:
            axis.remove()
        below.barh([0], [right], color=plots.colour("reference"))
        for name, side in (("Fashion-10", "right"), ("Fashion-100", "left")):
            reached = self.learned[name]
            below.axvline(reached, color=plots.colour("data"), lw=2)
            below.annotate(f"{name.split('-')[1]} learned", (reached, 0.75), va="center", ha=side,
                           xytext=(4 if side == "left" else -4, 0), textcoords="offset points",
                           fontsize=8.5)  # fmt: skip
        below.set(xlim=(0, 1), ylim=(-0.5, 1), yticks=[], xlabel="held-out accuracy")
        below.xaxis.set_major_formatter("{x:.0%}")
        made.suptitle(self.title(way, per_class, sample), fontsize=11, fontweight="bold")
        return made

    def title(self, way: str, per_class: int, sample: int) -> str:
        """The finding in words."""
        _, right = self.found(way, per_class, sample)
        return f"{10 * per_class} real images, {way}: {right:.1%} read right"

    def words(self, way: str, per_class: int, sample: int) -> str:
        """The picture of `draw` in words."""
        marks = ", ".join(f"{name} {reached:.1%}" for name, reached in self.learned.items())
        return f"{self.title(way, per_class, sample)}. For comparison, the learned sets: {marks}."


def sets(real: training.Pair, *, per_class: int, draws: int = 3) -> Mapping[str, list]:
    """Return real sets, drawn and herded, and the learned set of that size if there is one."""
    images, labels = real
    pixels = torch.nn.functional.avg_pool2d(images, 2).flatten(1)

    def picked(rows: Tensor) -> training.Pair:
        return images[rows], condense.centred(labels[rows])

    drawn = [picked(condense.random_rows(labels, per_class=per_class, seed=seed))
             for seed in range(draws)]  # fmt: skip
    herded = picked(condense.herding(pixels, labels, per_class=per_class))
    found = {"random": drawn, "herded": [herded] * draws}
    if per_class in (1, 10):
        found["learned"] = [condense.load_set(f"Fashion-{10 * per_class}")] * draws
    return found


def score_rows(read: Mapping[int | str, Mapping[str, Sequence[float]]]) -> list[dict[str, Any]]:
    """Return one row a kind of set, for a table: mean and range, a column for each key of `read`.

    Args:
        read: number of images, or who learned from them -> kind of set -> accuracies.
    """
    heads = {of: f"{of} images" if isinstance(of, int) else of for of in read}
    return [
        {"set": way} | {
            heads[of]: f"{fmean(by[way]):.1%} ({min(by[way]):.1%} to {max(by[way]):.1%})"
            for of, by in read.items()
        }
        for way in next(iter(read.values()))
    ]  # fmt: skip


def verdict(found: tuple[float, float]) -> str:
    """Return in words whether a gain is more than twice its error."""
    mean, error = found
    return spread.decide(mean, 2 * error, ("worse", "neither, that we see", "better"))
