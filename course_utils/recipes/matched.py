"""The recipe of lesson 5.2's students: 90 % of the weights go, and the reasons should stay.

Each of three whole networks teaches copies of itself while these lose their weights. The arms
differ only in what is learned: the labels, the teacher's answers, its maps as well, or, as a
control, its maps of other images. What became of six kinds of maps lies in
`data/studies/matched.csv`; of the students one is kept, in `data/networks/smaller`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from course_utils import data, fusion, models, prune, training
from course_utils.recipes import drift
from course_utils.recipes.rows import write_study
from course_utils.spread import mean_and_error

SHARE = 0.9
LESSONS = 16_000
"""Training images; each is seen once."""
IMAGES = 24
"""How many of lesson 5.1's images are explained."""
BATCH, RATE = 64, 2e-3
CAM, GRADIENT = 15.0, 5.0
"""Weights of the two maps in the loss: the best of three tries with the first network."""

Loss = Callable[[models.Network], training.Loss]


def _matching(**weights: float) -> Loss:
    return lambda teacher: fusion.matching_loss(teacher, weights)


def _others(teacher: models.Network) -> training.Loss:
    return fusion.matching_loss(teacher, {"HiResCAM": CAM}, shuffled=True)


ARMS: Mapping[str, Loss] = {
    "labels": lambda teacher: training.cross_entropy,
    "answers": _matching(),
    "answers, CAM": _matching(HiResCAM=CAM),
    "answers, CAM, gradient": _matching(HiResCAM=CAM, gradient=GRADIENT),
    "answers, CAM of other images": _others,
}
"""By name: from the teacher to the loss that its student learns by."""
TRAINED_ON = {"answers, CAM": ("HiResCAM",), "answers, CAM, gradient": ("HiResCAM", "gradient"),
              "answers, CAM of other images": ()}  # fmt: skip
"""Which maps an arm was taught; no arm was taught any other."""
KEPT = "answers, CAM, gradient"


def student(arm: str, teacher: models.Network, seed: int, *, limit: int = LESSONS):
    """Return a copy of the teacher that lost SHARE of its weights while it learned by an arm."""
    teacher = copy.deepcopy(teacher).to(memory_format=torch.channels_last)
    network = copy.deepcopy(teacher)
    images, labels = data.fashion_mnist("train", limit=limit)
    training.train(
        network, (images, labels), (images[:1], labels[:1]), epochs=1, learning_rate=RATE,
        batch_size=BATCH, seed=seed, loss=ARMS[arm](teacher), keep="last", progress=False,
        augment=training.mirror_and_shift,
        after_step=prune.gradual(network, SHARE, scope="lamp"),
    )  # fmt: skip
    return network.to(memory_format=torch.contiguous_format)


def explained() -> training.Pair:
    """Return the images on which maps are compared, and their classes."""
    whole = [models.load_network(name) for name in drift.WHOLE]
    images, classes = drift.chosen(whole, *data.fashion_mnist("validation"))
    return images[:IMAGES], classes[:IMAGES]


def matched(folder: Path) -> list[Path]:
    """Teach five arms from three whole networks, and compare maps: about 8 CPU minutes."""
    rows, kept = study()
    file = drift.path("matched", folder)
    file.parent.mkdir(exist_ok=True)
    return [models.save_network(kept, file), write_study(rows, folder, "matched")]


def study() -> tuple[list[dict], models.Network]:
    """Return a row for each teacher, arm and explainer; and the student that is kept."""
    images, classes = explained()
    validation = data.fashion_mnist("validation")
    rows, kept = [], None
    for seed, name in enumerate(drift.WHOLE):
        teacher = models.load_network(name)
        before = fusion.explain(teacher, images, classes)
        known = {"seed": seed, "of": training.evaluate(teacher, *validation)}
        for arm in ARMS:
            network = student(arm, teacher, seed)
            kept = network if (seed, arm) == (0, KEPT) else kept
            right = {"arm": arm, "accuracy": training.evaluate(network, *validation)}
            agreed = fusion.drift(images, before, fusion.explain(network, images, classes))
            rows += [known | right | {"explainer": key} | _summary(one)
                     for key, one in agreed.items()]  # fmt: skip
    return rows, kept


def _summary(agreements: torch.Tensor) -> dict[str, float]:
    mean, error = mean_and_error(agreements)
    return {"agreement": mean, "error": error}


RECIPES = {"matched": (matched, "5.2", None)}
"""Name, recipe and lesson; it writes no rows."""
