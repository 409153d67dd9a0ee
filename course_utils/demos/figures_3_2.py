"""Figures of lesson 3.2: weights and activations under their grids, accuracy against bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from course_utils import plots, quantize

Curve = Mapping[int | str, float]
"""Accuracy by bits, from many to few, then "ternary" and "binary"."""
_ARROW = {"arrowstyle": "<->", "color": plots.COLOURS["quantization"], "lw": 1.6}
_STYLES = {"one scale per tensor": ("--", "s"), "one scale per channel": ("-", "o")}


def weights_on_grid(weight: Tensor, *, bits: int) -> Any:
    """Draw a layer's weights under the lines of one symmetric grid, and the reach of its channels.

    Args:
        weight: output channel x ...; bits: 2 to 8.
    """
    weight = weight.detach()
    grid, reach = quantize.symmetric(weight, bits=bits), weight.flatten(1).abs().amax(1)
    made, (left, right) = plots.figure(columns=2, height=3.1, width_ratios=(3, 2))
    left.hist(weight.flatten().numpy(), bins=120, color=plots.colour("reference"), alpha=0.7)
    top = 2 ** (bits - 1) - 1
    for code in range(-top, top + 1):
        left.axvline(code * grid.scale.item(), color=plots.colour("quantization"), lw=1.4)
    left.set_yscale("log")
    share = (grid.codes == 0).float().mean().item()
    left.set(xlabel="weight", ylabel="how many (logarithmic)",
             title=f"{share:.0%} of the weights round to 0")  # fmt: skip
    right.bar(range(len(reach)), reach.sort().values.numpy(), width=0.8,
              color=plots.colour("quantization"))  # fmt: skip
    right.axhline(reach.max().item(), color=plots.colour("reference"), lw=1.2, ls="--")
    right.set_ylim(0, reach.max().item() * 1.12)
    right.set(xlabel="output channel, sorted", ylabel="largest |weight|",
              title="Few channels reach far")  # fmt: skip
    return made


def words_for_weights(weight: Tensor, *, bits: int) -> str:
    """The picture of `weights_on_grid` in words."""
    weight = weight.detach()
    grid, reach = quantize.symmetric(weight, bits=bits), weight.flatten(1).abs().amax(1)
    return (
        f"Histogram of {weight.numel():,} weights, heaped around 0, with grid lines "
        f"{grid.scale.item():.3f} apart: {(grid.codes == 0).float().mean().item():.0%} of the "
        f"weights are nearest to the line at 0. Beside it the largest weight of each channel: "
        f"from {reach.min().item():.2f} through {reach.median().item():.2f} in the middle to "
        f"{reach.max().item():.2f}, the reach that one grid for all must have."
    )


def clipped_inputs(values: Tensor, ranges: Mapping[str, tuple[float, float]]) -> Any:
    """Draw a histogram of activations, and how far each range reaches.

    Args:
        ranges: low and high by the name of the rule that chose them.
    """
    made, axis = plots.figure(height=2.9)
    axis.hist(values.flatten().numpy(), bins=100, color=plots.colour("reference"), alpha=0.7)
    top = axis.get_ylim()[1]
    for place, (name, (low, high)) in enumerate(ranges.items()):
        height = top * (0.88 - 0.2 * place)
        axis.annotate("", (low, height), (high, height), arrowprops=_ARROW)
        axis.text(high - 0.05, height + 0.02 * top, name, ha="right")
        axis.axvline(high, color=plots.colour("quantization"), lw=1.2, ls="--")
    share = (values == values.min()).float().mean().item()
    axis.set(xlabel="input of conv1, after normalisation", ylabel="how many",
             title=f"{share:.0%} of the inputs are one number: black")  # fmt: skip
    return made


def words_for_clipped(values: Tensor, ranges: Mapping[str, tuple[float, float]]) -> str:
    """The picture of `clipped_inputs` in words."""
    share = (values == values.min()).float().mean().item()
    said = ", ".join(f"{name} reaches from {a:.2f} to {b:.2f}" for name, (a, b) in ranges.items())
    return (
        f"Histogram of the input of conv1 from {values.min():.2f} to {values.max():.2f}: one spike "
        f"at the low end holds {share:.0%} of the values, the others lie spread out. {said}."
    )


def ways_back(
    curves: Mapping[str, Curve],
    unrounded: float,
    *,
    trained: Sequence[float],
    control: Sequence[float],
    codebook: float,
) -> Any:
    """Draw the accuracies of rounding alone, and what brings them back.

    Args:
        trained: of ternary weights trained through the rounding, one for each seed.
        control: the same training without rounding, rounded at the end.
        codebook: of four values for each tensor, shown at 2 bits.
    """
    made, axis = plots.figure(height=3.8)
    draw_curves(axis, curves, unrounded)
    places = list(next(iter(curves.values())))
    for label, level, values, shift, mark, method in (
        ("ternary, trained through (a mark a seed)", "ternary", trained, 0.16, "D", "quantization"),
        ("control: trained, then rounded", "ternary", control, -0.16, "x", "control"),
        ("codebook of 4 values, not trained", 2, [codebook], 0.16, "*", "quantization"),
    ):
        axis.plot([places.index(level) + shift] * len(values), values, mark, ls="none",
                  color=plots.colour(method), ms=9 if mark == "*" else 6, mew=1.5, label=label,
                  zorder=4)  # fmt: skip
    axis.legend(loc="lower left")
    axis.set_title("Two ways back: choose the values, or train through the rounding")
    return made


def words_for_ways_back(
    curves: Mapping[str, Curve],
    unrounded: float,
    *,
    trained: Sequence[float],
    control: Sequence[float],
    codebook: float,
) -> str:
    """The picture of `ways_back` in words."""
    channel = curves["one scale per channel"]
    return (
        f"Accuracy against bits per weight, rounded only: {channel[5]:.1%} at 5 bits, "
        f"{channel[4]:.1%} at 4, {channel[3]:.1%} at 3, {channel[2]:.1%} at 2 with one scale per "
        f"channel, lower with one per tensor; {unrounded:.1%} at 32. Ternary: rounded only "
        f"{channel['ternary']:.1%}, control {min(control):.1%} to {max(control):.1%}, trained "
        f"through {min(trained):.1%} to {max(trained):.1%}. Codebook of 4 values: {codebook:.1%}."
    )


def draw_curves(axis: Any, curves: Mapping[str, Curve], unrounded: float) -> None:
    """Draw the accuracies on evenly spaced places; a line joins those of one kind of grid.

    Ternary and binary weights choose their scale by another rule, and stand alone.
    """
    levels = list(next(iter(curves.values())))
    whole = sum(isinstance(level, int) for level in levels)
    for name, curve in curves.items():
        line, mark = _STYLES[name]
        shared = {"marker": mark, "color": plots.colour("quantization"), "lw": 1.6, "ms": 4.5}
        heights = list(curve.values())
        axis.plot(range(whole), heights[:whole], ls=line, label=name, **shared)
        axis.plot(range(whole, len(levels)), heights[whole:], ls="none", **shared)
    axis.axhline(unrounded, color=plots.colour("reference"), lw=1.2, ls=":", label="32 bits")
    axis.set_xticks(range(len(levels)), [str(level) for level in levels])
    axis.yaxis.set_major_formatter("{x:.0%}")
    axis.set(ylim=(0, 1), xlabel="bits per weight", ylabel="accuracy")
