"""Figures of lesson 5.4: a sentence's words, smaller files, explainers, people's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import plots

if TYPE_CHECKING:
    import pandas
    from torch import Tensor

SHADES = {"leave one out": "pruning", "LIME": "lime", "Shapley": "shap",
          "attention": "structure", "by lot": "random"}  # fmt: skip
WAYS = {"frequent": ("pruning", "s"), "long vector": ("data", "^"), "by lot": ("random", "x"),
        "int8": ("quantization", "o"), "taught": ("distillation", "D"),
        "folded": ("structure", "*")}  # fmt: skip


def words(names: Sequence[str], found: Mapping[str, Tensor], *, title: str) -> Any:
    """Draw each word's value, a panel for each explainer."""
    made, axes = plots.figure(columns=len(found), width=8.2, height=0.9 + 0.24 * len(names),
                              sharey=True)  # fmt: skip
    for axis, (kind, values) in zip(axes, found.items(), strict=True):
        axis.barh(range(len(names)), values.tolist(), color=plots.colour(SHADES[kind]))
        axis.axvline(0, color="black", lw=0.8)
        axis.set_title(kind, fontsize=9.5)
        axis.set_xlabel("share" if kind == "attention" else
                        "drawn" if kind == "by lot" else "log-odds", fontsize=8.5)  # fmt: skip
        axis.grid(axis="y", visible=False)
    axes[0].set_yticks(range(len(names)), list(names))
    axes[0].invert_yaxis()
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def words_for_words(names: Sequence[str], found: Mapping[str, Tensor]) -> str:
    """The bars in words: the three strongest of each explainer."""
    said = []
    for kind, values in found.items():
        first = values.abs().argsort(descending=True)[:3].tolist()
        said.append(f"{kind}: " + ", ".join(f"{names[k]} {values[k]:+.2f}" for k in first))
    return "The strongest words. " + "; ".join(said) + "."


def sizes(table: pandas.DataFrame, *, floor: float, title: str) -> Any:
    """Draw validation accuracy against kilobytes, a panel for each network."""
    made, axes = plots.figure(columns=2, width=8.2, height=3.5, sharey=True)
    for axis, kind in zip(axes, ("bag", "transformer"), strict=True):
        some = table[table.network == kind]
        whole = some[some.way == "whole"]
        for way, (shade, mark) in WAYS.items():
            part = some[some.way == way]
            if not len(part):
                continue
            by = part.groupby("share")[["bytes", "accuracy"]].mean()
            color = plots.colour(shade)
            axis.plot(by.bytes / 1000, by.accuracy, "-", color=color, lw=1)
            axis.plot(part.bytes / 1000, part.accuracy, mark, color=color, ms=6, alpha=0.8,
                      label=way)  # fmt: skip
        axis.plot(whole.bytes / 1000, whole.accuracy, "P", color="black", label="whole")
        axis.axhline(floor, color="black", ls="--", lw=1)
        axis.set_xscale("log")
        axis.set_xticks([50, 100, 200, 400, 800], ["50", "100", "200", "400", "800"])
        axis.minorticks_off()
        axis.set_xlabel("kilobytes of the file")
        axis.set_title(kind, fontsize=9.5, fontweight="normal")
        axis.yaxis.set_major_formatter(lambda y, _: f"{y:.0%}")
    axes[0].set_ylabel("accuracy (dashed: majority)")
    axes[0].set_ylim(floor - 0.08, None)
    axes[0].legend(fontsize=7.5, ncols=4, loc="lower center")
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def words_for_sizes(table: pandas.DataFrame) -> str:
    """The picture of `sizes` in words."""
    by = table.groupby(["network", "way", "share"], sort=False)[["bytes", "accuracy"]].mean()
    return "; ".join(f"{kind} {way} {share:.0%}: {row.bytes / 1000:.0f} kB, {row.accuracy:.1%}"
                     for (kind, way, share), row in by.iterrows()) + "."  # fmt: skip


def compared(rho: Mapping[str, Sequence[float]], falls: Mapping[str, Mapping[str, Sequence[float]]],
             *, title: str) -> Any:  # fmt: skip
    """Draw rank correlations of explainers, and how far answers fall without named words.

    Args:
        rho: by pair, a mean for each seed.
        falls: by judge and explainer, a mean for each seed.
    """
    made, axes = plots.figure(columns=1 + len(falls), width=9.0, height=2.9)
    _bars(axes[0], rho, [SHADES.get(name.split(" ~ ")[0], "reference") for name in rho])
    axes[0].set_xlabel("rank correlation of sizes")
    axes[0].set_yticks(range(len(rho)), [n.replace(" ~ ", "\nand ") for n in rho], fontsize=7.5)
    for axis, (judge, by) in zip(axes[1:], falls.items(), strict=True):
        _bars(axis, by, [SHADES[name] for name in by])
        axis.set_xlabel("log-odds lost")
        axis.set_title(f"3 words {judge}", fontsize=9.5, fontweight="normal")
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def _bars(axis: Any, values: Mapping[str, Sequence[float]], shades: Sequence[str]) -> None:
    for place, (several, shade) in enumerate(zip(values.values(), shades, strict=True)):
        axis.barh(place, np.mean(several), color=plots.colour(shade), height=0.66, alpha=0.85)
        axis.plot(several, [place] * len(several), "o", color="white", mec="black", ms=4)
    axis.set_yticks(range(len(values)), list(values), fontsize=8)
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)


def words_for_compared(rho: Mapping[str, Sequence[float]],
                       falls: Mapping[str, Mapping[str, Sequence[float]]]) -> str:  # fmt: skip
    """The picture of `compared` in words."""
    first = ", ".join(f"{name} {np.mean(one):.2f}" for name, one in rho.items())
    rest = "; ".join(f"three words {judge}: " + ", ".join(f"{name} {np.mean(one):.2f}"
                     for name, one in by.items()) for judge, by in falls.items())  # fmt: skip
    return f"Rank correlations: {first}. Log-odds lost, {rest}."


def rated(rows: Sequence[tuple[str, float, float]], *, named: Sequence[str], title: str) -> Any:
    """Draw people's rating of each word alone against its weight, some words by name.

    Args:
        rows: word, rating, weight.
    """
    made, axis = plots.figure(height=3.8)
    rating, weight = (np.array([row[k] for row in rows]) for k in (1, 2))
    agrees = rating * weight > 0
    for some, shade in ((agrees, "structure"), (~agrees, "pruning")):
        axis.plot(rating[some], weight[some], "o", ms=4, alpha=0.6, color=plots.colour(shade))
    for word, x, y in rows:
        if word in named:
            paper = {"fc": "white", "ec": "none", "alpha": 0.75, "pad": 0.5}
            axis.annotate(word, (x, y), xytext=(4, 3), textcoords="offset points", fontsize=8.5,
                          bbox=paper)  # fmt: skip
    axis.axhline(0, color="black", lw=0.8)
    axis.axvline(0, color="black", lw=0.8)
    axis.set(xlabel="people's rating of the word alone", ylabel="the bag's weight, log-odds",
             title=title)  # fmt: skip
    return made


def words_for_rated(rows: Sequence[tuple[str, float, float]], *, named: Sequence[str]) -> str:
    """The picture of `rated` in words."""
    same = np.mean([x * y > 0 for _, x, y in rows])
    told = ", ".join(f"{word}: alone {x:+.1f}, weight {y:+.2f}" for word, x, y in rows
                     if word in named)  # fmt: skip
    return f"{len(rows)} words; {same:.0%} on the same side. {told}."
