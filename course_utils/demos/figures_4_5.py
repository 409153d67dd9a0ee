"""Figures of lesson 4.5: a file's way down, where its bytes go, what breaks first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from course_utils import plots
from course_utils.demos.byte_accounts import COUNTS
from course_utils.demos.lesson_4_5 import SHELF

_SHADES = ("#999999", "#56B4E9", "#CC79A7", "#E69F00", "#009E73")


def steps(runs: Sequence[Mapping[str, int]], *, title: str) -> Any:
    """Draw bytes after each step, one dot a run, on a logarithmic axis.

    Args:
        runs: for each run, bytes by step, in order.
    """
    names = list(runs[0])
    made, axis = plots.figure(height=1.0 + 0.42 * len(names))
    means = [sum(run[name] for run in runs) / len(runs) for name in names]
    axis.barh(range(len(names)), means, color=plots.colour("pruning"), alpha=0.35)
    for run in runs:
        axis.plot([run[name] for name in names], range(len(names)), "o", ms=4,
                  color=plots.colour("pruning"))  # fmt: skip
    for place, mean in enumerate(means):
        axis.annotate(f"{mean:,.0f} ({means[0] / mean:.0f}×)", (mean * 1.15, place), va="center",
                      fontsize=9)  # fmt: skip
    axis.set_yticks(range(len(names)), names)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.set(xscale="log", xlim=(min(means) / 3, means[0] * 12), xlabel="bytes", title=title)
    return made


def words_for_steps(runs: Sequence[Mapping[str, int]]) -> str:
    """The picture of `steps` in words."""
    means = {name: sum(run[name] for run in runs) / len(runs) for name in runs[0]}
    told = "; ".join(f"{name}: {mean:,.0f} bytes" for name, mean in means.items())
    return f"Bytes after each step, mean of {len(runs)} runs. {told}."


def anatomies(files: Mapping[str, Mapping[str, float]], *, title: str) -> Any:
    """Draw for each file the shares of its bytes, by what they are spent on.

    Args:
        files: by name, bytes by COUNTS.
    """
    made, axis = plots.figure(height=1.5 + 0.5 * len(files))
    for place, spent in enumerate(files.values()):
        total, left = sum(spent.values()), 0.0
        for count, shade in zip(COUNTS, _SHADES, strict=True):
            share = 100 * spent[count] / total
            axis.barh(place, share, left=left, color=shade, label=None if place else count)
            if share > 6:
                axis.text(left + share / 2, place, f"{spent[count]:,.0f}", ha="center",
                          va="center", fontsize=8.5)  # fmt: skip
            left += share
    names = [f"{name}\n{sum(spent.values()):,.0f} bytes" for name, spent in files.items()]
    axis.set_yticks(range(len(names)), names)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.set(xlim=(0, 100), xlabel="share of the file, %; numbers: bytes", title=title)
    axis.legend(loc="upper center", bbox_to_anchor=(0.4, -0.28), ncols=3, fontsize=8.5)
    return made


def words_for_anatomies(files: Mapping[str, Mapping[str, float]]) -> str:
    """The picture of `anatomies` in words."""
    return " ".join(
        f"{name}: " + ", ".join(f"{count} {spent[count]:,.0f}" for count in COUNTS) + " bytes."
        for name, spent in files.items()
    )


def falls(curves: Mapping[str, Sequence[float]], sizes: Sequence[float], *, title: str,
          unit: str) -> Any:  # fmt: skip
    """Draw accuracy against the size of a disturbance, one line a network.

    Args:
        curves: by name of the SHELF, accuracy (a share) for each size.
    """
    made, axis = plots.figure(height=3.4)
    for number, (name, shares) in enumerate(curves.items()):
        axis.plot(sizes, [100 * share for share in shares], marker="os^Dv"[number % 5], ms=5,
                  ls=("-", "--", ":", "-.")[number % 4], color=plots.colour(SHELF[name]),
                  label=name)  # fmt: skip
    axis.set(xlabel=unit, ylabel="accuracy, %", title=title, xticks=sizes)
    axis.legend(fontsize=8.5)
    return made


def words_for_falls(curves: Mapping[str, Sequence[float]], sizes: Sequence[float]) -> str:
    """The picture of `falls` in words."""
    return " ".join(
        f"{name}: " + ", ".join(f"{share:.1%} at {size:g}" for size, share in zip(
            sizes, shares, strict=True)) + "."
        for name, shares in curves.items()
    )  # fmt: skip
