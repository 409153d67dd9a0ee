"""Lesson 3.2: weights on their grid, one filter at any number of bits, accuracy against bits."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from course_utils import plots, quantize

GRIDS = {"one scale per tensor": None, "one scale per channel": 0}
"""Names of the two kinds of grid, and the axis that `quantize` takes for them."""
Curve = Mapping[int | str, float]


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


def grid_rows(weight: Tensor, grids: Mapping[str, quantize.Quantized]) -> list[dict[str, Any]]:
    """Tell of each grid what it stores, what it sets to 0, and its squared error as a share."""
    weight, rows = weight.detach(), []
    for name, grid in grids.items():
        error = (grid.dequantize() - weight).square().sum() / weight.square().sum()
        rows.append({
            "grid": name,
            "scales to store": grid.scale.numel(),
            "become 0": (grid.codes == 0).float().mean().item(),
            "error² / weight²": error.item(),
        })  # fmt: skip
    return rows


def best_uniform(weight: Tensor) -> quantize.Quantized:
    """Round to four evenly spaced values over the range with the least squared error."""
    low, high = quantize.calibration.mse(weight, bits=2)
    return quantize.affine(weight, bits=2, low=low, high=high)


def with_weights(network: nn.Module, rule: Callable[[Tensor], Any]) -> nn.Module:
    """Return a copy in which every convolution and linear layer's weight went through a rule.

    Args:
        rule: takes a weight, returns what has a `dequantize` method.
    """
    changed = copy.deepcopy(network)
    for layer in changed.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.weight.data = rule(layer.weight.detach()).dequantize()
    return changed


class BitsBench:
    """Draws one filter of a trained network before and after rounding, beside the accuracy.

    Args:
        network: has a layer `conv1`.
        curves: accuracy by bits, for each name in GRIDS.
        unrounded: the network's own accuracy.
    """

    def __init__(self, network: nn.Module, curves: Mapping[str, Curve], unrounded: float) -> None:
        self.weight = network.get_submodule("conv1").weight.detach()
        self.curves, self.unrounded = curves, unrounded

    def _rounded(self, bits: int | str, grid: str) -> quantize.Quantized:
        return quantize.round_weight(self.weight, bits=bits, axis=GRIDS[grid])

    def draw(self, bits: int | str, grid: str, filter: int) -> Any:
        """Draw the filter, the rounded filter with its codes, and the place on the curve."""
        rounded, limit = self._rounded(bits, grid), self.weight.abs().max().item()
        made, axes = plots.figure(columns=3, height=2.7, width_ratios=(1, 1, 1.9))
        plots.draw_image(axes[0], self.weight[filter], limit=limit)
        plots.draw_image(axes[1], rounded.dequantize()[filter], limit=limit)
        codes = rounded.codes[filter, 0]
        for row in range(3):
            for column in range(3):
                written = {"ha": "center", "va": "center", "fontsize": 9, "bbox": _PAPER}
                axes[0].text(column, row, f"{self.weight[filter, 0, row, column]:.2f}", **written)
                axes[1].text(column, row, f"{codes[row, column]}", **written)
        axes[0].set_title(f"Filter {filter}, 32 bits", fontsize=10)
        axes[1].set_title(f"as codes × {self._scale(rounded, filter):.3g}", fontsize=10)
        draw_curves(axes[2], self.curves, self.unrounded)
        axes[2].tick_params(axis="x", labelsize=8.5, rotation=40)
        amount = bits if isinstance(bits, str) else f"{bits} bits"
        axes[2].set_title(f"{amount} → {self.accuracy(bits, grid):.1%}", fontsize=10)
        place = list(self.curves[grid]).index(bits)
        axes[2].plot(place, self.accuracy(bits, grid), "o", ms=12, mfc="none", mec="black", mew=2)
        return made

    def words(self, bits: int | str, grid: str, filter: int) -> str:
        """The picture in words."""
        rounded = self._rounded(bits, grid)
        amount = bits if isinstance(bits, str) else f"{bits} bits"
        return (
            f"Filter {filter} of conv1 at {amount}, {grid}: its nine codes are "
            f"{rounded.codes[filter].flatten().tolist()}, one step is "
            f"{self._scale(rounded, filter):.3g}. The whole network, all layers rounded so, has "
            f"{self.accuracy(bits, grid):.1%} accuracy; unrounded {self.unrounded:.1%}."
        )

    def accuracy(self, bits: int | str, grid: str) -> float:
        """The measured accuracy at these settings."""
        return self.curves[grid][bits]

    @staticmethod
    def _scale(rounded: quantize.Quantized, filter: int) -> float:
        return rounded.scale.expand(len(rounded.codes))[filter].item()


_PAPER = {"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.75}
_STYLES = {"one scale per tensor": ("--", "s"), "one scale per channel": ("-", "o")}


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
