"""Figures of lesson 5.5: a tree as it is read, the study's trees, other worlds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import plots
from course_utils.control.physics import NAMES, UNITS
from course_utils.control.tree import ACTIONS, Tree

if TYPE_CHECKING:
    import pandas

SHADES = {"network": "reference", "cloned": "pruning", "cloned, 60 chances": "pruning",
          "alike": "structure", "margin": "quantization", "VIPER": "distillation",
          "VIPER, up to 6": "distillation", "by lot, 60 chances": "random",
          "one line": "data"}  # fmt: skip
"""By way of copying, the method that gives its colour."""
HANDS = ("#0072B2", "#D55E00")
"""Colours of left and right."""


def tree(one: Tree, *, title: str, share: Mapping[int, float] | None = None) -> Any:
    """Draw a tree: questions in frames, yes to the left, no to the right, leaves in colour.

    Args:
        share: by leaf, the share of states that end there.
    """
    made, axis = plots.figure(width=7.4, height=0.85 + 0.72 * one.depth)
    places = _places(one)
    for place, (across, down) in places.items():
        node = one.nodes[place]
        if node.column < 0:
            told = "" if share is None else f"\n{share.get(place, 0):.0%}"
            axis.text(across, down, f"{ACTIONS[node.action]}{told}", ha="center", va="center",
                      color="white", fontsize=9, fontweight="bold",
                      bbox={"boxstyle": "round", "fc": HANDS[node.action],
                            "ec": "none"})  # fmt: skip
            continue
        words = f"{NAMES[node.column]} ≤ {node.threshold:.3g} {UNITS[node.column]}?"
        axis.text(across, down, words, ha="center", va="center", fontsize=9, zorder=3,
                  bbox={"boxstyle": "round", "fc": "white", "ec": "#555"})  # fmt: skip
        for word, child in (("yes", node.yes), ("no", node.no)):
            to = places[child]
            axis.plot([across, to[0]], [down, to[1]], color="#999", lw=1, zorder=0)
            axis.text((across + to[0]) / 2, (down + to[1]) / 2, word, fontsize=8, color="#555",
                      ha="center", va="center",
                      bbox={"fc": "white", "ec": "none", "pad": 0.5})  # fmt: skip
    axis.set(xlim=(-0.6, len(one.leaves) - 0.4), ylim=(-one.depth - 0.4, 0.4), title=title)
    axis.set_axis_off()
    return made


def _places(one: Tree) -> dict[int, tuple[float, float]]:
    """Where each node stands: a leaf at its number from the left, a question above its two."""
    found = {place: (float(k), 0.0) for k, place in enumerate(one.leaves)}
    for place in sorted(one.questions, reverse=True):
        node = one.nodes[place]
        found[place] = ((found[node.yes][0] + found[node.no][0]) / 2, 0.0)
    deep = {0: 0}
    for place in one.questions:
        for child in one.nodes[place][2:4]:
            deep[child] = deep[place] + 1
    return {place: (across, -float(deep[place])) for place, (across, _) in found.items()}


def words_for_tree(one: Tree, place: int = 0) -> str:
    """The tree in words."""
    node = one.nodes[place]
    if node.column < 0:
        return ACTIONS[node.action]
    return (f"if {NAMES[node.column]} is at most {node.threshold:.3g}: "
            f"[{words_for_tree(one, node.yes)}], "
            f"else [{words_for_tree(one, node.no)}]")  # fmt: skip


def by_leaves(table: pandas.DataFrame, *, title: str) -> Any:
    """Draw the share of starts balanced against the number of leaves, a dot for each teacher."""
    made, axes = plots.figure(columns=2, width=7.8, height=3.1)
    for axis, column, name in zip(axes, ("reach 500", "reach 5000"), ("500", "5,000")):
        for way in ("cloned", "VIPER"):
            some, shade = table[table.way == way], plots.colour(SHADES[way])
            axis.plot(some.leaves, some[column], "o", color=shade, ms=3.5, alpha=0.5)
            mean = some.groupby("leaves")[column].mean()
            axis.plot(mean.index, mean, color=shade, label=way)
        axis.set_xscale("log", base=2)
        axis.set_xticks(sorted(set(some.leaves)), sorted(set(some.leaves)))
        axis.minorticks_off()
        axis.yaxis.set_major_formatter(lambda y, _: f"{y:.0%}")
        axis.set(xlabel="leaves", ylabel=f"reach {name} steps", ylim=(-0.04, 1.04))
    axes[0].legend()
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def words_for_leaves(table: pandas.DataFrame) -> str:
    """The picture of `by_leaves` in words."""
    parts = []
    for way in ("cloned", "VIPER"):
        mean = table[table.way == way].groupby("leaves")[["reach 500", "reach 5000"]].mean()
        told = "; ".join(f"{leaves} leaves {row.iloc[0]:.0%} and {row.iloc[1]:.0%}"
                         for leaves, row in mean.iterrows())  # fmt: skip
        parts.append(f"{way}, reach 500 and 5,000 steps: {told}")
    return "Means of five teachers. " + ". ".join(parts) + "."


def fidelity(table: pandas.DataFrame, *, title: str) -> Any:
    """Draw each tree of six leaves: fidelity across, mean steps up to 5,000 upwards."""
    made, axis = plots.figure(height=3.3)
    marks = dict(zip(table.way.unique(), "osD^vP"))
    for way, some in table.groupby("way", sort=False):
        axis.plot(some.fidelity, some.long, marks[way], color=plots.colour(SHADES[way]), ms=6,
                  alpha=0.8, label=way, ls="none")  # fmt: skip
    axis.xaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
    axis.set(xlabel="fidelity: same action as the network", ylabel="mean steps, of 5,000",
             title=title)  # fmt: skip
    axis.legend(fontsize=8, loc="lower left")
    return made


def words_for_fidelity(table: pandas.DataFrame) -> str:
    """The picture of `fidelity` in words."""
    return "Trees of six leaves. " + "; ".join(
        f"{row.way} of teacher {row.seed}: fidelity {row.fidelity:.0%}, {row.long:.0f} steps"
        for row in table.itertuples()
    ) + "."  # fmt: skip


def bars(by: Mapping[str, Sequence[float]], *, title: str, unit: str) -> Any:
    """Draw a group of bars for each of the four numbers of a state, one bar for each name."""
    made, axis = plots.figure(height=2.7)
    width = 0.8 / len(by)
    shades = ("gradient", "shap", "reference", "distillation")
    for k, ((name, values), shade) in enumerate(zip(by.items(), shades, strict=False)):
        axis.bar(np.arange(4) + k * width, values, width, color=plots.colour(shade), label=name)
    axis.set_xticks(np.arange(4) + (len(by) - 1) * width / 2, NAMES)
    axis.yaxis.set_major_formatter(lambda y, _: f"{y:.0%}")
    axis.set(ylabel=unit, title=title)
    axis.legend(fontsize=8)
    return made


def words_for_bars(by: Mapping[str, Sequence[float]]) -> str:
    """The picture of `bars` in words."""
    return "; ".join(
        f"{name}: " + ", ".join(f"{column} {v:.0%}" for column, v in zip(NAMES, values))
        for name, values in by.items()
    ) + "."  # fmt: skip


def worlds(
    found: Mapping[str, Mapping[str, Mapping[float, Sequence[float]]]], *, title: str
) -> Any:
    """Draw a panel for each thing changed in the world, a line for each policy.

    Args:
        found: by what is changed, by policy, by its value: shares of one or more teachers.
    """
    made, axes = plots.figure(columns=len(found), width=7.8, height=3.0, sharey=True)
    for axis, (what, policies) in zip(axes, found.items()):
        for name, points in policies.items():
            shade = plots.colour(SHADES[name])
            for value, shares in points.items():
                axis.plot([value] * len(shares), shares, "o", color=shade, ms=3, alpha=0.4)
            axis.plot(list(points), [np.mean(v) for v in points.values()], color=shade, label=name)
        axis.set_xscale("log")
        axis.set_xticks(list(points), [f"{value:g}" for value in points], fontsize=8)
        axis.minorticks_off()
        axis.yaxis.set_major_formatter(lambda y, _: f"{y:.0%}")
        axis.set(xlabel=what, ylim=(-0.04, 1.04))
    axes[0].set_ylabel("reach 500 steps")
    axes[-1].legend(fontsize=8)
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def words_for_worlds(found: Mapping[str, Mapping[str, Mapping[float, Sequence[float]]]]) -> str:
    """The picture of `worlds` in words."""
    return " ".join(
        f"{what}, {name}: " + ", ".join(f"{v:g} {np.mean(s):.0%}" for v, s in points.items()) + "."
        for what, policies in found.items() for name, points in policies.items()
    )  # fmt: skip
