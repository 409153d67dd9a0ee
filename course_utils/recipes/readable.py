"""The recipe of lesson 5.2's soft trees: three networks, each retold by a tree of depth 5.

Each tree learns what its network answers to the training images; a control of the same start
learns the labels. What they are worth lies in `data/studies/trees.csv`; the first network's
tree is kept, in `data/networks/smaller`.
"""

from __future__ import annotations

from pathlib import Path

import torch

from course_utils import data, distill, models, training
from course_utils.models.soft_tree import uneven
from course_utils.recipes import drift
from course_utils.recipes.rows import write_study

DEPTH, EPOCHS, BATCH, RATE = 5, 10, 1000, 1e-2
PENALTY = 0.1
"""Weight of the penalty for questions that send all images the same way."""


def tree(images: torch.Tensor, targets: torch.Tensor, seed: int, *, soft: bool):
    """Return a soft tree that learned a network's shares of the classes, or the labels.

    Args:
        targets: as `distill.ask` gives them.
        soft: learn the shares; else the labels.
    """
    told = distill.remembered(temperature=1.0, alpha=1.0 if soft else 0.0)
    made = models.seeded(models.SoftTree, 300 + seed, depth=DEPTH)

    def loss(model, some, wanted):
        return told(model, some, wanted) + PENALTY * uneven(model, some)

    training.train(
        made, (images, targets), (images[:1], targets[:1, -1].long()), epochs=EPOCHS,
        learning_rate=RATE, batch_size=BATCH, seed=seed, loss=loss, keep="last", progress=False,
    )  # fmt: skip
    return made


def trees(folder: Path) -> list[Path]:
    """Grow two trees for each of three networks: about 4 CPU minutes."""
    rows, kept = study()
    table = write_study(rows, folder, "trees")
    return [models.save_network(kept, drift.path("soft tree", folder)), table]


def study() -> tuple[list[dict], models.Network]:
    """Return a row for each network and way of learning; and the tree that is kept."""
    images, labels = data.fashion_mnist("train")
    validation = data.fashion_mnist("validation")
    rows, kept = [], None
    for seed, name in enumerate(drift.WHOLE):
        network = models.load_network(name).to(memory_format=torch.channels_last)
        targets = distill.ask(network, images, labels)
        for kind in ("answers", "labels"):
            made = tree(images, targets, seed, soft=kind == "answers")
            kept = kept or made
            found = drift.compared(made, network, validation)
            rows.append({"seed": seed, "learned": kind} | found)
    return rows, kept


RECIPES = {"trees": (trees, "5.2", None)}
"""Name, recipe and lesson; it writes no rows."""
