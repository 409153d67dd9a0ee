"""Lesson 1.3's measurements of trained networks, and its figure of learning rates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from course_utils import plots, training
from course_utils.demos.lesson_1_3 import LOOKS
from course_utils.models import Net

FORMATS = dict.fromkeys(("accuracy before", "after", "same answer", "commonest answer"), ".1%")
FORMATS["largest logit, after ÷ before"] = ".4f"


def rates(scores: Mapping[str, Mapping[float, Sequence[float]]], *, title: str) -> Any:
    """Draw accuracy against learning rate, mean and range over the seeds.

    Args:
        scores: by name, by learning rate: an accuracy for each seed, a share.
    """
    made, axis = plots.figure(height=3.4)
    for name, by_rate in scores.items():
        middle = [100 * sum(by_seed) / len(by_seed) for by_seed in by_rate.values()]
        low, high = ([100 * end(s) for s in by_rate.values()] for end in (min, max))
        axis.plot(list(by_rate), middle, ms=5, lw=1.6, label=name, **LOOKS[name])
        axis.fill_between(list(by_rate), low, high, color=LOOKS[name]["color"], alpha=0.15, lw=0)
    axis.axvline(0.01, color="#b5b5b5", lw=1)
    axis.text(0.0105, 96, "document B", color="#666666", fontsize=9)
    axis.set(xscale="log", ylim=(0, 100), xlabel="learning rate (logarithmic)",
             ylabel="validation accuracy (%)", title=title)  # fmt: skip
    axis.xaxis.set_major_formatter(lambda v, _: f"{v:g}")
    made.legend(title="band: range over seeds", loc="outside right center")
    return made


def words_for_rates(scores: Mapping[str, Mapping[float, Sequence[float]]]) -> str:
    """The picture of `rates` in words."""
    return "Validation accuracy by learning rate. " + "; ".join(
        name + ": " + ", ".join(f"{sum(s) / len(s):.0%} at {rate:g}" for rate, s in by_rate.items())
        for name, by_rate in scores.items()
    )  # fmt: skip


def effect(
    name: str,
    trained: Sequence[nn.Module],
    change: Callable[[nn.Module], nn.Module],
    validation: Sequence[Tensor],
) -> dict[str, Any]:
    """What a change does to the answers of trained networks: means over them, as shares.

    Args:
        name: what is divided, for the table's first column.
        change: from a network to a changed copy.
        validation: images and labels.
    """
    images, labels = validation
    found = []
    for network in trained:
        before, after = (training.predict(n, images) for n in (network, change(network)))
        was, now = before.argmax(1), after.argmax(1)
        found.append([
            _share(was == labels), _share(now == labels), _share(was == now),
            now.bincount().max().item() / len(now), (after.abs().max() / before.abs().max()).item(),
        ])  # fmt: skip
    means = (sum(column) / len(column) for column in zip(*found))
    return {"divided": name, **dict(zip(FORMATS, means))}


@torch.no_grad()
def dead_units(net: Net, images: Tensor) -> float:
    """The share of a Net's hidden units that no image opens: their ReLU is 0 for all."""
    first = net.relu1(net.fc1(net.flatten(net.normalize(images))))
    second = net.relu2(net.fc2(first))
    return _share(torch.cat([(out == 0).all(0) for out in (first, second)]))


def _share(which: Tensor) -> float:
    return which.float().mean().item()
