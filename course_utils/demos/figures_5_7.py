"""Figures of lesson 5.7: two runtimes' logits, and the verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from course_utils import data, plots
from course_utils.demos.claims import VERDICTS, Claim

SHADES = dict(zip(VERDICTS, ("pruning", "random", "distillation"), strict=True))
"""By verdict, the method that gives its colour."""


def both(ours: Tensor, theirs: Tensor, image: Tensor) -> Any:
    """Draw the logits of PyTorch and of ONNX Runtime as bars side by side, and the picture."""
    made, (axis, picture) = plots.figure(columns=2, width=7.8, height=3.0,
                                         width_ratios=(2.4, 1))  # fmt: skip
    places = range(len(ours))
    for logits, shift, name, method in ((ours, -0.2, "PyTorch", "reference"),
                                        (theirs, 0.2, "ONNX Runtime", "quantization")):  # fmt: skip
        axis.barh([k + shift for k in places], logits.tolist(), height=0.4, label=name,
                  color=plots.colour(method))  # fmt: skip
    axis.set_yticks(list(places), data.FASHION_CLASSES)
    axis.invert_yaxis()
    axis.legend(fontsize=8)
    axis.set(xlabel="logit", title=f"At most {(ours - theirs).abs().max():.0e} apart")
    plots.draw_image(picture, image)
    return made


def words_for_both(ours: Tensor, theirs: Tensor) -> str:
    """The picture of `both` in words."""
    same = "the same class" if ours.argmax() == theirs.argmax() else "another class"
    return (f"Logits of PyTorch and ONNX Runtime: at most {(ours - theirs).abs().max():.0e} "
            f"apart, {same}: {data.FASHION_CLASSES[int(ours.argmax())]}.")  # fmt: skip


def verdicts(hopes: Sequence[Claim]) -> Any:
    """Draw each hope's difference in errors away from zero, capped, coloured by its verdict."""
    made, axis = plots.figure(height=0.9 + 0.36 * len(hopes), width=7.8)
    for place, one in enumerate(hopes):
        axis.barh(place, _far(one), color=plots.colour(SHADES[one.verdict]))
        axis.annotate(one.verdict, (max(_far(one), 0), place), xytext=(4, 0),
                      textcoords="offset points", va="center", fontsize=8)  # fmt: skip
    axis.set_yticks(range(len(hopes)), [f"{one.source}: {one.name}" for one in hopes],
                    fontsize=8)  # fmt: skip
    axis.invert_yaxis()
    axis.axvspan(-2, 2, color="#dddddd", zorder=0)
    axis.margins(x=0.16)
    axis.set(xlabel=f"errors away from zero (grey: fewer than two; drawn to {CAP} at most)",
             title=tally(hopes))  # fmt: skip
    return made


def tally(hopes: Sequence[Claim]) -> str:
    """How many hopes hold, are false, are not shown, in one sentence."""
    false, open_, holds = (sum(one.verdict == verdict for one in hopes) for verdict in VERDICTS)
    return f"Of {len(hopes)} hopes {holds} hold here, {false} are false, {open_} are not shown"


def words_for_verdicts(hopes: Sequence[Claim]) -> str:
    """The picture of `verdicts` in words."""
    return ". ".join(
        f"{verdict}: " + "; ".join(one.name for one in hopes if one.verdict == verdict)
        for verdict in VERDICTS
    ) + "."  # fmt: skip


CAP = 10


def _far(one: Claim) -> float:
    away = one.value / one.error if one.error else (CAP if one.value > 0 else -CAP)
    return max(-CAP, min(CAP, away))
