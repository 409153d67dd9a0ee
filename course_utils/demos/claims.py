"""The documents' trends and hopes, each held against what the course measured.

A claim's figure is a difference that the claim says is above zero, with its error where
several networks were measured. It is computed from the scoreboard and the kept studies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from course_utils import data, measure, models, scoreboard, training
from course_utils.demos import lesson_4_4, lesson_5_3
from course_utils.spread import decide, mean_and_error

if TYPE_CHECKING:
    import pandas

Figure = tuple[float, float, int]
"""A difference, its standard error, and the number of networks or pairs behind it."""
VERDICTS = ("false here", "not shown", "holds here")


@dataclass(frozen=True)
class Claim:
    """A sentence of the documents, in our words, and what became of it.

    Attributes:
        source: the document and its section.
        words: what it says.
        name: the claim in a word or two.
        measure: the difference that would be above zero if it held, with its unit.
        value, error: the difference, and its standard error; of a time half the middle half, and 0
            where one file was counted.
        networks: how many networks or pairs the figure rests on.
        lesson: where it was measured.
    """

    source: str
    words: str
    name: str
    measure: str
    value: float
    error: float
    networks: int
    lesson: str

    @property
    def verdict(self) -> str:
        """One of VERDICTS: clear is two errors away from zero."""
        return decide(self.value, 2 * self.error, VERDICTS)


def judged() -> list[Claim]:
    """Return the claims with figures computed now; times and small students take a few seconds."""
    return [Claim(*words, *figure(), lesson) for *words, figure, lesson in _CLAIMS]


def _board(task: str = "Fashion-MNIST") -> pandas.DataFrame:
    return scoreboard.table(mine=False, task=task).set_index("name")


def _skip() -> Figure:
    macs = _board().macs
    return 100 * (1 - macs["ResNet"] / macs["ResNet-plain"]), 0.0, 1


def _time_saved(name: str) -> Callable[[], Figure]:
    def figure() -> Figure:
        images, _ = data.fashion_mnist("validation", limit=256)
        networks = (models.load_network(one) for one in (name, scoreboard.REFERENCE))
        ratio = measure.latency_ratio(*networks, images, runs=15)
        return 100 * (1 - ratio.median), 100 * (ratio.high - ratio.low) / 2, 1

    return figure


def _teacher(images: str) -> Callable[[], Figure]:
    def figure() -> Figure:
        pair = data.fashion_mnist("validation", limit=1000)
        taught, alone = ([training.evaluate(one, *pair) for one in lesson_4_4.load(way, images)]
                         for way in ("taught", "alone"))  # fmt: skip
        return _paired(100 * (torch.tensor(taught) - torch.tensor(alone)))

    return figure


def _thousandfold() -> Figure:
    board = _board("MNIST")
    whole, small = board.accuracy["LeNet5"], board.accuracy["LeNet5-thousandfold"]
    if board.bytes["LeNet5"] < 1000 * board.bytes["LeNet5-thousandfold"]:
        raise ValueError("LeNet5-thousandfold is not a thousandth of LeNet5; see the scoreboard.")
    error = 100 * (sum(one * (1 - one) for one in (whole, small)) / 10_000) ** 0.5
    return 1 - 100 * (whole - small), error, 1


def _keeps_reasons(version: str) -> Callable[[], Figure]:
    def figure() -> Figure:
        rows = data.study("drift").query("explainer == 'integrated gradients'")
        one, other = (rows[rows.version == name].set_index("seed").agreement
                      for name in (version, "another seed"))  # fmt: skip
        return _paired(one - other)

    return figure


def _guided(steps: int) -> Callable[[], Figure]:
    def figure() -> Figure:
        rows = data.study("guided").set_index("seed")
        rows = rows[rows.steps == steps]
        ours = rows[(rows.order == "Taylor") & (rows.way == "in 8 steps, means stay")].accuracy
        size = rows[(rows.order == "L1") & (rows.way == "at once")].accuracy
        return _paired(100 * (ours - size))

    return figure


def _matched() -> Figure:
    rows = data.study("matched").query("explainer == 'integrated gradients'").set_index("seed")
    maps, answers = (rows[rows.arm == arm].agreement for arm in ("answers, CAM", "answers"))
    return _paired(maps - answers)


def _retold() -> Figure:
    rows = data.study("trees").set_index("seed")
    answers, labels = (rows[rows.learned == what]["same answers"] for what in ("answers", "labels"))
    return _paired(100 * (answers - labels))


def _search(sampler: str) -> Callable[[], Figure]:
    def figure() -> Figure:
        table = data.study("search")
        curves = lesson_5_3.grown(table, [60])
        gain, error = lesson_5_3.ahead(curves)[sampler]
        return 100 * gain, 100 * error, len(curves[sampler])

    return figure


def _steers() -> Figure:
    rows = data.study("control").set_index("seed")
    tree = rows[(rows.way == "VIPER") & (rows.leaves == 6)]["reach 5000"]
    return _paired(100 * (tree - rows[rows.way == "network"]["reach 5000"]))


def _words_kept() -> Figure:
    rows = data.study("language").query("network == 'transformer' and way == 'int8'")
    return _paired(rows.agreement - rows["another seed"])


def _paired(differences: Sequence[float]) -> Figure:
    return *mean_and_error(list(map(float, differences))), len(differences)


_CLAIMS = (
    ("A 3.1", "Skip connections save computation.",
     "skip connections", "multiplications saved, %", _skip, "4.1"),
    ("A 3.3", "Pruning makes a network faster: single weights.",
     "single weights", "time saved, %", _time_saved("PrunedCNN"), "4.3"),
    ("A 3.3", "Pruning makes a network faster: whole filters.",
     "whole filters", "time saved, %", _time_saved("PrunedCNN-structured"), "4.3"),
    ("A 3.4", "A teacher helps: with 500 images.",
     "teacher, 500 images", "points gained", _teacher("500"), "4.4"),
    ("A 3.4", "A teacher helps: with all images.",
     "teacher, all images", "points gained", _teacher("55000"), "4.4"),
    ("A 5.1", "Methods will shrink networks further: a thousandfold, for at most a point.",
     "a thousandfold", "points left of one", _thousandfold, "4.5"),
    ("A 2.3", "An explanation chooses better what to remove: before training.",
     "choice, before training", "points above choice by size", _guided(0), "5.2"),
    ("A 2.3", "An explanation chooses better what to remove: after training.",
     "choice, after training", "points above choice by size", _guided(160), "5.2"),
    ("A 5.3", "A small network has the large one's reasons: rounded to 8 bits.",
     "reasons at 8 bits", "agreement above another seed's", _keeps_reasons("8 bits"), "5.1"),
    ("A 5.3", "A small network has the large one's reasons: a student.",
     "a student's reasons", "agreement above another seed's", _keeps_reasons("student"), "5.1"),
    ("A 5.3", "Reasons can be taught: maps of one kind bring those of another.",
     "reasons taught", "agreement gained", _matched, "5.2"),
    ("A 5.4", "A program can choose the method: TPE, against choosing by lot.",
     "search by TPE", "volume of the front gained, ×100", _search("TPE"), "5.3"),
    ("A 5.4", "A program can choose the method: NSGA-II, against choosing by lot.",
     "search by NSGA-II", "volume of the front gained, ×100", _search("NSGA-II"), "5.3"),
    ("A 5.5", "A controller can be read: six leaves steer as long as the network (5,000 steps).",
     "six leaves steer", "% of starts, above the network's", _steers, "5.5"),
    ("A 5.5", "It carries over to language: a transformer has its reasons at 8 bits.",
     "language, 8 bits", "agreement above another seed's", _words_kept, "5.4"),
    ("B 7", "A readable model can retell a network: a tree taught by it, against by labels.",
     "a tree retells", "points of equal answers gained", _retold, "5.2"),
)  # fmt: skip
