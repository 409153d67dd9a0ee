"""Lesson 3.7's figures: orders of arrival, a waterfall, falling errors, shares of an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from course_utils import plots

FOR, AGAINST = "#E08214", "#8073AC"
"""Orange speaks for, purple against: the ends of the attributions' scale."""


def waterfall(
    names: Sequence[str],
    values: Sequence[float],
    base: float,
    *,
    unit: str,
    title: str,
    start: str = "background",
) -> Any:
    """Draw a prediction as steps from the base, the largest first.

    Args:
        names: one for each value, such as "radius = 17.1".
        base: where the steps begin: what nobody is worth.
        start: what stands beside the base.
    """
    values = np.asarray(values, dtype=float)
    order = np.argsort(-abs(values), kind="stable")
    ends = base + np.concatenate([[0], values[order].cumsum()])
    made, axis = plots.figure(height=1.5 + 0.36 * len(values))
    reach = np.ptp(ends) or 1.0
    for place, (step, left) in enumerate(zip(values[order], ends, strict=False), 1):
        axis.barh(place, step, left=left, height=0.6, color=FOR if step > 0 else AGAINST)
        axis.plot([left + step] * 2, [place, place + 1], color="#999999", lw=0.8)
        axis.annotate(f"{step:+.2f}", (max(left, left + step), place), xytext=(4, 0),
                      textcoords="offset points", va="center", fontsize=8.5)  # fmt: skip
    for place, end in ((0, ends[0]), (len(values) + 1, ends[-1])):
        axis.plot(end, place, "D", color=plots.colour("reference"), ms=7)
        axis.annotate(f"{end:.2f}", (end, place), xytext=(8, 0), textcoords="offset points",
                      va="center", fontweight="bold")  # fmt: skip
    labels = [start, *(names[i] for i in order), "this prediction"]
    axis.set_yticks(range(len(labels)), labels)
    axis.set_xlim(ends.min() - 0.08 * reach, ends.max() + 0.2 * reach)
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)
    axis.set(xlabel=unit, title=title)
    return made


def words_for_waterfall(names: Sequence[str], values: Sequence[float], base: float) -> str:
    """The waterfall in words."""
    values = np.asarray(values, dtype=float)
    order = np.argsort(-abs(values), kind="stable")
    steps = ", ".join(f"{names[i]} {values[i]:+.2f}" for i in order)
    return f"From {base:.2f} to {base + values.sum():.2f} in steps: {steps}"


def orders(gains: Mapping[str, Sequence[float]], players: Sequence[str], *, title: str) -> Any:
    """Draw what each player adds in every order, and the means below: a bar of stretches each.

    Args:
        gains: by the order's name, such as "A B C", each player's gain.
    """
    made, axis = plots.figure(height=1.4 + 0.34 * len(gains))
    shades = [plots.colour(n) for n in ("quantization", "data", "distillation")]
    rows = dict(gains) | {"mean: the shares": np.mean(list(gains.values()), axis=0)}
    for place, (name, row) in enumerate(rows.items()):
        place += 0.5 * (place == len(gains))
        up, down = 0.0, 0.0
        for who in [*(players.index(p) for p in name.split() if p in players)] or range(len(row)):
            left = up if row[who] >= 0 else down
            axis.barh(place, row[who], left=left, height=0.7, color=shades[who])
            if row[who]:
                axis.annotate(f"{row[who]:.3g}", (left + row[who] / 2, place), ha="center",
                              va="center", color="white", fontsize=8.5)  # fmt: skip
            up, down = up + max(row[who], 0), down + min(row[who], 0)
    axis.set_yticks([*range(len(gains)), len(gains) + 0.5], list(rows))
    axis.invert_yaxis()
    axis.axvline(0, color="black", lw=0.8)
    axis.grid(axis="y", visible=False)
    axis.set(xlabel="gain on arrival (coins)", title=title)
    handles = [axis.barh([np.nan], [0], color=shade) for shade in shades[: len(players)]]
    made.legend(handles, list(players), loc="outside right center")
    return made


def errors(found: Mapping[str, Mapping[int, Sequence[float]]], *, title: str) -> Any:
    """Draw how far sampled shares are off, and the standard error they report, by orders.

    Args:
        found: by way of sampling, by the number of orders: true error, reported error, ...
    """
    made, axis = plots.figure(height=3.4)
    looks = zip(found.items(), ("shap", "distillation"), ("o", "s"), strict=False)
    for (name, rows), method, marker in looks:
        counts, pairs = list(rows), np.array([result[:2] for result in rows.values()])
        axis.plot(counts, pairs[:, 0], marker, color=plots.colour(method),
                  label=f"{name}: true error")  # fmt: skip
        axis.plot(counts, pairs[:, 1], "-", color=plots.colour(method), lw=1,
                  label=f"{name}: reported")  # fmt: skip
    axis.set(
        xscale="log",
        yscale="log",
        xlabel="orders asked",
        ylabel="error of a share (log-odds)",
        title=title,
    )
    axis.set_xticks(counts, [str(c) for c in counts])
    axis.minorticks_off()
    axis.yaxis.set_major_formatter(lambda v, _: f"{v:g}")
    made.legend(loc="outside right center")
    return made


def words_for_errors(found: Mapping[str, Mapping[int, Sequence[float]]]) -> str:
    """The errors in words."""
    return "; ".join(
        f"{name}: "
        + ", ".join(f"{count} orders {true:.3f} (reported {said:.3f})"
                    for count, (true, said, *_) in rows.items())
        for name, rows in found.items()
    )  # fmt: skip


def shares(images: Tensor, maps: Mapping[str, Tensor], *, rows: Sequence[str], title: str) -> Any:
    """Draw images, one a row, and beside each its maps, all on the row's one scale.

    Args:
        images: n x 1 x height x width.
        maps: by name, the same shape.
        rows: a name for each image.
    """
    count = len(images)
    made, axes = plots.figure(rows=count, columns=1 + len(maps), width=1.9 * (1 + len(maps)),
                              height=0.5 + 1.9 * count, squeeze=False)  # fmt: skip
    for place, (image, name) in enumerate(zip(images, rows, strict=True)):
        limit = max(found[place].abs().max().item() for found in maps.values())
        plots.draw_image(axes[place][0], image)
        axes[place][0].set_title(name, fontsize=9)
        for axis, (method, found) in zip(axes[place][1:], maps.items(), strict=True):
            plots.draw_attribution(axis, found[place], over=image, limit=limit)
            axis.set_title(method if place == 0 else "", fontsize=9)
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def words_for_shares(names: Sequence[str], maps: Tensor) -> str:
    """Which of nine squares has the highest share, for each image."""
    places = []
    for name, found in zip(names, maps, strict=True):
        row, column = divmod(found[0].argmax().item(), found.shape[-1])
        high = ("top", "middle", "bottom")[row * 3 // found.shape[-2]]
        side = ("left", "centre", "right")[column * 3 // found.shape[-1]]
        places.append(f"{name}: highest {high} {side}")
    return "; ".join(places)


def falls(found: Mapping[str, np.ndarray], *, title: str) -> Any:
    """Draw how far accuracy falls for each group of columns, a dot a network, in points."""
    made = plots.bars(
        {name: list(100 * np.asarray(values)) for name, values in found.items()},
        unit="accuracy lost when shuffled (points)", title=title,
        methods=["random" if "control" in name else "shap" if " + " in name else "reference"
                 for name in found],
    )  # fmt: skip
    for label, values in zip(made.axes[0].texts, found.values(), strict=True):
        label.set_text(f"{100 * np.mean(values):.1f}".replace("-0.0", "0.0"))
    return made


def words_for_falls(found: Mapping[str, np.ndarray]) -> str:
    """The falls in words, means in points."""
    return "Points lost: " + ", ".join(f"{n} {100 * np.mean(v):.1f}" for n, v in found.items())
