"""Lesson 3.1: deep bodies with and without skips, trained, and a bench to look into them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils import models, structure, training
from course_utils.demos import figures_3_1

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


def gradient_norms(network: nn.Module, images: Tensor, labels: Tensor) -> list[float]:
    """Return the length of the loss's gradient for each weight matrix or kernel, first to last."""
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
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


def run(network: nn.Module, train_set: training.Pair, validation: training.Pair, *,
        seed: int, batch_size: int = 100) -> Run:  # fmt: skip
    """Look into a network, train it in place for a short while, and keep what happened."""
    losses: list[float] = []

    def loss(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        value = F.cross_entropy(model(images), labels)
        losses.append(value.item())
        return value

    some = [part[:200] for part in train_set]
    slopes = gradient_norms(network, *some)
    apart = spreads(network, some[0]) if isinstance(network, Deep) else []
    training.train(
        network, train_set, validation, epochs=3, learning_rate=3e-3, batch_size=batch_size,
        seed=seed, loss=loss, keep="last", progress=False,
    )  # fmt: skip
    return Run(slopes, apart, losses, training.evaluate(network, *validation))


def study(train_set: training.Pair, validation: training.Pair, *,
          depths: Sequence[int] = DEPTHS, seeds: Sequence[int] = SEEDS) -> Runs:  # fmt: skip
    """Train every kind at every depth from every seed, under a progress bar."""
    from tqdm.auto import tqdm

    found: dict[str, dict[int, list[Run]]] = {kind: {d: [] for d in depths} for kind in KINDS}
    plan = list(product(KINDS, depths, seeds))
    for kind, depth, seed in tqdm(plan, unit="network", leave=False):
        torch.manual_seed(seed)
        network = Deep(depth, **KINDS[kind])
        found[kind][depth].append(run(network, train_set, validation, seed=seed))
    return found


def residual(depth: int, *, skip: bool, seed: int) -> models.ResNet:
    """Build a ResNet of `depth` weighted layers, 8 channels, for images of 8 x 8."""
    torch.manual_seed(seed)
    return models.ResNet(channels=(8,), blocks=(depth - 2) // 2, skip=skip, size=8)


def accuracies(runs: Runs, kind: str) -> dict[int, list[float]]:
    """Return by depth one accuracy a seed."""
    return {depth: [one.accuracy for one in several] for depth, several in runs[kind].items()}


def first_gradients(runs: Runs, kind: str) -> dict[int, list[float]]:
    """Return by depth the first layer's gradient norm before training, one a seed."""
    return {depth: [one.gradients[0] for one in several] for depth, several in runs[kind].items()}


class DepthBench:
    """Draws what a depth, a skip and a normalisation do to gradient, signal and training."""

    def __init__(self, runs: Runs) -> None:
        self.runs = runs

    @staticmethod
    def kind(skip: bool, norm: bool) -> str:
        """The name in KINDS."""
        return ("skip" if skip else "plain") + (" + norm" if norm else "")

    def draw(self, depth: int, skip: bool, norm: bool) -> Any:
        """Draw gradients and spreads by layer before training, and the loss in training."""
        kind = self.kind(skip, norm)
        return figures_3_1.inside(self.runs[kind][depth], title=self._title(depth, kind))

    def words(self, depth: int, skip: bool, norm: bool) -> str:
        """The picture in words."""
        kind = self.kind(skip, norm)
        several = self.runs[kind][depth]
        mean = middle([one.gradients[0] for one in several])
        apart = [middle([one.spreads[place] for one in several]) for place in (0, -1)]
        losses = [middle([one.losses[place] for one in several]) for place in (0, -1)]
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


def random_low_rank(layer: nn.Linear, rank: int, *, seed: int) -> nn.Linear:
    """Return a copy of a layer that sees its input through `rank` random directions only."""
    chance = torch.Generator().manual_seed(seed)
    basis = torch.linalg.qr(torch.randn(layer.in_features, rank, generator=chance))[0]
    changed = copy.deepcopy(layer)
    changed.weight.data = layer.weight.detach() @ basis @ basis.T
    return changed


def rank_curves(
    heads: Sequence[nn.Sequential], features: Sequence[Tensor], seen: Sequence[Tensor],
    labels: Tensor, ranks: Sequence[int],
) -> dict[str, dict[int, list[float]]]:  # fmt: skip
    """Lower fc1's rank in three ways; return accuracy by way and rank, one a network.

    Args:
        heads: the networks from fc1 on.
        features: what each head reads, for the images that are judged.
        seen: the same for other images, those that the data-aware way may see.
    """
    curves: dict[str, dict[int, list[float]]] = {
        way: {rank: [] for rank in ranks} for way in ("SVD", "data-aware", "random")
    }
    for head, x, other in zip(heads, features, seen, strict=True):
        for rank in ranks:
            chance = copy.deepcopy(head)
            chance.fc1 = random_low_rank(head.fc1, rank, seed=0)
            ways = {"SVD": structure.low_rank(head, {"fc1": rank}),
                    "data-aware": structure.low_rank(head, {"fc1": rank}, images=other),
                    "random": chance}  # fmt: skip
            for way, one in ways.items():
                curves[way][rank].append(training.evaluate(one, x, labels))
    return curves


def term_curve(
    tails: Sequence[nn.Module], pooled: Sequence[Tensor], labels: Tensor, terms: Sequence[int]
) -> dict[int, list[float]]:
    """Make conv2 separable with so many terms; return accuracies, one a network, untrained.

    Args:
        tails: the networks from conv2 on.
        pooled: what each tail reads.
    """
    return {count: [training.evaluate(structure.separable(one, {"conv2": count}), x, labels)
                    for one, x in zip(tails, pooled, strict=True)] for count in terms}  # fmt: skip


def fresh_separable(network: nn.Module, *, seed: int) -> nn.Module:
    """Return a copy whose conv2 is a separable pair that has learned nothing: the control."""
    torch.manual_seed(seed)
    return models.replace(copy.deepcopy(network), {"conv2": ("separable", 1)})


def trained(network: nn.Module, train_set: training.Pair, *, seed: int) -> nn.Module:
    """Return a copy after one pass over a training set, its last 50 images looked at only."""
    again, looked_at = copy.deepcopy(network), [part[-50:] for part in train_set]
    training.train(again, train_set, looked_at, epochs=1, batch_size=50, seed=seed,
                   keep="last", progress=False)  # fmt: skip
    return again


def as_kernels(depthwise: Tensor, pointwise: Tensor, terms: int) -> Tensor:
    """Multiply a separable pair's weights out into kernels, output x input x height x width."""
    mixing = pointwise.reshape(len(pointwise), -1, terms)
    patterns = depthwise.reshape(-1, terms, *depthwise.shape[2:])
    return torch.einsum("oit,ithw->oihw", mixing, patterns)


def middle(values: Sequence[float]) -> float:
    """Return the value in the middle."""
    return sorted(values)[len(values) // 2]
