"""The recipes of lessons 3.4 and 4.4: small learned sets, and the network that one of them teaches.

The sets lie in `data/condensed`, beside the folder of the networks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from torch.nn import functional as F

from course_utils import condense, data, models, training
from course_utils.condense.files import SUFFIX


@dataclass(frozen=True)
class Plan:
    """What one small set is learned from, and how."""

    load: Callable
    per_class: int
    fresh: condense.Fresh
    settings: dict = field(default_factory=dict)


DIGITS = {
    "image_rate": 0.05, "target_rate": 0.02, "judge": condense.classified,
    "batch_size": 200, "networks": 24, "renew_every": 6,
}  # fmt: skip
CLOTHES = {
    "image_rate": 0.02, "target_rate": 0.01, "ridge": 1e-2,
    "batch_size": 250, "networks": 20, "renew_every": 6,
}  # fmt: skip
PLANS = {
    "MNIST-10": Plan(
        data.mnist, 1, partial(condense.random_convnet, channels=(96, 96)),
        {"steps": 2500, **DIGITS},
    ),
    "Fashion-10": Plan(data.fashion_mnist, 1, condense.untrained_cnn, {"steps": 1500, **CLOTHES}),
    "Fashion-100": Plan(data.fashion_mnist, 10, condense.untrained_cnn, {"steps": 1000, **CLOTHES}),
}  # fmt: skip
"""Name, made of the data set and the number of images, and its plan."""
STUDENT = {"steps": 100, "learning_rate": 1e-3}
"""Chosen on validation, of four."""


def learned_set(name: str, *, progress: bool = True) -> training.Pair:
    """Learn a set from the 55,000 training images: herded images, solved labels, then both."""
    if name not in PLANS:
        raise ValueError(f"no plan for {name!r}; there are: {', '.join(PLANS)}.")
    plan = PLANS[name]
    images, labels = plan.load("train")
    real = images, condense.centred(labels)
    rows = condense.herding(F.avg_pool2d(images, 2), labels, per_class=plan.per_class)
    ridge = plan.settings.get("ridge", 1e-3)
    targets = condense.solve_targets(images[rows], real, fresh=plan.fresh, ridge=ridge)
    return condense.learn(
        images[rows], targets, real, fresh=plan.fresh, progress=progress, **plan.settings
    )


def condensed_set(folder: Path, *, name: str) -> list[Path]:
    """Learn one set and write its file, 1 to 2 CPU minutes."""
    shelf = folder.parent / "condensed"
    shelf.mkdir(exist_ok=True)
    return [condense.save_set(*learned_set(name), shelf / f"{name}{SUFFIX}")]


def data_distilled_cnn(folder: Path) -> list[Path]:
    """Train SimplifiedCNN on the committed set Fashion-100 alone, about 5 CPU seconds."""
    network = condense.student(
        *condense.load_set("Fashion-100"), fresh=models.SimplifiedCNN, **STUDENT
    )
    return [models.save_network(network, folder / "DataDistilledCNN.safetensors")]


RECIPES = {
    **{name: (partial(condensed_set, name=name), "3.4", None) for name in PLANS},
    "DataDistilledCNN": (data_distilled_cnn, "4.4", "distillation"),
}
"""Name, recipe, the lesson that tells its story, the method; a set has no row."""
