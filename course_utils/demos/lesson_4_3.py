"""Lesson 4.3's workbench: what each layer takes, and networks really cut."""

from __future__ import annotations

import copy
import statistics
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from course_utils import data, measure, models, paired, training
from course_utils.demos.racing import to_size
from course_utils.models import evaluating


def to_csr(weight: torch.Tensor) -> torch.Tensor:
    """`weight.to_sparse_csr()`, without PyTorch's warning that its sparse tensors are new."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta state")
        return weight.to_sparse_csr()


class SparseLinear(nn.Module):
    """A linear layer that keeps only its nonzero weights, as rows of (column, value): CSR."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.weight, self.bias = to_csr(layer.weight.detach()), layer.bias.detach()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map n x input to n x output, as the dense layer does."""
        return (self.weight @ x.T).T + self.bias


def file_forms(network: models.Network) -> dict[str, int]:
    """Return the bytes of a network's whole file in each form, by its ending."""
    forms = {"plain": {}, ".xz": {"coded": True}, ".small": {"small": True}}
    return {form: len(models.network_bytes(network, **way)) for form, way in forms.items()}


def in_words(ratio: measure.Spread) -> str:
    """A ratio of times with its spread: "0.52 (middle half 0.50 to 0.55)"."""
    return f"{ratio.median:.2f} (middle half {ratio.low:.2f} to {ratio.high:.2f})"


def times(network: nn.Module, whole: nn.Module, batch: torch.Tensor) -> dict[str, str]:
    """Time a network against the whole one: all images at once, and the first alone."""
    together = measure.latency_ratio(network, whole, batch, runs=9)
    alone = measure.latency_ratio(network, whole, batch[:1], runs=50)
    return {f"× for {len(batch)}": f"{together.median:.2f} "
            f"({together.low:.2f}–{together.high:.2f})",
            "× for 1": f"{alone.median:.2f} ({alone.low:.2f}–{alone.high:.2f})"}  # fmt: skip


def answers(networks: Mapping[str, nn.Module], images: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return network -> its answers, n classes; channels last, for speed."""
    ordered = {name: copy.deepcopy(one).to(memory_format=torch.channels_last)
               for name, one in networks.items()}  # fmt: skip
    return {name: training.predict(one, images).argmax(1) for name, one in ordered.items()}


def ahead(found: Mapping[str, Sequence[tuple[float, float]]]) -> str | None:
    """Return the start of a race that is ahead of all others on every network, if one is."""
    rounds = zip(*([after for _, after in pairs] for pairs in found.values()), strict=True)
    best = {tuple(found)[scores.index(max(scores))] if scores.count(max(scores)) == 1 else None
            for scores in rounds}  # fmt: skip
    return best.pop() if len(best) == 1 else None


def leads(
    found: Mapping[str, Sequence[tuple[float, float]]], *, over: str
) -> dict[str, list[float]]:
    """Return each other start's lead over one of them after training, in points, by network."""
    return {name: [100 * (a - b) for (_, a), (_, b) in zip(pairs, found[over], strict=True)]
            for name, pairs in found.items() if name != over}  # fmt: skip


def class_that_pays(
    answers: Mapping[str, torch.Tensor], labels: torch.Tensor, *, reference: str
) -> list[dict[str, str | float]]:
    """Return a row for each network: its worst class, and that class's change, in points.

    Args:
        answers: network -> its answers, n classes, the reference's among them.
    """
    rows = []
    for name, given in answers.items():
        if name == reference:
            continue
        all_of = paired.compare(answers[reference], given, labels)
        by_class = {
            word: paired.compare(answers[reference][of], given[of], labels[of])
            for number, word in enumerate(data.FASHION_CLASSES) if (of := labels == number).any()
        }  # fmt: skip
        word, change = min(by_class.items(), key=lambda pair: pair[1].difference)
        rows.append({"network": name, "all classes": 100 * all_of.difference, "worst class": word,
                     "change": 100 * change.difference, "error": 100 * change.error})  # fmt: skip
    return rows


def layer_seconds(
    network: models.Network, images: torch.Tensor, *, runs: int = 15
) -> dict[str, float]:
    """Return each layer's median seconds for the batch, in order: "conv1", "relu1", "pool1" …"""
    seconds: dict[str, list[float]] = {}
    with evaluating(network), torch.no_grad():
        for run in range(-2, runs):
            x = images
            for name, layer in network.named_children():
                start = time.perf_counter()
                x = layer(x)
                if run >= 0:
                    seconds.setdefault(name, []).append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def pooling_share(network: models.Network, images: torch.Tensor) -> float:
    """Return the share of a network's time that its pooling layers take."""
    seconds = layer_seconds(network, images, runs=5)
    return sum(t for name, t in seconds.items() if "pool" in name) / sum(seconds.values())


@dataclass(frozen=True)
class Cut:
    """A network cut to a size: what is left of the whole one, as shares, and its accuracy."""

    sizes: tuple[int, ...]
    bytes: float
    macs: float
    time: float
    accuracy: float


class Cutter:
    """Takes filters and units out on request, measures what is left, and remembers it."""

    def __init__(
        self,
        network: models.SimplifiedCNN,
        images: torch.Tensor,
        labels: torch.Tensor,
        scores: Mapping[str, Mapping[str, torch.Tensor]],
    ) -> None:
        """Measure on `images` and `labels`; `scores`: the orders on offer, by name."""
        self.network, self.images, self.labels, self.scores = network, images, labels, scores
        self.whole = {"bytes": len(models.network_bytes(network)), "macs": measure.macs(network)}
        self._known: dict[tuple, Cut] = {}

    def cut(self, order: str, **shares: float) -> Cut:
        """Keep these shares of conv1's, conv2's and fc1's outputs; at least one of each."""
        key = (order, *shares.items())
        if key not in self._known:
            scores = self.scores[order]
            sizes = {n: max(1, round(share * len(scores[n]))) for n, share in shares.items()}
            self._known[key] = self.measured(to_size(self.network, sizes, scores))
        return self._known[key]

    def one_by_one(self, order: str, *, share: float) -> list[dict[str, str | float]]:
        """Return a row for each layer: what is left when it alone is cut to a share."""
        whole = dict.fromkeys(next(iter(self.scores.values())), 1.0)
        cuts = {name: self.cut(order, **whole | {name: share}) for name in whole}
        return [{"layer": name, "bytes": one.bytes, "time": one.time, "accuracy": one.accuracy}
                for name, one in cuts.items()]  # fmt: skip

    def measured(self, small: models.SimplifiedCNN) -> Cut:
        """Measure a network of any width against the whole one."""
        ratio = measure.latency_ratio(small, self.network, self.images[:64], runs=5, warmup=1)
        settings = small.settings
        return Cut(
            (*settings["channels"], settings["hidden"]),
            len(models.network_bytes(small)) / self.whole["bytes"],
            measure.macs(small) / self.whole["macs"],
            ratio.median,
            training.evaluate(small, self.images, self.labels, batch_size=100),
        )
