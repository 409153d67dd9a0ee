"""Figures of lesson 5.3: fronts that grow, fronts beside networks made by hand, a chosen point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import data, plots, search
from course_utils.recipes.searched import LONGER

if TYPE_CHECKING:
    import pandas

    from course_utils.demos.lesson_5_3 import Board, Curves

SHADES = {"TPE": "gradient", "NSGA-II": "quantization", "random": "random"}
"""By sampler, the method that gives its colour."""
SHORT, LONG = (f"front, {count} updates" for count in (search.UPDATES, LONGER))
GROUPS = {"all trials": ("random", "."), SHORT: ("gradient", "o"), LONG: ("distillation", "s"),
          "made by hand": ("reference", "D")}  # fmt: skip
"""By group, the method that gives its colour, and its mark."""
NAMED = ("SubIntegerQuantizedCNN",)
"""Networks made by hand whose names are written."""


def growth(curves: Curves, moments: Sequence[int], *, title: str) -> Any:
    """Draw each sampler's mean volume against the number of trials, a thin line for each seed."""
    made, axis = plots.figure(height=3.3)
    for kind, by_seed in curves.items():
        shade = plots.colour(SHADES[kind])
        for values in by_seed:
            axis.plot(moments, values, "-", color=shade, lw=0.8, alpha=0.6)
        axis.plot(moments, np.mean(by_seed, axis=0), "-", color=shade, lw=2.8, label=kind)
    axis.legend(fontsize=8.5, loc="lower right")
    axis.set(xlabel="trials", ylabel="volume behind the front", title=title, ylim=(0, None))
    return made


def words_for_growth(curves: Curves, moments: Sequence[int]) -> str:
    """The picture of `growth` in words."""
    return ". ".join(
        f"{kind}: " + ", ".join(f"{mean:.3f} after {k} trials" for k, mean in
                                zip(moments, np.mean(by_seed, axis=0), strict=True))
        for kind, by_seed in curves.items()
    ) + "."  # fmt: skip


def fronts(groups: Mapping[str, pandas.DataFrame], *, title: str, named: Sequence[str] = ()) -> Any:
    """Draw accuracy and agreement on the images held back against the file's bytes.

    Args:
        groups: by one of GROUPS, its rows.
        named: networks whose names are written.
    """
    made, axes = plots.figure(columns=2, width=7.8, height=3.7, sharex=True)
    for axis, aim in zip(axes, ("accuracy", "agreement"), strict=True):
        for group, rows in groups.items():
            method, mark = GROUPS[group]
            size = 3 if mark == "." else 5
            axis.plot(rows["bytes"] / 1000, rows[f"held {aim}"], mark, ms=size, label=group,
                      color=plots.colour(method), alpha=0.6 if mark == "." else 1)  # fmt: skip
            for row in rows.to_dict("records"):
                if aim == "agreement" and row.get("name") in named:
                    axis.annotate(row["name"], (row["bytes"] / 1000, row[f"held {aim}"]), (6, -26),
                                  textcoords="offset points", fontsize=7, ha="center",
                                  arrowprops={"arrowstyle": "-", "lw": 0.6},
                                  bbox={"fc": "white", "ec": "none", "pad": 0.5})  # fmt: skip
        axis.set_xscale("log")
        axis.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
        axis.set(xlabel="file (kB)", ylabel=aim)
    axes[0].set_ylim(0.7, 0.95)
    axes[0].yaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
    axes[1].set_ylim(0, 1)
    axes[0].legend(fontsize=7.5, loc="lower right")
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def words_for_fronts(groups: Mapping[str, pandas.DataFrame]) -> str:
    """The picture of `fronts` in words: what was measured for each group but the crowd."""
    return " ".join(
        f"{group}: " + ", ".join(
            f"{row['bytes'] / 1000:.0f} kB {row['held accuracy']:.1%} agreement "
            f"{row['held agreement']:.2f}" for row in rows.to_dict("records")) + "."
        for group, rows in groups.items() if group != "all trials"
    )  # fmt: skip


def chosen(board: Board, place: int, picture: int) -> Any:
    """Draw a point of the front: its place, what it chose, and what it sees in a picture.

    Args:
        place: from small, 1 the smallest.
        picture: of a class, 0 to 9.
    """
    import matplotlib

    answers, maps, agreed = board.seen(place)
    row, choices = board.rows.iloc[place - 1], board.choices[place - 1]
    made, axes = plots.figure(rows=2, columns=4, width=7.8, height=4.1)
    with matplotlib.rc_context({"figure.constrained_layout.use": False}):
        made.set_layout_engine(None)  # fixed places: a widget's picture must not take long
    made.subplots_adjust(left=0.07, right=0.98, top=0.84, bottom=0.07, hspace=0.25, wspace=0.35)
    shown = (board.before[picture], maps[picture], board.shuffled[picture])
    plots.draw_image(axes[0][0], board.images[picture])
    for axis, one in zip(axes[0][1:], shown, strict=True):
        plots.draw_attribution(axis, one)
    said = data.FASHION_CLASSES[int(answers[picture])]
    titles = ("the picture", "whole network's map", f"this one's: {agreed[picture]:.2f}",
              "shuffled")  # fmt: skip
    for axis, words in zip(axes[0], titles, strict=True):
        axis.set_title(words, fontsize=9)
    _bars(axes[1], choices, said)
    made.suptitle(_numbers(row), fontsize=10.5, fontweight="bold")
    return made


def _bars(axes: Sequence[Any], choices: Mapping[str, Any], said: str) -> None:
    """What was chosen, layer by layer: filters and units that stay, zeros, bits."""
    whole = {name: values[1] for name, values in search.SPACE.items() if name.endswith("kept")}
    panels = {
        "stay (of the whole)": {n.split()[0]: choices[n] / of for n, of in whole.items()},
        "weights that are zero": {n: choices.get(f"{n} zeros", 0.0) for n in search.LAYERS},
        "bits a weight": {n: choices[f"{n} bits"] for n in search.LAYERS},
    }
    methods = ("structure", "pruning", "quantization")
    for axis, method, (title, bars) in zip(axes, methods, panels.items(), strict=False):
        axis.bar(list(bars), list(bars.values()), color=plots.colour(method))
        top = 8 if method == "quantization" else 1
        axis.set(ylim=(0, top), yticks=(0, top / 2, top))
        if method != "quantization":
            axis.yaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
        axis.set_title(title, fontsize=9)
        axis.tick_params(axis="x", labelsize=7)
    axes[-1].set_axis_off()
    axes[-1].text(0.05, 0.5, f"filters left by\n{choices['order']}\n\nits answer:\n{said}",
                  fontsize=9, va="center")  # fmt: skip


def _numbers(row: Mapping[str, Any]) -> str:
    return (f"{row['bytes'] / 1000:.1f} kB, accuracy {row['held accuracy']:.1%}, agreement "
            f"{row['held agreement']:.2f}")  # fmt: skip


def words_for_chosen(board: Board, place: int, picture: int) -> str:
    """The picture of `chosen` in words."""
    answers, _, agreed = board.seen(place)
    choices = board.choices[place - 1]
    listed = ", ".join(f"{name} {choices[name]:g}" if name != "order" else f"order {choices[name]}"
                       for name in search.SPACE)  # fmt: skip
    return (
        f"{_numbers(board.rows.iloc[place - 1])}. Choices: {listed}. Picture: "
        f"{data.FASHION_CLASSES[int(board.labels[picture])]}; this network says "
        f"{data.FASHION_CLASSES[int(answers[picture])]}; its map agrees with the whole network's "
        f"by {agreed[picture]:.2f}."
    )
