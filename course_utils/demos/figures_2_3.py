"""Figures of lesson 2.3: agreement of explanations, their clearness, filters taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from course_utils import plots

Seeds = Mapping[str, Sequence[float]]
"""By name, one number for each seed."""
Curves = Mapping[str, Mapping[float, Sequence[float]]]
"""By order of removal, by share removed: one accuracy, or one a random draw."""


def maps_row(image: Tensor, maps: Mapping[str, Tensor], *, title: str) -> Any:
    """Draw a picture and several maps of it, each on its own scale."""
    made, axes = plots.figure(columns=len(maps) + 1, width=7.2, height=2.3)
    plots.draw_image(axes[0], image)
    axes[0].set_title("the picture", fontsize=9, fontweight="normal", loc="center")
    for axis, (name, one) in zip(axes[1:], maps.items(), strict=True):
        limit = one.abs().quantile(0.99).item() or 1.0
        plots.draw_attribution(axis, one, over=image, limit=limit)
        axis.set_title(name, fontsize=9, fontweight="normal", loc="center")
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def agreements(agree: Seeds, accuracy: Seeds, methods: Mapping[str, str], *, title: str) -> Any:
    """Draw one row a network: its agreement for each seed, their mean, its accuracy in words.

    Args:
        agree: by name, one number a seed; a row named "twin" becomes a grey band.
        accuracy: the same; a name may be missing.
        methods: by name, the method that gives the colour.
    """
    made, axis = plots.figure(height=0.8 + 0.36 * len(agree))
    if "twin" in agree:
        axis.axvspan(min(agree["twin"]), max(agree["twin"]), color="#dddddd", zorder=0)
    for place, (name, values) in enumerate(agree.items()):
        shade = plots.colour(methods[name])
        axis.plot(values, [place] * len(values), "o", color=shade, ms=6, alpha=0.75)
        axis.plot([np.mean(values)], [place], "|", color="black", ms=15, mew=1.6)
        right = f"{np.mean(accuracy[name]):.1%}" if name in accuracy else "–"
        axis.annotate(right, (1.02, place), va="center", fontsize=9,
                      xycoords=("axes fraction", "data"), annotation_clip=False)  # fmt: skip
    axis.annotate("accuracy", (1.02, -0.8), va="center", fontsize=9, fontweight="bold",
                  xycoords=("axes fraction", "data"), annotation_clip=False)  # fmt: skip
    axis.set_yticks(range(len(agree)), list(agree))
    axis.set_ylim(len(agree) - 0.4, -0.6)
    axis.set_xlim(min(-0.05, *(min(v) for v in agree.values())) - 0.02, 1.03)
    axis.set(xlabel="agreement with the whole network's maps (rank correlation)", title=title)
    return made


def words_for_agreements(agree: Seeds, accuracy: Seeds) -> str:
    """The picture of `agreements` in words."""
    rows = ", ".join(
        f"{name} {np.mean(values):.2f}"
        + (f" at {np.mean(accuracy[name]):.1%} accuracy" if name in accuracy else "")
        for name, values in agree.items()
    )
    return f"Agreement with the whole network's maps, mean over the seeds: {rows}."


def clearness(measures: Mapping[str, Seeds], methods: Mapping[str, str], *, title: str) -> Any:
    """Draw one panel a measure and one row a network; the band is the whole networks' range."""
    names = list(next(iter(measures.values())))
    made, axes = plots.figure(columns=len(measures), sharey=True, width=7.6,
                              height=1.1 + 0.33 * len(names))  # fmt: skip
    for axis, (measure, rows) in zip(axes, measures.items(), strict=True):
        axis.axvspan(min(rows["whole"]), max(rows["whole"]), color="#dddddd", zorder=0)
        for place, name in enumerate(names):
            shade = plots.colour(methods[name])
            axis.plot(rows[name], [place] * len(rows[name]), "o", color=shade, ms=5.5, alpha=0.75)
            axis.plot([np.mean(rows[name])], [place], "|", color="black", ms=12, mew=1.4)
        axis.set_title(measure, fontsize=9.5, loc="center")
        axis.margins(x=0.12)
    axes[0].set_yticks(range(len(names)), names)
    axes[0].set_ylim(len(names) - 0.4, -0.6)
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def words_for_clearness(measures: Mapping[str, Seeds]) -> str:
    """The picture of `clearness` in words."""
    parts = []
    for measure, rows in measures.items():
        told = ", ".join(f"{name} {np.mean(values):.2f}" for name, values in rows.items())
        plain = measure.replace("\n", ", ")
        parts.append(f"{plain}: {told}")
    return ". ".join(parts) + "."


def removal(curves: Sequence[Curves], *, names: Sequence[str], title: str) -> Any:
    """Draw accuracy against the share of filters removed, one panel a network.

    Args:
        curves: one a network.
    """
    made, axes = plots.figure(columns=len(curves), sharey=True, width=7.6, height=3.1)
    for network, axis, orders in zip(names, axes, curves, strict=True):
        for name, points in orders.items():
            _removal_line(axis, name, points)
        axis.set_title(network, fontsize=9.5, loc="center")
        axis.set_xticks(list(next(iter(orders.values()))))
        axis.xaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
        axis.yaxis.set_major_formatter(lambda y, _: f"{y:.0%}")
    axes[0].set_ylabel("accuracy")
    axes[len(axes) // 2].set_xlabel("share of conv2's filters removed, nothing retrained")
    axes[0].legend(fontsize=8.5, loc="lower left")
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


ORDERS = {"Taylor": ("gradient", "o"), "L1 norm": ("pruning", "s"), "by lot": ("random", None)}
"""How the least useful filters are found; the colour's method, and the mark."""


def _removal_line(axis: Any, name: str, points: Mapping[float, Sequence[float]]) -> None:
    method, mark = ORDERS[name]
    shade, shares = plots.colour(method), list(points)
    values = [np.atleast_1d(points[share]) for share in shares]
    if any(len(v) > 1 for v in values):
        axis.fill_between(shares, [v.min() for v in values], [v.max() for v in values],
                          color=shade, alpha=0.35, lw=0)  # fmt: skip
    axis.plot(shares, [v.mean() for v in values], color=shade, marker=mark, label=name)


def words_for_removal(curves: Sequence[Curves], *, names: Sequence[str]) -> str:
    """The picture of `removal` in words."""
    parts = []
    for network, orders in zip(names, curves, strict=True):
        told = "; ".join(
            f"{name} " + ", ".join(f"{np.mean(v):.0%} at {share:.0%}" for share, v in line.items())
            for name, line in orders.items()
        )
        parts.append(f"{network}: {told}")
    return "Accuracy by share of filters removed. " + ". ".join(parts) + "."
