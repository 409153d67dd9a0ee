"""Seven measurements of tumours, and small networks that read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from course_utils import models

COLUMNS = ("radius", "perimeter", "area", "texture", "smoothness", "concavity", "symmetry")
SIZE = [0, 1, 2]
"""The places of the three columns that measure one thing."""


class Tumours(NamedTuple):
    """Rows x 7 measurements, float64, and 1 for malignant; a third is held out."""

    rows: Tensor
    malignant: Tensor
    held_rows: Tensor
    held_malignant: Tensor


def tumours() -> Tumours:
    """569 tumours (Street, Wolberg & Mangasarian 1993), split with as many malignant in each."""
    from sklearn.model_selection import train_test_split

    from course_utils.demos.patients import breast_cancer

    table, malignant = breast_cancer()
    rows = table[[f"mean {name}" for name in COLUMNS]].to_numpy()
    parts = train_test_split(
        rows, malignant.to_numpy(), test_size=1 / 3, stratify=malignant, random_state=0
    )
    rows, held, labels, held_labels = (torch.from_numpy(part) for part in parts)
    return Tumours(rows, labels, held, held_labels)


def backgrounds(cells: Tumours, *, count: int = 100) -> dict[str, Tensor]:
    """The first rows of both kinds and of each kind, by name; the split has shuffled them."""
    kinds = {"both kinds": cells.rows, "malignant": cells.rows[cells.malignant == 1],
             "benign": cells.rows[cells.malignant == 0]}  # fmt: skip
    return {name: rows[:count] for name, rows in kinds.items()}


class Scaled(nn.Module):
    """Subtracts each column's mean and divides by its standard deviation."""

    def __init__(self, rows: Tensor):
        super().__init__()
        self.register_buffer("mean", rows.mean(0))
        self.register_buffer("spread", rows.std(0))

    def forward(self, rows: Tensor) -> Tensor:
        return (rows - self.mean) / self.spread


def trained(rows: Tensor, malignant: Tensor, *, seed: int = 0, epochs: int = 300) -> nn.Sequential:
    """A network of 16 hidden units, trained in float64: rows to the log-odds of malignant, n x 1.

    Gradient descent with momentum on all rows at once. (`torch.optim` would be slower to
    import than this is to run.) Weight decay keeps an easy table from ending in certainty.
    """
    def untrained() -> nn.Sequential:
        hidden = nn.Linear(rows.shape[1], 16)
        return nn.Sequential(Scaled(rows), hidden, nn.Tanh(), nn.Linear(16, 1)).double()

    network = models.seeded(untrained, seed)
    weights, wanted = list(network.parameters()), malignant.double()[:, None]
    speeds = [torch.zeros_like(weight) for weight in weights]
    for _ in range(epochs):
        loss = nn.functional.binary_cross_entropy_with_logits(network(rows), wanted)
        slopes = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            for weight, speed, slope in zip(weights, speeds, slopes, strict=True):
                speed.mul_(0.9).add_(slope + 0.003 * weight)
                weight.sub_(0.2 * speed)
    return network.eval()


def reading(network: nn.Module) -> Callable[[Tensor], Tensor]:
    """The network as a function from rows to one number a row, without gradients."""

    @torch.no_grad()
    def log_odds(rows: Tensor) -> Tensor:
        return network(rows)[:, 0]

    return log_odds


def scorer(network: nn.Module, malignant: Tensor) -> Callable[[np.ndarray], float]:
    """From rows, as an array, to the share of them that the network names rightly."""
    log_odds = reading(network)

    def score(rows: np.ndarray) -> float:
        said = log_odds(torch.as_tensor(rows)) > 0
        return (said == malignant.bool()).double().mean().item()

    return score


def learner(cells: Tumours, *, seed: int = 0) -> Callable[[Sequence[int]], float]:
    """From columns to keep to the held-out accuracy of a network trained on them."""

    def learn(kept: Sequence[int]) -> float:
        network = trained(cells.rows[:, kept], cells.malignant, seed=seed)
        return scorer(network, cells.held_malignant)(cells.held_rows[:, kept].numpy())

    return learn


def repeated(cells: Tumours, column: int, *, copies: int, noise: float = 0.1) -> Tumours:
    """The same tumours with a column measured again and again, each time with a small error.

    Args:
        noise: the error's standard deviation, as a share of the column's.
    """
    generator = torch.Generator().manual_seed(0)
    spread = cells.rows[:, column].std()

    def again(rows: Tensor) -> Tensor:
        chance = torch.randn(len(rows), copies, generator=generator, dtype=rows.dtype)
        return torch.cat([rows, rows[:, [column]] + noise * spread * chance], 1)

    return cells._replace(rows=again(cells.rows), held_rows=again(cells.held_rows))
