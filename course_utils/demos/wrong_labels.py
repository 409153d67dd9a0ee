"""Lesson 3.9: labels made wrong on purpose, a small network that may memorise, a blind test."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils import diagnose, models, training
from course_utils.data import FASHION_CLASSES
from course_utils.diagnose import figures
from course_utils.models.architectures import FASHION_MEAN, FASHION_STD, Normalize
from course_utils.spread import mean_and_error

SHIRT, T_SHIRT = FASHION_CLASSES.index("shirt"), FASHION_CLASSES.index("T-shirt")


def shrunk(images: Tensor) -> Tensor:
    """Images at half their height and width, so that a small network learns in a second."""
    return F.avg_pool2d(images, 2)


def train_small(
    images: Tensor,
    labels: Tensor,
    *,
    epochs: int = 12,
    hidden: int = 128,
    batch_size: int = 256,
    learning_rate: float = 4e-3,
) -> nn.Sequential:
    """Train a network of one hidden layer; with many epochs and a wide layer it memorises."""
    def untrained() -> nn.Sequential:
        return nn.Sequential(
            Normalize(FASHION_MEAN, FASHION_STD), nn.Flatten(),
            nn.Linear(images[0].numel(), hidden), nn.ReLU(), nn.Linear(hidden, 10),
        )  # fmt: skip

    network = models.seeded(untrained, 0)
    training.train(
        network, (images, labels), (images[:50], labels[:50]), epochs=epochs, keep="last",
        batch_size=batch_size, learning_rate=learning_rate, progress=False,
    )  # fmt: skip
    return network


def kinds() -> dict[str, Mapping[int, Sequence[int]] | None]:
    """Three ways to get a wrong label: which class may become which."""
    others = {k: [j for j in range(10) if j != k] for k in (SHIRT, T_SHIRT)}
    return {
        "any class → any other": None,
        "shirt or T-shirt → any other": others,
        "shirt ↔ T-shirt": {SHIRT: [T_SHIRT], T_SHIRT: [SHIRT]},
    }


def hunted(images: Tensor, labels: Tensor, *, share: float = 0.06, seeds: Sequence[int] = (0, 1, 2),
           folds: int = 3) -> dict[str, dict[str, list[float]]]:  # fmt: skip
    """Plant wrong labels in three ways, and rank all images by out-of-fold probabilities.

    Returns:
        By way: how many were planted, AUROC of self-confidence, AUROC of being unsure of
        anything (the control), share of planted ones among as many first suspects; a list
        with one number a seed.
    """
    found = {}
    train = functools.partial(train_small, batch_size=512, learning_rate=8e-3)  # fewer steps
    for name, taken_for in kinds().items():
        rows = []
        for seed in seeds:
            given, planted = diagnose.plant(labels, share, taken_for=taken_for, seed=seed)
            odds = diagnose.out_of_fold(images, given, train, folds=folds, seed=seed)
            rows.append(_scores(odds, given, planted))
        found[name] = {key: [row[key] for row in rows] for key in rows[0]}
    return found


def _scores(odds: Tensor, given: Tensor, planted: Tensor) -> dict[str, float]:
    own, count = diagnose.self_confidence(odds, given), int(planted.sum())
    first = diagnose.suspects(odds, given)[:count]
    return {
        "planted": count,
        "AUROC": diagnose.auroc(-own, planted),
        "unsure": diagnose.auroc(-odds.amax(1), planted),
        "first": planted[first].double().mean().item(),
    }


def hunted_rows(found: Mapping[str, Mapping[str, Sequence[float]]]) -> list[dict[str, str]]:
    """Rows for `lesson.table`: means and spread over the seeds."""
    return [
        {"wrong labels": name, "planted": f"{one['planted'][0]:.0f}", "AUROC": _told(one["AUROC"]),
         "AUROC of being unsure": _told(one["unsure"]),
         "true among as many first suspects": f"{sum(one['first']) / len(one['first']):.0%}"}
        for name, one in found.items()
    ]  # fmt: skip


def _told(values: Sequence[float]) -> str:
    mean, error = mean_and_error(values)
    return f"{mean:.3f} ± {error * len(values) ** 0.5:.3f}"


def equally_sure(probabilities: Tensor, labels: Tensor, suspects: Tensor) -> Tensor:
    """For each suspect another image: same label, not a suspect, network's sureness nearest.

    Sureness is the highest probability, whatever its class. No image is taken twice.
    """
    sure, free = probabilities.amax(1).double(), torch.ones(len(labels), dtype=torch.bool)
    free[suspects] = False
    chosen = []
    for place in suspects.tolist():
        able = (free & (labels == labels[place])).nonzero()[:, 0]
        nearest = able[(sure[able] - sure[place]).abs().argmin()].item()
        free[nearest] = False
        chosen.append(nearest)
    return torch.tensor(chosen)


class Blind:
    """Suspects and controls in mixed order: the learner names the wrong labels, then sees.

    Args:
        images: all images.
        labels: their labels.
        suspects: places; as many controls.
    """

    def __init__(self, images: Tensor, labels: Tensor, suspects: Tensor, control: Tensor):
        places = torch.cat([suspects, control])
        order = torch.randperm(len(places), generator=torch.Generator().manual_seed(0))
        self.places, self.suspected = places[order], (order < len(suspects))
        self.images = images[self.places]
        self.names = [FASHION_CLASSES[k] for k in labels[self.places].tolist()]

    def chosen(self, wrong: str) -> list[int]:
        """The picture numbers in a text line."""
        numbers = sorted({int(one) for one in re.findall(r"\d+", wrong)})
        if wrong.strip() and not numbers:
            raise ValueError(f"type pictures' numbers, such as 3, 7; got {wrong.strip()[:20]!r}")
        beyond = [one for one in numbers if not 1 <= one <= len(self.names)]
        if beyond:
            raise ValueError(f"the pictures are numbered 1 to {len(self.names)}; got {beyond}")
        return numbers

    def verdict(self, wrong: str) -> str:
        """Of the learner's picks, how many were suspects."""
        picks = self.chosen(wrong)
        if not picks:
            return "Which labels are wrong? Half of these are suspects"
        hits = sum(bool(self.suspected[one - 1]) for one in picks)
        half = int(self.suspected.sum())
        return (f"You doubt {hits} of {half} suspects and {len(picks) - hits} of "
                f"{len(self.names) - half} controls")  # fmt: skip

    def draw(self, wrong: str) -> Any:
        """Draw the pictures with their labels; after a guess, which ones were suspects."""
        told = bool(self.chosen(wrong))
        second = [("suspect" if one else "control") if told else "?" for one in self.suspected]
        first = [f"{place}: {name}" for place, name in enumerate(self.names, 1)]
        return figures.labelled(self.images, first, second, title=self.verdict(wrong))

    def words(self, wrong: str) -> str:
        """The pictures in words."""
        return f"{self.verdict(wrong)}. Labels: {', '.join(self.names)}."


def recall_of(
    network: nn.Module, images: Tensor, given: Tensor, planted: Tensor
) -> tuple[float, float]:
    """Ask a network about its own training images: AUROC, and share of wrong labels repeated."""
    logits = training.predict(network, images)
    own = diagnose.self_confidence(logits.softmax(1), given)
    repeated = (logits.argmax(1) == given)[planted].double().mean().item()
    return diagnose.auroc(-own, planted), repeated
