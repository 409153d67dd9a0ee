"""What lesson 6 measures for its answers: what each change changes, what each explainer asks."""

from __future__ import annotations

import copy
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from course_utils import fusion, measure, models, paired, scoreboard, training

if TYPE_CHECKING:
    import pandas

SCARCE = {"bytes": "bytes", "time": "latency_ratio", "MACs": "macs"}
"""What may be scarce, and the scoreboard's column that counts it."""


@torch.no_grad()
def missed_by_one_matrix(network: nn.Module, *, width: int = 20, seed: int = 0) -> float:
    """Return how much of a network's output the best-fitting matrix and shift leave, a share.

    Args:
        width: how many numbers go in; a hundred random rows of them are tried.
    """
    generator = torch.Generator().manual_seed(seed)
    x = nn.functional.pad(torch.randn(100, width, generator=generator), (0, 1), value=1.0)
    y = network(x[:, :-1])
    missed = y - x @ torch.linalg.lstsq(x, y).solution
    return (missed.norm() / (y - y.mean(0)).norm()).item()


def unit_norms(network: models.Network) -> models.Network:
    """Return a copy with each weight and bias tensor divided by its own L2 norm."""
    changed = copy.deepcopy(network)
    with torch.no_grad():
        for one in changed.parameters():
            one /= one.norm()
    return changed


def trained_briefly(
    network: models.Network, train_set: training.Pair, validation_set: training.Pair
) -> models.Network:
    """Return a copy of a network after two epochs of training."""
    copied = copy.deepcopy(network)
    training.train(copied, train_set, validation_set, epochs=2, batch_size=64, learning_rate=2e-3,
                   progress=False)  # fmt: skip
    return copied


@torch.no_grad()
def lines_on(
    features: Callable[[torch.Tensor], torch.Tensor], fit: training.Pair, judge: training.Pair,
    *, ridges: Sequence[float] = (100.0, 1000.0),
) -> float:  # fmt: skip
    """Fit a line for each class to features of images, and return its share of right answers.

    The lines are fitted to four fifths of the images, and the ridge chosen on the last fifth.

    Args:
        features: from n x 1 x height x width to n x feature; shifted and scaled as a whole.
        fit, judge: images and labels to fit the lines to, and to judge them by.
        ridges: what may hold the lines' weights down.
    """
    seen, asked = features(fit[0]), features(judge[0])
    middle, scale, first = seen.mean(0), seen.std(), len(seen) * 4 // 5
    seen, asked = (nn.functional.pad((x - middle) / scale, (0, 1), value=1.0)
                   for x in (seen, asked))  # fmt: skip
    wanted = nn.functional.one_hot(fit[1][:first]).float()
    inner, outer = seen[:first].T @ seen[:first], seen[:first].T @ wanted
    lines = [torch.linalg.solve(inner + ridge * torch.eye(len(inner)), outer) for ridge in ridges]

    def right(line: torch.Tensor, x: torch.Tensor, labels: torch.Tensor) -> float:
        return ((x @ line).argmax(1) == labels).float().mean().item()

    best = max(lines, key=lambda line: right(line, seen[first:], fit[1][first:]))
    return right(best, asked, judge[1])


def recall_moves(
    before: torch.Tensor, after: Mapping[str, torch.Tensor], labels: torch.Tensor
) -> dict[str, list[paired.Paired]]:
    """Return for each network how its answers moved in each class, class by class.

    Args:
        before: the whole network's answers, n x class.
        after: by name, another network's answers to the same images.
    """
    return {
        name: [paired.compare(before[labels == k], answers[labels == k], labels[labels == k])
               for k in range(before.shape[1])]
        for name, answers in after.items()
    }  # fmt: skip


def account(
    network: models.Network, pair: training.Pair, *, suffix: str = ".safetensors",
    bits: int | None = None,
) -> dict[str, float]:  # fmt: skip
    """Save a network, load the file, and return its bytes, MACs and accuracy.

    Args:
        pair: images and labels for the accuracy of what was loaded.
        suffix, bits: how it is written, as `models.save_network` has them.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = models.save_network(network, Path(folder) / f"one{suffix}", bits=bits)
        size, loaded = measure.file_bytes(path), models.load_network(path)
    return {
        "bytes": size,
        "MACs": measure.macs(loaded),
        "accuracy": training.evaluate(loaded, *pair),
    }


def costs(network: nn.Module, images: torch.Tensor, classes: torch.Tensor) -> list[dict[str, Any]]:
    """Return for each explainer how many pictures it shows the network for one map.

    The pictures are counted by a hook on the network itself, seconds on this machine.
    """
    rows = []
    for name, explainer in fusion.EXPLAINERS.items():
        seen: list[int] = []
        hook = network.register_forward_pre_hook(
            lambda _, given, seen=seen: seen.append(len(given[0]))
        )
        began = time.perf_counter()
        try:
            explainer.method(network, images, classes)
        finally:
            hook.remove()
        rows.append({
            "explainer": name,
            "pictures shown": sum(seen) / len(images),
            "seconds": (time.perf_counter() - began) / len(images),
        })  # fmt: skip
    return rows


def agreements(
    ours: torch.Tensor, others: Sequence[torch.Tensor], *, inside: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Return how far maps agree with ours, a mean over the images for each of the others.

    Args:
        ours: n x 1 x height x width; others: as many maps each, of another network.
        inside: which pixels are the garment's, n x 1 x height x width.

    Returns:
        of the maps' sizes, of the sizes inside only, and of the maps with their signs.
    """
    agree = fusion.agreement
    each = {
        "sizes": [agree(ours.abs(), one.abs()) for one in others],
        "sizes within the garment": [agree(ours.abs(), one.abs(), where=inside) for one in others],
        "with signs": [agree(ours, one) for one in others],
    }
    return {name: torch.stack(of).mean(1) for name, of in each.items()}


def luckiest(
    candidates: int, *, images: int, right: float, repeats: int = 2000, seed: int = 0
) -> torch.Tensor:
    """Return how far above its true accuracy the best of several equal networks seems.

    Each is truly right with probability `right`; each is tried on as many images.

    Returns:
        the lead of the best over `right`, a share, one for each repeat.
    """
    generator = torch.Generator().manual_seed(seed)
    chance = torch.full((repeats, candidates), float(images)), torch.tensor(right)
    counts = torch.binomial(chance[0], chance[1].expand(repeats, candidates), generator=generator)
    return counts.max(1).values / images - right


class Chooser:
    """The scoreboard's networks for clothes, with accuracies on validation images.

    Attributes:
        table: a row for each network, in the scoreboard's order, `accuracy` on validation.
        whole: the reference's accuracy.
    """

    def __init__(self, pair: training.Pair) -> None:
        rows = scoreboard.table(mine=False)
        rows["accuracy"] = [training.evaluate(models.load_network(file), *pair)
                            for file in rows["file"]]  # fmt: skip
        self.table: pandas.DataFrame = rows
        self.whole = float(rows.set_index("name").loc[scoreboard.REFERENCE, "accuracy"])

    @staticmethod
    def column(scarce: str) -> str:
        """Return the table's column that counts what is scarce, a key of SCARCE."""
        if scarce not in SCARCE:
            raise ValueError(f"scarce must be one of {', '.join(SCARCE)}; got {scarce!r}.")
        return SCARCE[scarce]

    def choose(self, scarce: str, *, loss: float) -> pandas.Series:
        """Return the row that needs least of what is scarce.

        Args:
            loss: the accuracy that may be lost against the reference, a share.
        """
        fit = self.table[self.table["accuracy"] >= self.whole - loss - 1e-9]
        return fit.sort_values([self.column(scarce), "accuracy"], ascending=[True, False]).iloc[0]
