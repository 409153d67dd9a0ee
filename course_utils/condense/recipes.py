"""How the committed small sets were made: `python -m course_utils.condense.recipes` again.

Names after it remake only those: `python -m course_utils.condense.recipes MNIST-10`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from torch.nn import functional as F

from course_utils import data, training
from course_utils.condense.files import SUFFIX, save_set
from course_utils.condense.labels import solve_targets
from course_utils.condense.learning import classified, learn
from course_utils.condense.networks import Fresh, random_convnet, untrained_cnn
from course_utils.condense.ridge import centred
from course_utils.condense.selection import herding


@dataclass(frozen=True)
class Recipe:
    """What one small set was learned from, and how."""

    load: Callable
    per_class: int
    fresh: Fresh
    settings: dict = field(default_factory=dict)


DIGITS = {
    "image_rate": 0.05, "target_rate": 0.02, "judge": classified,
    "batch_size": 200, "networks": 24, "renew_every": 6,
}  # fmt: skip
CLOTHES = {
    "image_rate": 0.02, "target_rate": 0.01, "ridge": 1e-2,
    "batch_size": 250, "networks": 20, "renew_every": 6,
}  # fmt: skip
RECIPES = {
    "MNIST-10": Recipe(
        data.mnist, 1, partial(random_convnet, channels=(96, 96)), {"steps": 2500, **DIGITS}
    ),
    "Fashion-10": Recipe(data.fashion_mnist, 1, untrained_cnn, {"steps": 1500, **CLOTHES}),
    "Fashion-100": Recipe(data.fashion_mnist, 10, untrained_cnn, {"steps": 1000, **CLOTHES}),
}
"""Name, made of the data set and the number of images, and its recipe."""


def learned_set(name: str, *, progress: bool = True) -> training.Pair:
    """Learn a set from the 55,000 training images: herded images, solved labels, then both."""
    if name not in RECIPES:
        raise ValueError(f"no recipe for {name!r}; there are: {', '.join(RECIPES)}.")
    recipe = RECIPES[name]
    images, labels = recipe.load("train")
    real = images, centred(labels)
    rows = herding(F.avg_pool2d(images, 2), labels, per_class=recipe.per_class)
    ridge = recipe.settings.get("ridge", 1e-3)
    targets = solve_targets(images[rows], real, fresh=recipe.fresh, ridge=ridge)
    return learn(
        images[rows], targets, real, fresh=recipe.fresh, progress=progress, **recipe.settings
    )


def main(names: list[str], *, folder: Path | None = None) -> None:
    """Learn the named sets, or all, and write their files."""
    unknown = [name for name in names if name not in RECIPES]
    if unknown:
        sys.exit(f"no set {', '.join(unknown)}; there are: {', '.join(RECIPES)}.")
    folder = folder or data.folder() / "condensed"
    for name in names or RECIPES:
        print(f"{name} …", flush=True)
        save_set(*learned_set(name), folder / f"{name}{SUFFIX}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1:])
