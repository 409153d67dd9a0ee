"""The pictures of a diagnosis, each with its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from course_utils import plots
from course_utils.diagnose.calibration import Reliability

LOOKS = ("gradient", "quantization", "distillation", "pruning", "reference")


def reliability(
    groups: Mapping[str, Reliability], *, title: str, width: float = 5.2, height: float = 3.6
) -> Any:
    """Draw accuracy over confidence, a line a name; the diagonal is a perfect network.

    Bars: two standard errors of a perfectly calibrated network's groups, about the diagonal.
    """
    made, axis = plots.figure(width=width, height=height)
    axis.plot([0, 1], [0, 1], color=plots.colour("random"), lw=1.2, zorder=1)
    last = list(groups.values())[-1]
    axis.errorbar(last.confidence, last.confidence, 2 * last.error, fmt="none", zorder=1,
                  ecolor=plots.colour("random"), capsize=3, label="if calibrated")  # fmt: skip
    for (name, one), look, mark in zip(groups.items(), LOOKS, "os^vD", strict=False):
        axis.plot(one.confidence, one.accuracy, mark + "-", color=plots.colour(look), lw=1.2,
                  label=f"{name}: ECE {one.ece:.1%}")  # fmt: skip
    low = min(one.confidence.min().item() for one in groups.values())
    axis.set(xlabel="confidence", ylabel="share of right answers", title=title,
             xlim=(max(0, low - 0.05), 1.02), ylim=(0, 1.05))  # fmt: skip
    axis.legend(loc="lower right")
    return made


def words_for_reliability(groups: Mapping[str, Reliability]) -> str:
    """The reliability diagram in words."""
    return "Share of right answers over confidence. " + " ".join(
        f"{name}: expected calibration error {one.ece:.1%}; of the surest group "
        f"({one.confidence[-1]:.1%} sure) {one.accuracy[-1]:.1%} are right."
        for name, one in groups.items()
    )


def corruptions(found: Sequence[Any], *, title: str, width: float = 7.0) -> Any:
    """Draw accuracy and mean confidence over the strength, a panel a corruption.

    Args:
        found: findings with kind, strength, accuracy and confidence.
    """
    kinds = list(dict.fromkeys(one.kind for one in found))
    made, axes = plots.figure(columns=len(kinds), width=width, height=2.3, sharey=True)
    for axis, kind in zip(axes, kinds, strict=True):
        own = [one for one in found if one.kind == kind]
        steps = [one.strength for one in own]
        axis.plot(steps, [one.accuracy for one in own], "o-", ms=4, lw=1.4,
                  color=plots.colour("reference"), label="right")  # fmt: skip
        axis.plot(steps, [one.confidence for one in own], "s--", ms=4, lw=1.4,
                  color=plots.colour("gradient"), label="sure")  # fmt: skip
        axis.set_title(kind, fontsize=9)
        axis.set(ylim=(0, 1.02), xticks=steps)
    axes[0].set_ylabel("share")
    axes[0].legend(fontsize=8, loc="lower left")
    made.supxlabel("strength", fontsize=9.5)
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def words_for_corruptions(found: Sequence[Any]) -> str:
    """The corruptions in words: each at its greatest strength."""
    last = {one.kind: one for one in found}
    return "At the greatest strength: " + "; ".join(
        f"{kind} {one.accuracy:.0%} right, {one.confidence:.0%} sure" for kind, one in last.items()
    )


def labelled(
    images: Tensor, given: Sequence[str], said: Sequence[str], *, title: str = "", columns: int = 8
) -> Any:
    """Draw images with the label given and what the network says instead."""
    rows = -(-len(images) // columns)
    made, axes = plots.figure(rows=rows, columns=columns, width=0.98 * columns,
                              height=1.4 * rows + 0.3 * bool(title), squeeze=False)  # fmt: skip
    for place, axis in enumerate(axes.flat):
        axis.set_axis_off()
        if place < len(images):
            plots.draw_image(axis, images[place])
            axis.set_title(f"{given[place]}\n→ {said[place]}", fontsize=8, loc="center", pad=3)
    if title:
        made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def words_for_labelled(given: Sequence[str], said: Sequence[str]) -> str:
    """The labels and the answers in words."""
    return "; ".join(f"labelled {one}, network says {two}" for one, two in zip(given, said))
