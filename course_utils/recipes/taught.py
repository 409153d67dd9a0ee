"""The recipes of lesson 4.4: small students, alone and with a teacher, from several seeds.

They lie in a folder of their own, `data/networks/students`, and have no rows on the
scoreboard: the lesson asks for their differences, not for the best of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from course_utils import data, distill, models, training

STUDENT = {"channels": (4, 8), "hidden": 32}
"""A quarter of SimplifiedCNN's filters and units."""


@dataclass(frozen=True)
class Run:
    """One setting, in which students of every arm are trained from several seeds.

    Attributes:
        images: how many training images they see.
        epochs: how often each image is shown.
    """

    images: int
    epochs: int
    arms: tuple[str, ...] = ("alone", "taught")
    seeds: int = 5


RUNS = {
    "500": Run(500, 410, ("alone", "smoothed", "shuffled", "taught")),
    "2000": Run(2_000, 102),
    "10000": Run(10_000, 20),
    "55000": Run(55_000, 10),
    "patient": Run(55_000, 40),
}
"""By name. The first three take 1,600 steps, all images 4,300 and, patiently, 17,200."""
TEMPERATURE, ALPHA, SMOOTHING = 4.0, 0.9, 0.1


def alone(model: nn.Module, images: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Learn from the labels; `distill.ask` puts them last among the targets."""
    return F.cross_entropy(model(images), targets[:, -1].long())


def smoothed(model: nn.Module, images: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Learn from softened labels that know nothing: a control."""
    return F.cross_entropy(model(images), targets[:, -1].long(), label_smoothing=SMOOTHING)


taught = distill.remembered(temperature=TEMPERATURE, alpha=ALPHA)
ARMS: dict[str, training.Loss] = {
    "alone": alone, "taught": taught, "smoothed": smoothed, "shuffled": taught,
}  # fmt: skip
"""Name, and its loss; "shuffled" is taught by `distill.ShuffledTeacher`."""


def students(folder: Path, *, run: str) -> list[Path]:
    """Train a run's students; 5 to 15 CPU minutes, the patient ones 30."""
    plan = RUNS[run]
    images, labels = data.fashion_mnist("train", limit=plan.images)
    teacher, written = models.load_network("SimplifiedCNN"), []
    for arm in plan.arms:
        asked = distill.ShuffledTeacher(teacher) if arm == "shuffled" else teacher
        pair = images, distill.ask(asked, images, labels)
        for seed in range(plan.seeds):
            student = train_student(pair, seed=seed, loss=ARMS[arm], epochs=plan.epochs)
            path = student_path(arm, run, seed, folder=folder)
            path.parent.mkdir(exist_ok=True)
            written.append(models.save_network(student, path, bits=8))
    return written


def train_student(
    pair: training.Pair, *, seed: int, loss: training.Loss, epochs: int, progress: bool = True
) -> models.Network:
    """Train one student; students of one seed start from the same weights."""
    student = models.seeded(models.SimplifiedCNN, seed, **STUDENT)
    training.train(
        student, pair, (pair[0][:1], pair[1][:1, -1].long()), epochs=epochs, learning_rate=2e-3,
        weight_decay=0.01, seed=seed, loss=loss, keep="last", progress=progress,
    )  # fmt: skip
    return student


def student_path(arm: str, run: str, seed: int, *, folder: Path | None = None) -> Path:
    """Return the file of one student, such as students/taught-500-3.safetensors."""
    folder = folder or data.folder() / "networks"
    return folder / "students" / f"{arm}-{run}-{seed}.safetensors"


RECIPES = {f"students-{run}": (partial(students, run=run), "4.4", None) for run in RUNS}
"""Name, recipe and lesson; they write no rows."""
