"""Lesson 3.2: grids compared, and one filter of a trained network at any number of bits."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from course_utils import plots, quantize
from course_utils.demos import figures_3_2

GRIDS = {"one scale per tensor": None, "one scale per channel": 0}
"""Names of the two kinds of grid, and the axis that `quantize` takes for them."""


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

    def __init__(
        self, network: nn.Module, curves: Mapping[str, figures_3_2.Curve], unrounded: float
    ) -> None:
        self.weight = network.get_submodule("conv1").weight.detach()
        self.curves, self.unrounded = curves, unrounded

    def _rounded(self, bits: int | str, grid: str) -> quantize.Quantized:
        return quantize.round_weight(self.weight, bits=bits, axis=GRIDS[grid])

    def draw(self, bits: int | str, grid: str, filter: int) -> Any:
        """Draw the filter, the rounded filter with its codes, and the place on the curve."""
        made, (left, middle, right) = plots.figure(columns=3, height=2.7, width_ratios=(1, 1, 1.9))
        rounded, exact = self._rounded(bits, grid), self.weight[filter]
        self._draw_filter(left, exact, [f"{value:.2f}" for value in exact.flatten().tolist()])
        left.set_title(f"Filter {filter}, 32 bits", fontsize=10)
        codes = [str(code) for code in rounded.codes[filter].flatten().tolist()]
        self._draw_filter(middle, rounded.dequantize()[filter], codes)
        middle.set_title(f"as codes × {self._scale(rounded, filter):.3g}", fontsize=10)
        self._draw_place(right, bits, grid)
        return made

    def _draw_filter(self, axis: Any, values: Tensor, written: list[str]) -> None:
        plots.draw_image(axis, values, limit=self.weight.abs().max().item())
        width = values.shape[-1]
        for place, word in enumerate(written):
            axis.text(place % width, place // width, word, ha="center", va="center", fontsize=9,
                      bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none",
                            "alpha": 0.75})  # fmt: skip

    def _draw_place(self, axis: Any, bits: int | str, grid: str) -> None:
        figures_3_2.draw_curves(axis, self.curves, self.unrounded)
        axis.tick_params(axis="x", labelsize=8.5, rotation=40)
        for name, side, shift in (
            ("one scale per tensor", "right", (-7, -9)),
            ("one scale per channel", "left", (9, 3)),
        ):
            at_three = (list(self.curves[name]).index(3), self.curves[name][3])
            axis.annotate(name.removeprefix("one scale "), at_three, xytext=shift, ha=side,
                          textcoords="offset points", fontsize=8.5)  # fmt: skip
        accuracy = self.curves[grid][bits]
        place = list(self.curves[grid]).index(bits)
        axis.plot(place, accuracy, "o", ms=12, mfc="none", mec="black", mew=2)
        axis.set_title(f"{_amount(bits)} → {accuracy:.1%}", fontsize=10)

    def words(self, bits: int | str, grid: str, filter: int) -> str:
        """The picture in words."""
        rounded = self._rounded(bits, grid)
        return (
            f"Filter {filter} of conv1 at {_amount(bits)}, {grid}: its nine codes are "
            f"{rounded.codes[filter].flatten().tolist()}, one step is "
            f"{self._scale(rounded, filter):.3g}. The whole network, all layers rounded so, has "
            f"{self.curves[grid][bits]:.1%} accuracy; unrounded {self.unrounded:.1%}."
        )

    @staticmethod
    def _scale(rounded: quantize.Quantized, filter: int) -> float:
        return rounded.scale.expand(len(rounded.codes))[filter].item()


def _amount(bits: int | str) -> str:
    return bits if isinstance(bits, str) else f"{bits} bits"
