"""Figures of lesson 5.1: the drift table, accuracy beside reasons, borrowed maps, the dashboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from course_utils import data, plots

if TYPE_CHECKING:
    from course_utils.demos.lesson_5_1 import Dashboard

Seeds = Mapping[str, Sequence[float]]


def maps_grid(image: Tensor, rows: Mapping[str, Mapping[str, Tensor]], *, title: str) -> Any:
    """Draw maps of one picture: a row for each network, a column for each explainer.

    Args:
        rows: by network, by explainer, maps of a batch of this one picture.
    """
    columns = list(next(iter(rows.values())))
    made, axes = plots.figure(rows=len(rows), columns=len(columns), width=7.6,
                              height=0.6 + 1.25 * len(rows), squeeze=False)  # fmt: skip
    for name, axis in zip(columns, axes[0], strict=True):
        axis.set_title(name, fontsize=8.5, fontweight="normal", loc="center")
    for line, (network, maps) in zip(axes, rows.items(), strict=True):
        for axis, (one,) in zip(line, maps.values(), strict=True):
            limit = one.abs().quantile(0.99).item() or 1.0
            plots.draw_attribution(axis, one, over=image, limit=limit)
        line[0].set_axis_on()
        line[0].set(xticks=[], yticks=[])
        line[0].set_ylabel(network, fontsize=8.5)
        for spine in line[0].spines.values():
            spine.set_visible(False)
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def drift_grid(agree: Mapping[str, Seeds], accuracy: Seeds, *, title: str) -> Any:
    """Draw agreement as a table: a row for each version, a column for each explainer.

    Args:
        agree: by explainer, by version, one number a seed.
    """
    names = list(next(iter(agree.values())))
    means = np.array([[np.mean(agree[key].get(name, np.nan)) for key in agree] for name in names])
    made, axis = plots.figure(width=7.6, height=1.0 + 0.27 * len(names))
    axis.imshow(means, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(means):
        if np.isfinite(value):
            axis.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=8.5,
                      color="black" if value > 0.5 else "white")  # fmt: skip
    for row, name in enumerate(names):
        right = f"{np.mean(accuracy[name]):.1%}" if name in accuracy else "–"
        axis.text(len(agree) - 0.4, row, right, va="center", fontsize=8.5)
    axis.text(len(agree) - 0.4, -0.85, "accuracy", va="center", fontsize=8.5, fontweight="bold")
    axis.set_xticks(range(len(agree)), list(agree), fontsize=8)
    axis.set_yticks(range(len(names)), names, fontsize=8.5)
    axis.tick_params(length=0)
    axis.grid(visible=False)
    axis.set_title(title, pad=16)
    return made


def words_for_grid(agree: Mapping[str, Seeds], accuracy: Seeds) -> str:
    """The picture of `drift_grid` in words."""
    rows = []
    for name in next(iter(agree.values())):
        told = ", ".join(f"{key} {np.mean(by[name]):.2f}" for key, by in agree.items()
                         if name in by)  # fmt: skip
        right = f", accuracy {np.mean(accuracy[name]):.1%}" if name in accuracy else ""
        rows.append(f"{name}: {told}{right}")
    return "Agreement with the whole network. " + ". ".join(rows) + "."


CROWDED = ("trained on", "50 % zeros")
"""Versions that lie so close to others that their names would cover each other."""
RIGHT_OF = ("2 bits, trained", "80 % zeros", "student alone")
"""Versions whose name stands to the right of their point."""


def accuracy_and_agreement(
    accuracy: Seeds, agree: Seeds, methods: Mapping[str, str], *, title: str
) -> Any:
    """Draw a point for each version that still works: accuracy across, agreement upwards."""
    made, axis = plots.figure(height=3.6)
    for name, values in _working(accuracy, agree).items():
        right, mark = np.mean(accuracy[name]), "D" if methods[name] == "reference" else "o"
        shade = plots.colour(methods[name])
        axis.plot([right] * len(values), values, mark, color=shade, ms=3.5, alpha=0.5)
        axis.plot([right], [np.mean(values)], mark, color=shade, ms=8)
        if name not in CROWDED:
            side, away = ("left", 8) if name in RIGHT_OF else ("right", -8)
            axis.annotate(name, (right, np.mean(values)), xytext=(away, -3), fontsize=8.5,
                          textcoords="offset points", ha=side)  # fmt: skip
    axis.xaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
    axis.margins(x=0.12)
    axis.set(xlabel="accuracy, validation images", ylabel="agreement, integrated gradients",
             ylim=(min(0, axis.get_ylim()[0]), 1.03), title=title)  # fmt: skip
    return made


def words_for_points(accuracy: Seeds, agree: Seeds) -> str:
    """The picture of `accuracy_and_agreement` in words."""
    return "; ".join(
        f"{name}: accuracy {np.mean(accuracy[name]):.1%}, agreement {np.mean(values):.2f}"
        for name, values in _working(accuracy, agree).items()
    ) + "."  # fmt: skip


def _working(accuracy: Seeds, agree: Seeds) -> Seeds:
    """Those that are right on more than half of the images."""
    return {name: values for name, values in agree.items() if np.mean(accuracy[name]) > 0.5}


BORROWED = {"its own map": ("gradient", "o"), "the whole network's map": ("reference", "s"),
            "brightness": ("random", "^"), "shuffled": ("random", "x")}  # fmt: skip
"""Whose order of pixels is used; the colour's method, and the mark."""


def borrowed(areas: Mapping[str, Mapping[str, Tensor]], *, title: str) -> Any:
    """Draw the deletion area on each network by the order of several maps, with its error."""
    made, axis = plots.figure(height=1.0 + 0.5 * len(areas))
    for row, found in enumerate(areas.values()):
        for place, (name, values) in enumerate(found.items()):
            method, mark = BORROWED[name]
            mean, error = values.mean().item(), values.std().item() / len(values) ** 0.5
            axis.errorbar(mean, row + 0.14 * (place - 1.5), xerr=2 * error, fmt=mark, ms=6,
                          color=plots.colour(method), label=name if row == 0 else None)  # fmt: skip
    axis.set_yticks(range(len(areas)), list(areas))
    axis.set_ylim(len(areas) - 0.5, -0.5)
    axis.set_xlim(0, None)
    axis.set(xlabel="area under the deletion curve ± 2 errors (low: these pixels mattered)",
             title=title)  # fmt: skip
    axis.legend(fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return made


def words_for_areas(areas: Mapping[str, Mapping[str, Tensor]]) -> str:
    """The picture of `borrowed` in words."""
    rows = []
    for network, found in areas.items():
        told = ", ".join(f"{name} {values.mean().item():.2f}" for name, values in found.items())
        rows.append(f"{network}: {told}")
    return "Area under the deletion curve. " + "; ".join(rows) + "."


def dashboard(board: Dashboard, picture: int, explainer: str, version: str) -> Any:
    """Draw a picture and its maps by the whole network, a version of it, and another seed."""
    names = ["whole", version, "another seed"]
    made, axes = plots.figure(columns=len(names) + 1, width=7.8, height=3.2)
    plots.draw_image(axes[0], board.pictures[picture])
    wanted = data.FASHION_CLASSES[int(board.classes[picture])]
    axes[0].set_title(wanted, fontsize=9, loc="center")
    for axis, name in zip(axes[1:], names, strict=True):
        one = board.see(picture, name, explainer)
        limit = one.map.abs().quantile(0.99).item() or 1.0
        plots.draw_attribution(axis, one.map, over=board.pictures[picture], limit=limit)
        told = f"says {data.FASHION_CLASSES[one.answer]}\nagreement {one.agreement:.2f}"
        if np.isfinite(one.accuracy):
            told += f"\naccuracy {one.accuracy:.1%}"
        axis.set_title(name, fontsize=9, loc="center")
        axis.set_axis_on()
        axis.set(xticks=[], yticks=[])
        axis.set_xlabel(told, fontsize=8)
        for spine in axis.spines.values():
            spine.set_visible(False)
    verdict = board.verdict(picture, version, explainer)
    made.suptitle(f"{version}: {verdict}", fontsize=10.5, fontweight="bold", y=1.0)
    return made


def words_for_dashboard(board: Dashboard, picture: int, explainer: str, version: str) -> str:
    """The picture of `dashboard` in words."""
    parts = []
    for name in ("whole", version, "another seed"):
        one = board.see(picture, name, explainer)
        answer = data.FASHION_CLASSES[one.answer]
        parts.append(f"{name} says {answer}, agreement {one.agreement:.2f}")
    wanted = data.FASHION_CLASSES[int(board.classes[picture])]
    verdict = board.verdict(picture, version, explainer)
    return f"A {wanted} and its maps by {explainer}. {'; '.join(parts)}. {version}: {verdict}."
