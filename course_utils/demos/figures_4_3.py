"""Lesson 4.3's pictures: where the time goes, what a cut leaves, what training brings back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_utils import plots
from course_utils.demos import lesson_4_3 as demo

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def time_and_work(seconds: Mapping[str, float], macs: Mapping[str, int]) -> Figure:
    """Draw each layer's share of the time beside its share of the multiply-accumulates."""
    figure, axis = plots.figure(height=3.4)
    names, place = list(seconds), np.arange(len(seconds))
    time, work = _shares(seconds, macs)
    axis.bar(place - 0.2, work, 0.4, color=plots.COLOURS["control"], label="arithmetic (MACs)")
    axis.bar(place + 0.2, time, 0.4, color=plots.COLOURS["reference"], label="time")
    axis.set_xticks(place, names, rotation=30)
    axis.set_ylabel("share of the network (%)")
    slow, busy = max(seconds, key=seconds.get), max(macs, key=macs.get)
    idle = sum(share for name, share in zip(names, time, strict=True) if name not in macs)
    axis.set_title(f"{busy} calculates most, {slow} takes longest;\n"
                   f"{idle:.0f} % of the time nothing is multiplied")  # fmt: skip
    axis.legend()
    return figure


def words_for_time_and_work(seconds: Mapping[str, float], macs: Mapping[str, int]) -> str:
    """The picture of `time_and_work` in words."""
    told = [f"{name} {t:.0f} % of the time and {w:.0f} % of the arithmetic"
            for name, t, w in zip(seconds, *_shares(seconds, macs), strict=True)]  # fmt: skip
    return f"Bars for each layer: {', '.join(told)}."


ARMS = {"L1": "pruning", "APoZ": "pruning", "lot": "random", "fresh": "structure",
        "wrong": "control"}  # fmt: skip
"""The starts of the race, by a word of their names, and the methods whose colours they have."""


def race(found: Mapping[str, Sequence[tuple[float, float]]], *, whole: Sequence[float]) -> Figure:
    """Draw every network's accuracy before and after training, one column for each start.

    Args:
        found: what `racing.race` returns.
        whole: the dense networks' accuracies: a grey band.
    """
    figure, axis = plots.figure(height=3.4)
    axis.axhspan(100 * min(whole), 100 * max(whole), color=plots.COLOURS["reference"], alpha=0.3,
                 lw=0, label="whole networks")  # fmt: skip
    for place, (name, pairs) in enumerate(found.items()):
        shade = plots.colour(next(m for word, m in ARMS.items() if word in name))
        for offset, (before, after) in enumerate(pairs):
            x = place + 0.15 * (offset - (len(pairs) - 1) / 2)
            axis.plot([x, x], [100 * before, 100 * after], color=shade, linewidth=1)
            axis.plot(x, 100 * before, "o", markerfacecolor="white", color=shade)
            axis.plot(x, 100 * after, "o", color=shade)
    axis.set_xticks(range(len(found)), list(found))
    axis.set_ylabel("validation accuracy (%)")
    mean = {name: sum(after for _, after in pairs) / len(pairs) for name, pairs in found.items()}
    best, last = max(mean, key=mean.get), min(mean, key=mean.get)
    axis.set_title(f"Ahead: {best} ({mean[best]:.1%}); behind: {last} ({mean[last]:.1%})")
    axis.legend(loc="lower left", title="○ before, ● after training")
    return figure


def words_for_race(found: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """The picture of `race` in words."""
    told = [f"{name}: " + ", ".join(f"{a:.1%} to {b:.1%}" for a, b in pairs)
            for name, pairs in found.items()]  # fmt: skip
    return f"Accuracy before and after training. {'; '.join(told)}."


def left(cut: demo.Cut, trained: Mapping[str, demo.Cut]) -> Figure:
    """Draw what is left of a network: bytes, arithmetic, time, accuracy, as bars.

    Args:
        trained: networks of the shelf by name, drawn as marks for comparison.
    """
    figure, axis = plots.figure(height=3.1)
    names = ("bytes", "MACs", "time", "accuracy")
    values = (cut.bytes, cut.macs, cut.time, cut.accuracy)
    axis.barh(names, [100 * v for v in values], color=plots.COLOURS["pruning"], height=0.55)
    for (name, one), mark in zip(trained.items(), "D^s", strict=False):
        points = [100 * v for v in (one.bytes, one.macs, one.time, one.accuracy)]
        axis.plot(points, names, mark, color=plots.COLOURS["reference"], markersize=7, label=name)
    axis.invert_yaxis()
    axis.set(xlim=(0, 105), xlabel="left of the whole network; accuracy: pictures right (%)")
    first, second, hidden = cut.sizes
    axis.set_title(f"{first} + {second} filters, {hidden} units: {cut.accuracy:.0%} right, "
                   f"{cut.time:.0%} of the time")  # fmt: skip
    if trained:
        axis.legend(title="trained on", fontsize=8)
    return figure


def words_for_left(cut: demo.Cut) -> str:
    """The picture of `left` in words."""
    first, second, hidden = cut.sizes
    return (
        f"{first} filters in conv1, {second} in conv2 and {hidden} units in fc1 stay: "
        f"{cut.bytes:.0%} of the bytes, {cut.macs:.0%} of the arithmetic and {cut.time:.0%} of "
        f"the time; {cut.accuracy:.1%} of the pictures right."
    )


def _shares(seconds: Mapping[str, float], macs: Mapping[str, int]) -> tuple[list, list]:
    whole, work = sum(seconds.values()), sum(macs.values())
    return ([100 * s / whole for s in seconds.values()],
            [100 * macs.get(name, 0) / work for name in seconds])  # fmt: skip
