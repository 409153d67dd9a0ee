"""Lesson 2.1's pictures: what each f does to a weight, and to bytes and accuracy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from course_utils import models, plots
from course_utils.demos import lesson_2_1 as demo

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TRAINED = {
    "SimplifiedCNN": "reference", "SimplifiedCNN-narrow": "structure",
    "SubIntegerQuantizedCNN": "quantization", "PrunedCNN": "pruning",
}  # fmt: skip
"""Committed networks that were trained small, and their methods."""


def four_functions(network: models.SimplifiedCNN, student: models.SimplifiedCNN) -> Figure:
    """Draw conv2's weights after against before, for each of the four methods.

    Args:
        student: a network trained by distillation; its conv2 is laid over the corner of the
            network's, place by place, since nothing else connects the two.
    """
    figure, axes = plots.figure(rows=2, columns=2, width=8, height=6.6, sharex=True, sharey=True)
    for axis, (method, strength) in zip(
        axes.flat, {"structure": 0.5, "quantization": 3, "pruning": 0.8}.items(), strict=False
    ):
        draw_weights(axis, network, method, strength)
    _dots(axes[1, 1], *_paired_by_place(network, student), plots.COLOURS["distillation"])
    axes[1, 1].set_title(f"distillation: no f (r = {likeness(network, student):.2f})")
    for axis in axes[1]:
        axis.set_xlabel("conv2's weight before (no unit)")
    for axis in axes[:, 0]:
        axis.set_ylabel("after")
    return figure


def likeness(network: models.SimplifiedCNN, student: models.SimplifiedCNN) -> float:
    """Return the correlation of two conv2 layers' weights, paired by place."""
    pairs = torch.stack([weight.flatten() for weight in _paired_by_place(network, student)])
    return torch.corrcoef(pairs)[0, 1].item()


def draw_weights(axis: Axes, network: models.SimplifiedCNN, method: str, strength: float) -> None:
    """Draw conv2's weights after a cut against before; removed ones as ticks below."""
    before, colour = network.conv2.weight.detach(), plots.COLOURS[method]
    limit = before.abs().max().item() * 1.1
    if method == "structure":
        stays = demo.survives(network, strength)
        _dots(axis, before[stays], before[stays], colour)
        axis.plot(before[~stays], torch.full((int((~stays).sum()),), -limit * 0.93), "|",
                  color=plots.COLOURS["random"], markersize=9)  # fmt: skip
    else:
        _dots(axis, before, demo.cut(network, method, strength).conv2.weight.detach(), colour)
    axis.set(xlim=(-limit, limit), ylim=(-limit, limit))
    axis.set_title(f"{method}: {_effect(method)}")


def bench(bench: demo.Bench, method: str, strength: int) -> Figure:
    """Draw one cut: its weights on the left, its place among all cuts and files on the right.

    Args:
        strength: the place in STRENGTHS[method], from 0, the mildest.
    """
    chosen = bench.cut(method, demo.STRENGTHS[method][strength])
    figure, (left, right) = plots.figure(columns=2, width=8, height=3.7)
    draw_weights(left, bench.network, method, chosen.strength)
    left.set(xlabel="conv2's weight before (no unit)", ylabel="after")
    left.set_title(f"{method}: {demo.strength_in_words(method, chosen.strength)}")
    for name in demo.METHODS:
        curve = bench.curve(name)
        right.plot([c.content / 1000 for c in curve], [100 * c.accuracy for c in curve], "o-",
                   color=plots.COLOURS[name])  # fmt: skip
    for name, made_by in TRAINED.items():
        content, accuracy = bench.file(name)
        right.plot(content / 1000, 100 * accuracy, "*", markersize=12, label=made_by,
                   color=plots.COLOURS[made_by])  # fmt: skip
    right.plot(chosen.content / 1000, 100 * chosen.accuracy, "o", markersize=15,
               markerfacecolor="none", markeredgecolor="black")  # fmt: skip
    right.set_xscale("log")
    right.set(xlabel="whole file, coded (kB)", ylabel="accuracy (%)", ylim=(0, 100))
    right.set_title(f"{chosen.content:,} bytes, {chosen.accuracy:.1%} right")
    right.legend(fontsize=7, loc="lower right", title="● cut, ★ trained", title_fontsize=7)
    return figure


def bench_in_words(bench: demo.Bench, method: str, strength: int) -> str:
    """Say what `bench` draws."""
    chosen = bench.cut(method, demo.STRENGTHS[method][strength])
    words = demo.strength_in_words(method, chosen.strength)
    return (
        f"After {method}, {words}, without training: {chosen.content:,} bytes and "
        f"{chosen.accuracy:.1%} of the pictures right. Left: each weight of conv2 after "
        f"against before. Right: the cuts of all three methods, and as stars the networks "
        f"that were trained small."
    )


def _paired_by_place(network, student) -> tuple[torch.Tensor, torch.Tensor]:
    small = student.conv2.weight.detach()
    return network.conv2.weight.detach()[: small.shape[0], : small.shape[1]], small


def _dots(axis: Axes, before: torch.Tensor, after: torch.Tensor, colour: str) -> None:
    axis.axline((0, 0), slope=1, color=plots.COLOURS["random"], linewidth=0.8, zorder=0)
    axis.plot(before.flatten(), after.flatten(), ".", color=colour, markersize=3)


def _effect(method: str) -> str:
    return {
        "structure": "stay or go", "quantization": "stairs",
        "pruning": "a flat middle",
    }[method]  # fmt: skip
