"""Stacks of equal layers with and without skips and norms, looked into and trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils import models, training

DEPTHS = (5, 10, 20, 50)
SEEDS = (0, 1, 2)
KINDS = {
    "plain": {}, "plain + norm": {"norm": True},
    "skip": {"skip": True}, "skip + norm": {"skip": True, "norm": True},
}  # fmt: skip


class Deep(nn.Module):
    """As many linear layers as one likes, of one width, behind images halved to 16 x 16.

    Between the first layer and the last, each layer reads h through a ReLU and either takes
    its place or, with a skip, is added to it.

    Args:
        depth: number of linear layers, 3 or more.
        norm: a batch normalisation before each ReLU of the body.
        start: "usual" is torch's own start; "He" doubles the variance that a ReLU halves
            (He 2015, 1502.01852).
        share: what each body layer's result is multiplied by.
    """

    def __init__(
        self, depth: int, *, skip: bool = False, norm: bool = False, start: str = "usual",
        share: float = 1.0, width: int = 32, classes: int = 10,
    ) -> None:  # fmt: skip
        super().__init__()
        if depth < 3 or start not in ("usual", "He"):
            raise ValueError(
                f'depth is 3 or more and start "usual" or "He"; got {depth} and {start!r}.'
            )
        self.skip, self.share = skip, share
        self.first = nn.Linear(256, width)
        self.body = nn.ModuleList(nn.Linear(width, width) for _ in range(depth - 2))
        self.norms = nn.ModuleList(
            nn.BatchNorm1d(width) if norm else nn.Identity() for _ in self.body
        )
        self.last = nn.Linear(width, classes)
        if start == "He":
            for layer in self.body:
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.bias)

    def forward(self, images: Tensor) -> Tensor:
        *_, h = self.signals(images)
        return self.last(h.relu())

    def signals(self, images: Tensor) -> Iterator[Tensor]:
        """Yield h, n x width, after the first layer and after each layer of the body."""
        h = self.first(flat(images))
        yield h
        for layer, norm in zip(self.body, self.norms, strict=True):
            new = self.share * layer(norm(h).relu())
            h = h + new if self.skip else new
            yield h


def flat(images: Tensor) -> Tensor:
    """Halve images, centre their greys and lay each out as one row of 256."""
    small = F.avg_pool2d(images, 2).flatten(1)
    return (small - models.SimplifiedCNN().settings["mean"]) / 0.33


def gradient_norms(network: Deep, images: Tensor, labels: Tensor) -> list[float]:
    """Return the length of the loss's gradient for each weight matrix, first to last."""
    layers = [m for m in network.modules() if isinstance(m, nn.Linear)]
    with models.keeping_modes(network):
        loss = F.cross_entropy(network.train()(images), labels)
    slopes = torch.autograd.grad(loss, [layer.weight for layer in layers])
    return [slope.norm().item() for slope in slopes]


def spreads(network: Deep, images: Tensor) -> list[float]:
    """Return for each layer how far apart images are: the deviation over images, mean of units."""
    with models.keeping_modes(network), torch.no_grad():
        return [h.std(0).mean().item() for h in network.train().signals(images)]


@dataclass(frozen=True)
class Run:
    """One network: gradients and spreads before training, the loss in it, accuracy after it."""

    gradients: list[float]
    spreads: list[float]
    losses: list[float]
    accuracy: float


Runs = Mapping[str, Mapping[int, Sequence[Run]]]
"""By kind, by depth, one run a seed."""


def run(network: Deep, train_set: training.Pair, validation: training.Pair, *,
        seed: int) -> Run:  # fmt: skip
    """Look into a network, train it in place for a short while, and keep what happened."""
    losses: list[float] = []

    def loss(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        value = F.cross_entropy(model(images), labels)
        losses.append(value.item())
        return value

    some = [part[:200] for part in train_set]
    slopes = gradient_norms(network, *some)
    apart = spreads(network, some[0])
    training.train(
        network, train_set, validation, epochs=3, learning_rate=3e-3, batch_size=100,
        seed=seed, loss=loss, keep="last", progress=False,
    )  # fmt: skip
    return Run(slopes, apart, losses, training.evaluate(network, *validation))


def study(train_set: training.Pair, validation: training.Pair, *,
          depths: Sequence[int] = DEPTHS, seeds: Sequence[int] = SEEDS) -> Runs:  # fmt: skip
    """Train every kind at every depth from every seed, under a progress bar."""
    from tqdm.auto import tqdm

    found: dict[str, dict[int, list[Run]]] = {kind: {} for kind in KINDS}
    for kind, depth in tqdm(list(product(KINDS, depths)), leave=False):
        found[kind][depth] = several(depth, train_set, validation, seeds=seeds, **KINDS[kind])
    return found


def several(depth: int, train_set: training.Pair, validation: training.Pair, *,
            seeds: Sequence[int] = SEEDS, **settings: Any) -> list[Run]:  # fmt: skip
    """Build a stack from every seed with `Deep`'s settings, and `run` it."""
    found = []
    for seed in seeds:
        network = models.seeded(Deep, seed, depth=depth, **settings)
        found.append(run(network, train_set, validation, seed=seed))
    return found


def accuracies(runs: Runs, kind: str) -> dict[int, list[float]]:
    """Return by depth one accuracy a seed."""
    return {depth: [one.accuracy for one in several] for depth, several in runs[kind].items()}


def first_gradients(runs: Runs, kind: str) -> dict[int, list[float]]:
    """Return by depth the first layer's gradient norm before training, one a seed."""
    return {depth: [one.gradients[0] for one in several] for depth, several in runs[kind].items()}


def middle(values: Sequence[float]) -> float:
    """Return the value in the middle."""
    return sorted(values)[len(values) // 2]
