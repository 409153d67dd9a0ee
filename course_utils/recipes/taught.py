"""The recipes of lesson 4.4: small students, alone and with a teacher, from five seeds each.

They lie in a folder of their own, `data/networks/students`, and have no rows on the
scoreboard: the lesson asks for their differences, not for the best of them.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from course_utils import data, distill, models, training

STUDENT = {"channels": (4, 8), "hidden": 32}
"""A quarter of SimplifiedCNN's filters and units."""
SEEDS = range(5)
EPOCHS = {500: 410, 2_000: 102, 10_000: 20, 55_000: 10}
"""Training images, and how often they are shown: 1,600 steps, for all images 4,300."""
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
CONTROLLED = 500
"""The number of images for which the two controls are trained as well."""


def students(folder: Path, *, count: int) -> list[Path]:
    """Train every arm's students on `count` images; 5 to 15 CPU minutes."""
    images, labels = data.fashion_mnist("train", limit=count)
    teacher, written = models.load_network("SimplifiedCNN"), []
    for arm, loss in ARMS.items():
        if arm in ("smoothed", "shuffled") and count != CONTROLLED:
            continue
        asked = distill.ShuffledTeacher(teacher) if arm == "shuffled" else teacher
        targets = distill.ask(asked, images, labels)
        for seed in SEEDS:
            student = train_student((images, targets), seed=seed, loss=loss, epochs=EPOCHS[count])
            path = student_path(arm, count, seed, folder=folder)
            path.parent.mkdir(exist_ok=True)
            written.append(models.save_network(student, path, bits=8))
    return written


def train_student(
    pair: training.Pair, *, seed: int, loss: training.Loss, epochs: int, progress: bool = True
) -> models.Network:
    """Train one student; students of one seed start from the same weights."""
    torch.manual_seed(seed)
    student = models.SimplifiedCNN(**STUDENT)
    training.train(
        student, pair, (pair[0][:1], pair[1][:1, -1].long()), epochs=epochs, learning_rate=2e-3,
        weight_decay=0.01, seed=seed, loss=loss, keep="last", progress=progress,
    )  # fmt: skip
    return student


def student_path(arm: str, count: int, seed: int, *, folder: Path | None = None) -> Path:
    """Return the file of one student, such as students/taught-500-3.safetensors."""
    folder = folder or data.folder() / "networks"
    return folder / "students" / f"{arm}-{count}-{seed}.safetensors"


RECIPES = {f"students-{count}": (partial(students, count=count), "4.4", None) for count in EPOCHS}
"""Name, recipe and lesson; they write no rows."""
