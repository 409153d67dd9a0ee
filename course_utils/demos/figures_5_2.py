"""Figures of lesson 5.2: removal and training on, heads and their readers, a tree's way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import data, plots

if TYPE_CHECKING:
    from course_utils.demos.lesson_5_2 import Ways

Seeds = Mapping[str, Sequence[float]]
SHADES = {"Taylor": "gradient", "relevance": "lime", "L1": "pruning", "by lot": "random",
          "fresh start": "structure"}  # fmt: skip
"""By order or start, the method that gives its colour."""


def removal(by: Mapping[str, Seeds], *, title: str) -> Any:
    """Draw a panel for each way, a row for each order, a dot for each network.

    Args:
        by: by way, by order, accuracies, shares.
    """
    made, axes = plots.figure(columns=len(by), width=7.8, height=2.6, sharex=True, sharey=True)
    for axis, (way, orders) in zip(axes, by.items(), strict=True):
        for place, (order, values) in enumerate(orders.items()):
            shade = plots.colour(SHADES[order])
            axis.plot(values, [place] * len(values), "o", color=shade, ms=6, alpha=0.8)
            axis.plot([np.mean(values)] * 2, [place - 0.3, place + 0.3], color=shade, lw=3)
        axis.set_title(way, fontsize=9, fontweight="normal")
        axis.xaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
        axis.set_xlabel("accuracy")
    axes[0].set_yticks(range(len(orders)), list(orders))
    axes[0].invert_yaxis()
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def words_for_removal(by: Mapping[str, Seeds]) -> str:
    """The picture of `removal` in words."""
    return ". ".join(
        f"{way}: " + ", ".join(f"{order} {np.mean(of):.1%}" for order, of in orders.items())
        for way, orders in by.items()
    ) + "."  # fmt: skip


def training_on(found: Mapping[int, Seeds], *, title: str) -> Any:
    """Draw the mean accuracy of each start against the updates that followed, dots for seeds."""
    made, axis = plots.figure(height=3.4)
    steps = list(found)
    names = list(found[steps[-1]])
    for name in names:
        places = [k for k, one in enumerate(steps) if name in found[one]]
        shade = plots.colour(SHADES[name])
        means = [np.mean(found[steps[k]][name]) for k in places]
        axis.plot(places, means, "-", color=shade, lw=2, label=name)
        for k in places:
            values = found[steps[k]][name]
            axis.plot([k] * len(values), values, "o", color=shade, ms=3.5, alpha=0.7)
    axis.set_xticks(range(len(steps)), [f"{one}" for one in steps])
    axis.yaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
    axis.legend(fontsize=8.5, loc="lower right")
    axis.set(xlabel="updates of training afterwards", ylabel="validation accuracy", title=title)
    return made


def words_for_training(found: Mapping[int, Seeds]) -> str:
    """The picture of `training_on` in words."""
    return ". ".join(
        f"After {steps} updates: "
        + ", ".join(f"{name} {np.mean(of):.1%}" for name, of in by.items())
        for steps, by in found.items()
    ) + "."  # fmt: skip


HEADS = {"dense": ("reference", "D"), "sparse": ("distillation", "o"),
         "random features": ("random", "x")}  # fmt: skip
"""By a head's kind, the method that gives its colour, and its mark."""


def readers(rows: Sequence[Mapping[str, Any]], *, told: str, title: str) -> Any:
    """Draw accuracy and a reader's success against the features that a class reads.

    Args:
        rows: as `head_row` makes them; "head" is one of HEADS.
        told: the column of the reader's success, such as "told 3".
    """
    made, axes = plots.figure(columns=2, width=7.6, height=3.2, sharex=True)
    for axis, column in zip(axes, ("accuracy", told), strict=True):
        for kind, (method, mark) in HEADS.items():
            some = [row for row in rows if row["head"] == kind]
            axis.plot([row["features a class"] for row in some], [row[column] for row in some],
                      f"{mark}-", color=plots.colour(method), label=kind, ms=6)  # fmt: skip
        axis.set_xscale("log")
        axis.set_xticks([3, 5, 10, 20, 50, 100], ["3", "5", "10", "20", "50", "100"])
        axis.minorticks_off()
        axis.yaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
        axis.set(xlabel="features a class reads", ylim=(0, 1))
    axes[0].set_title("right answers", fontsize=9.5, fontweight="normal")
    axes[1].set_title(f"reader, {told} features: names the answer", fontsize=9.5,
                      fontweight="normal")  # fmt: skip
    axes[0].legend(fontsize=8.5, loc="lower right")
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def words_for_readers(rows: Sequence[Mapping[str, Any]], *, told: str) -> str:
    """The picture of `readers` in words."""
    return "; ".join(
        f"{row['head']} head of {row['features a class']:.0f} features a class: accuracy "
        f"{row['accuracy']:.1%}, reader {row[told]:.1%}" for row in rows
    ) + "."  # fmt: skip


def way(ways: Ways, picture: int, questions: int) -> Any:
    """Draw a picture, the first questions of its way, and what a reader can expect then."""
    turns, shown = ways.turns(picture), ways.tree.depth + 2
    made, axes = plots.figure(columns=shown, width=7.9, height=2.3,
                              width_ratios=[1] * (shown - 1) + [1.6])  # fmt: skip
    plots.draw_image(axes[0], ways.pictures[picture])
    axes[0].set_title(data.FASHION_CLASSES[picture], fontsize=8.5, fontweight="normal")
    for k, (axis, turn) in enumerate(zip(axes[1:-1], turns, strict=True)):
        axis.set_axis_off()
        if k < questions:
            weights, right, sure = turn
            plots.draw_image(axis, weights, limit=weights.abs().quantile(0.99).item())
            axis.set_title(f"{'right' if right else 'left'}, {sure:.0%}", fontsize=8.5,
                           fontweight="normal")  # fmt: skip
    shares = ways.outlook[ways.nodes[picture, questions]].numpy()
    colours = [plots.colour("reference" if k == shares.argmax() else "random") for k in range(10)]
    axes[-1].barh(range(10), shares, color=colours)
    axes[-1].set_yticks(range(10), data.FASHION_CLASSES, fontsize=6.5)
    axes[-1].invert_yaxis()
    axes[-1].set(xlim=(0, 1), xticks=[0, 1])
    made.suptitle(finding(ways, picture, questions), fontsize=10.5, fontweight="bold")
    return made


def finding(ways: Ways, picture: int, questions: int) -> str:
    """What a reader says after some questions, and what the tree answers."""
    expected = data.FASHION_CLASSES[int(ways.outlook[ways.nodes[picture, questions]].argmax())]
    answer = data.FASHION_CLASSES[int(ways.answers[picture])]
    return f"After {questions} questions a reader says {expected}; the tree answers {answer}"


def words_for_way(ways: Ways, picture: int, questions: int) -> str:
    """The picture of `way` in words."""
    told = ", ".join(f"{'right' if right else 'left'} ({sure:.0%})"
                     for _, right, sure in ways.turns(picture)[:questions])  # fmt: skip
    name = data.FASHION_CLASSES[picture]
    return f"Picture: {name}. Turns: {told or 'none'}. {finding(ways, picture, questions)}."
