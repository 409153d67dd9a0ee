"""Lesson 3.1: a bench to look into deep stacks with and without skips."""

from __future__ import annotations

from typing import Any

from course_utils.demos import figures_3_1, stacks


class DepthBench:
    """Draws what a depth, a skip and a normalisation do to gradient, signal and training."""

    def __init__(self, runs: stacks.Runs) -> None:
        self.runs = runs

    @staticmethod
    def kind(skip: bool, norm: bool) -> str:
        """The name in KINDS."""
        return ("skip" if skip else "plain") + (" + norm" if norm else "")

    def draw(self, depth: int, skip: bool, norm: bool) -> Any:
        """Draw gradients and spreads by layer before training, and the loss in training."""
        kind = self.kind(skip, norm)
        title = self._title(depth, kind)
        return figures_3_1.inside(self.runs[kind][depth], kind=kind, title=title)

    def words(self, depth: int, skip: bool, norm: bool) -> str:
        """The picture in words."""
        kind = self.kind(skip, norm)
        several = self.runs[kind][depth]
        mean = stacks.middle([one.gradients[0] for one in several])
        apart = [stacks.middle([one.spreads[place] for one in several]) for place in (0, -1)]
        losses = [stacks.middle([one.losses[place] for one in several]) for place in (0, -1)]
        return (
            f"{self._title(depth, kind)}. Before training, the gradient of the first layer has "
            f"length {mean:.1e}; pictures lie {apart[0]:.2g} apart after the first layer and "
            f"{apart[1]:.2g} at the end. In training the loss goes from {losses[0]:.3g} to "
            f"{losses[1]:.2f}."
        )

    def _title(self, depth: int, kind: str) -> str:
        reached = [one.accuracy for one in self.runs[kind][depth]]
        return (f"{depth} layers, {kind}: accuracy {min(reached):.0%} to {max(reached):.0%} "
                "after training")  # fmt: skip
