"""Lesson 1.1: networks of any width, depth and image size, and the bill of one prediction."""

from __future__ import annotations

import tempfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import nn

from course_utils import measure, models, plots

MULTIPLY, ADD = 3.7e-12, 0.9e-12
"""Joules of one 32-bit floating-point operation at 45 nm (Horowitz, ISSCC 2014)."""
FETCH = 640e-12
"""Joules to fetch 32 bits from main memory, 45 nm (Han 2015, 1506.02626, figure 1)."""


class _Variant(models.Network):
    """A SimplifiedCNN whose list of layers was changed."""

    def __init__(self, children: OrderedDict[str, nn.Module], base: models.Network) -> None:
        super().__init__(children)
        self.input_shape, self.settings = base.input_shape, base.settings
        self.eval()


def deeper(
    *, channels: tuple[int, int] = (16, 32), layers: int = 0, hidden: int = 128, size: int = 32
) -> models.Network:
    """Build an untrained SimplifiedCNN with more 3 x 3 convolutions after its second.

    Each keeps the second's number of channels and is followed by a ReLU; none changes the
    shape. With layers = 0 it is SimplifiedCNN itself.
    """
    if layers < 0:
        raise ValueError(f"layers counts the added convolutions, 0 or more; got {layers}.")
    base = models.SimplifiedCNN(channels=channels, hidden=hidden, size=size).eval()
    if layers == 0:
        return base
    children: OrderedDict[str, nn.Module] = OrderedDict()
    for name, child in base.named_children():
        children[name] = child
        if name == "relu2":
            for i in range(1, layers + 1):
                children[f"conv2_{i}"] = nn.Conv2d(channels[1], channels[1], 3, padding=1)
                children[f"relu2_{i}"] = nn.ReLU()
    return _Variant(children, base)


def separable() -> models.Network:
    """Build an untrained SimplifiedCNN whose conv2 is depthwise-separable (1704.04861)."""
    base = models.SimplifiedCNN()
    first, second = base.conv2.in_channels, base.conv2.out_channels
    children: OrderedDict[str, nn.Module] = OrderedDict()
    for name, child in base.named_children():
        if name == "conv2":
            children["depthwise"] = nn.Conv2d(first, first, 3, padding=1, groups=first)
            children["pointwise"] = nn.Conv2d(first, second, 1)
        else:
            children[name] = child
    return _Variant(children, base)


def energy(network: nn.Module) -> float:
    """Estimate the joules of one prediction alone: its arithmetic, and each weight fetched once."""
    return measure.macs(network) * (MULTIPLY + ADD) + measure.parameters(network) * FETCH


@dataclass(frozen=True)
class Bill:
    """What one prediction costs; `wait` is seconds / the reference's seconds, interleaved."""

    parameters: int
    file: int
    macs: int
    memory: int
    joules: float
    wait: measure.Spread | None = None


def bill(network: models.Network, image: torch.Tensor, reference: Callable | None = None) -> Bill:
    """Count what one prediction of a network costs and, with a reference, time it.

    Memory is the weights, and the tensors alive at the worst moment.

    Args:
        image: 1 x channel x height x width, of the size that the network takes.
        reference: does the reference's prediction, whatever it is given.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = models.save_network(network, Path(folder) / "network.safetensors")
        file = measure.file_bytes(path)
    parameters = measure.parameters(network)
    return Bill(
        parameters=parameters,
        file=file,
        macs=measure.macs(network),
        memory=4 * parameters + measure.peak_memory(network, image),
        joules=energy(network),
        wait=reference and measure.latency_ratio(network, reference, image, runs=15, warmup=2),
    )


class Workshop:
    """Builds a network for the widget's sliders, measures it, and draws it beside the reference.

    Args:
        reference: the trained network, the fixed point.
        image: 1 x 1 x 32 x 32, a real one; other sizes are made from it.
    """

    def __init__(self, reference: models.Network, image: torch.Tensor) -> None:
        self.image, self.fixed = image, bill(reference, image)
        self._reference = lambda _: reference(image)
        self.measured = lru_cache(maxsize=64)(self._measured)

    def _measured(self, width: int, depth: int, side: int) -> Bill:
        network = deeper(channels=(width, 2 * width), layers=depth, size=side)
        image = nn.functional.interpolate(self.image, size=(side, side))
        return bill(network, image, self._reference)

    def rows(self, width: int, depth: int, side: int) -> list[tuple[str, float, str]]:
        """Return (cost, times the reference's, the amount in words), from counted to measured."""
        one, fixed = self.measured(width, depth, side), self.fixed
        return [
            ("parameters", one.parameters / fixed.parameters, f"{one.parameters:,}"),
            ("file", one.file / fixed.file, f"{one.file:,} bytes"),
            ("multiply-accumulates", one.macs / fixed.macs, f"{one.macs:,}"),
            ("memory at the worst moment", one.memory / fixed.memory, f"{one.memory:,} bytes"),
            ("energy, estimated", one.joules / fixed.joules, f"{one.joules * 1e6:,.0f} µJ"),
            ("wait for one image, measured", one.wait.median,
             f"{_times(one.wait.median)} ({one.wait.low:.2f} to {one.wait.high:.2f})"),
        ]  # fmt: skip

    def draw(self, width: int, depth: int, side: int) -> Any:
        """Draw the six costs as multiples of the trained reference's."""
        rows = self.rows(width, depth, side)
        made, axis = plots.figure(height=3.5)
        blue, black = plots.colour("structure"), plots.colour("reference")
        spread = self.measured(width, depth, side).wait
        axis.plot([spread.low, spread.high], [len(rows) - 1] * 2, color=black, lw=1.5)
        for place, (_, ratio, amount) in enumerate(rows):
            axis.plot([1, ratio], [place, place], color=blue, lw=10, solid_capstyle="butt")
            right = max(1, ratio, spread.high if place == len(rows) - 1 else 0)
            axis.annotate(amount, (right, place), xytext=(9, 0), va="center",
                          textcoords="offset points", fontsize=9.5)  # fmt: skip
        axis.axvline(1, color=black, lw=1.5)
        axis.annotate("reference", (1, -1), xytext=(-5, 0), ha="right", va="top",
                      textcoords="offset points", fontsize=8.5, color=black)  # fmt: skip
        axis.set_yticks(range(len(rows)), [name for name, _, _ in rows])
        axis.grid(axis="y", visible=False)
        axis.set_xscale("log", base=2)
        axis.set_xticks([1 / 16, 1 / 4, 1, 4, 16, 64], ["1/16", "1/4", "1", "4", "16", "64"])
        axis.set(xlim=(1 / 32, 2**13.5), ylim=(len(rows) - 0.4, -1), title=self.title(rows),
                 xlabel="times the trained reference (logarithmic)")  # fmt: skip
        return made

    @staticmethod
    def title(rows: list[tuple[str, float, str]]) -> str:
        """The finding: the arithmetic beside the wait."""
        return f"{_times(rows[2][1])} the multiplications, {_times(rows[5][1])} the wait"

    def words(self, width: int, depth: int, side: int) -> str:
        """The picture in words."""
        rows = self.rows(width, depth, side)
        said = "; ".join(f"{name} {_times(ratio)}" for name, ratio, _ in rows)
        return f"Costs as multiples of the trained reference's: {said}"


def _times(ratio: float) -> str:
    return f"{ratio:.1f} ×" if ratio >= 0.95 else f"{ratio:.2f} ×"
