"""Lesson 1.3: a race in a valley, a race of a real network."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from course_utils import optimize, plots

RULES = {
    "gradient descent": optimize.gradient_descent,
    "momentum": optimize.momentum,
    "Adam": optimize.adam,
}
LOOKS = {
    "gradient descent": {"color": "#332288", "marker": "o", "ls": "-"},
    "SGD": {"color": "#44AA99", "marker": "s", "ls": "-"},
    "momentum": {"color": "#CC6677", "marker": "^", "ls": "--"},
    "Adam": {"color": "#7a5c00", "marker": "D", "ls": ":"},
}
"""Colour, mark and line of each way to step: none of them is a method of compression."""


def straight(place: Tensor) -> Tensor:
    """A valley along the first axis: curvature 1 along it, 10 across."""
    return (place[0] ** 2 + 10 * place[1] ** 2) / 2


def bent(place: Tensor) -> Tensor:
    """A valley along a parabola, lowest at (1, 1) (Rosenbrock 1960, with 10 for its 100)."""
    return (1 - place[0]) ** 2 + 10 * (place[1] - place[0] ** 2) ** 2


VALLEYS: dict[str, tuple[Callable, tuple[float, float], tuple[float, float]]] = {
    "straight": (straight, (-4.0, 1.2), (0.0, 0.0)),
    "bent": (bent, (-1.2, 1.6), (1.0, 1.0)),
}
"""By name: the function, where the race starts, where the function is smallest."""


class ValleyRace:
    """Lets every rule walk down a valley of two coordinates, all with one learning rate."""

    def run(self, valley: str, learning_rate: float, steps: int) -> dict[str, Tensor]:
        """The places each rule visits, (steps + 1) x coordinate."""
        function, start, _ = VALLEYS[valley]
        settings = {"learning_rate": learning_rate, "steps": steps}
        return {
            name: optimize.path(function, start, rule=rule, **settings)
            for name, rule in RULES.items()
        }

    def heights(self, valley: str, learning_rate: float, steps: int) -> dict[str, float]:
        """How high above the bottom each rule stands at the end."""
        walks = self.run(valley, learning_rate, steps)
        return {name: VALLEYS[valley][0](walk[-1]).item() for name, walk in walks.items()}

    def draw(self, valley: str, learning_rate: float, steps: int) -> Any:
        """Draw the walks over the valley's contour lines."""
        function, start, bottom = VALLEYS[valley]
        made, axis = plots.figure(height=3.6)
        wide, high = (5.0, 2.2) if valley == "straight" else (2.2, 2.6)
        x, y = torch.meshgrid(
            torch.linspace(-wide, wide, 161), torch.linspace(-high, high, 121), indexing="xy"
        )
        levels = [0.05 * 2.5**i for i in range(9)]
        axis.contour(x, y, function(torch.stack([x, y])), levels, colors="#b5b5b5", linewidths=0.8)
        walks = self.run(valley, learning_rate, steps)
        heights = self.heights(valley, learning_rate, steps)
        for name, walk in walks.items():
            seen = walk[_seen(walk)]
            axis.plot(*seen.T, ms=3.5, lw=1.3, label=f"{name}: {_height(heights[name])}",
                      **LOOKS[name])  # fmt: skip
        axis.plot(*bottom, "*", ms=15, color="black", mfc="white", label="the bottom: 0")
        axis.plot(*start, "o", ms=9, mfc="none", color="black")
        axis.set(xlim=(-wide, wide), ylim=(-high, high), title=_winner(heights, steps),
                 xlabel="first weight", ylabel="second weight")  # fmt: skip
        axis.grid(visible=False)
        made.legend(title="height at the end", loc="outside right center")
        return made

    def words(self, valley: str, learning_rate: float, steps: int) -> str:
        """The picture in words."""
        heights = self.heights(valley, learning_rate, steps)
        ends = ", ".join(f"{name} {_height(height)}" for name, height in heights.items())
        return (
            f"Contour lines of a {valley} valley with three walks from one start at learning "
            f"rate {learning_rate:g}. Height above the bottom after {steps} steps: {ends}."
        )


class NetRace:
    """Retrains a network from its given weights at each draw, once by every rule.

    Args:
        network: left as it is.
        images, labels: the one batch that every step uses.
    """

    def __init__(self, network: nn.Module, images: Tensor, labels: Tensor, *, steps: int = 20):
        self.network, self.images, self.labels, self.steps = network, images, labels, steps
        self._kept: dict[float, dict[str, list[float]]] = {}

    def losses(self, learning_rate: float) -> dict[str, list[float]]:
        """By rule: the loss at the start and after each step. Measured once for each rate."""
        if learning_rate not in self._kept:
            self._kept[learning_rate] = {
                name: optimize.train(
                    self.network, self.images, self.labels, rule=rule,
                    learning_rate=learning_rate, epochs=self.steps + 1,
                ).losses
                for name, rule in RULES.items()
            }  # fmt: skip
        return self._kept[learning_rate]

    def draw(self, learning_rate: float) -> Any:
        """Draw the loss step by step."""
        losses = self.losses(learning_rate)
        made, axis = plots.figure(height=3.0)
        for name, curve in losses.items():
            axis.plot([v if math.isfinite(v) else math.nan for v in curve], ms=3.5, lw=1.4,
                      label=f"{name}: {_height(curve[-1])}", **LOOKS[name])  # fmt: skip
        axis.axhline(math.log(10), color=plots.colour("random"), lw=1, label="ln 10: guessing")
        winner = _winner({name: curve[-1] for name, curve in losses.items()}, self.steps)
        axis.set(yscale="log", xlabel="steps", ylabel="loss (cross-entropy)", ylim=(1e-4, 1e2),
                 xticks=range(0, self.steps + 1, 5), title=winner)  # fmt: skip
        made.legend(title="loss at the end", loc="outside right center")
        return made

    def words(self, learning_rate: float) -> str:
        """The picture in words."""
        ends = ", ".join(
            f"{name} from {curve[0]:.2f} to {_height(curve[-1])}"
            for name, curve in self.losses(learning_rate).items()
        )
        return f"Three loss curves of Net at learning rate {learning_rate:g}: {ends}."


def _seen(walk: Tensor) -> Tensor:
    """Which places to draw: all up to the first that is far outside the map."""
    far = (~torch.isfinite(walk) | (walk.abs() > 50)).any(1)
    return far.cumsum(0) <= far.long()


def _height(height: float) -> str:
    if not math.isfinite(height):
        return "∞"
    return f"{height:.2g}" if 1e-4 <= height < 1e4 else f"{height:.0e}"


def _winner(heights: Mapping[str, float], steps: int) -> str:
    finite = {name: h for name, h in heights.items() if math.isfinite(h)}
    if not finite:
        return f"After {steps} steps all three have run away"
    return f"Lowest after {steps} steps: {min(finite, key=finite.get)}"
