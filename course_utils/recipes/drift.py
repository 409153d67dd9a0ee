"""The recipes of lesson 5.1: three whole networks, each made smaller in the same ways.

They have no rows on the scoreboard. What the networks are worth, and how far their
explanations agree with those of the whole networks, lies in `data/studies/drift.csv`; the
files of the first network's smaller selves lie in `data/networks/smaller`.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path

import torch

from course_utils import data, distill, fusion, models, prune, quantize, structure, training
from course_utils.recipes.dense import NARROW, sets
from course_utils.recipes.rows import write_study
from course_utils.spread import mean_and_error

WHOLE = ("SimplifiedCNN", "SimplifiedCNN-twin", "SimplifiedCNN-twin-2")
SHARES = (0.5, 0.8, 0.9, 0.95, 0.98)
LESSONS, EPOCHS = 20_000, 3
"""Training images of what is trained on, and passes over them."""
STUDENT_EPOCHS = 4
"""Passes over all training images of what starts from random weights."""
IMAGES = 60
"""How many validation images are explained; the whole networks are right on all of them."""

Make = Callable[[models.Network, int], models.Network]


def pruned(share: float) -> Make:
    """Prune gradually while training on: the smallest weights of all layers, by LAMP."""

    def make(whole: models.Network, seed: int) -> models.Network:
        network = copy.deepcopy(whole)
        return _train(network, seed, after_step=prune.gradual(network, share, scope="lamp"))

    return make


def rounded(bits: int) -> Make:
    """Round the weights; train nothing."""
    return lambda whole, seed: quantize.quantize_weights(whole, bits=bits)


def rounded_and_trained(bits: int) -> Make:
    """Round the weights, and train on through the rounding."""

    def make(whole: models.Network, seed: int) -> models.Network:
        return quantize.bake(_train(quantize.train_through(whole, bits=bits), seed))

    return make


def halved(whole: models.Network, seed: int) -> models.Network:
    """Take out the half of the filters and units of least L1 norm, and train on."""
    shares = {"conv1": 0.5, "conv2": 0.5, "fc1": 0.5}
    return _train(structure.remove_filters(whole, shares), seed)


def trained_on(whole: models.Network, seed: int) -> models.Network:
    """Train on with nothing removed: the control."""
    return _train(copy.deepcopy(whole), seed)


def student(whole: models.Network, seed: int) -> models.Network:
    """Train half of the filters from random weights, with the whole network as teacher."""
    (images, labels), _ = sets()
    network = models.seeded(models.SimplifiedCNN, 100 + seed, **NARROW)
    return _train(
        network, seed, limit=None, epochs=STUDENT_EPOCHS, learning_rate=2e-3, augment=False,
        targets=distill.ask(whole, images, labels), loss=distill.remembered(),
    )  # fmt: skip


def alone(whole: models.Network, seed: int) -> models.Network:
    """Train the same student from the same weights without a teacher: the control."""
    network = models.seeded(models.SimplifiedCNN, 100 + seed, **NARROW)
    return _train(
        network, seed, limit=None, epochs=STUDENT_EPOCHS, learning_rate=2e-3, augment=False
    )


VERSIONS: dict[str, tuple[Make, str]] = {
    "trained on": (trained_on, "reference"),
    **{f"{share * 100:.0f} % zeros": (pruned(share), "pruning") for share in SHARES},
    **{f"{bits} bits": (rounded(bits), "quantization") for bits in (8, 4, 3, 2)},
    "2 bits, trained": (rounded_and_trained(2), "quantization"),
    "half the filters": (halved, "structure"),
    "student": (student, "distillation"),
    "student alone": (alone, "structure"),
}
"""By name: how a whole network becomes this version, and the method that gives it its colour."""
KEPT = [name for name in VERSIONS if not name.endswith(" bits")]
"""Versions of the first network that are kept as files; the others are made on the spot."""


def smaller_selves(folder: Path) -> list[Path]:
    """Make and explain every version of every whole network: about 20 CPU minutes."""
    rows, first = study()
    written = [_save(network, folder, name) for name, network in first.items()]
    return [*written, write_study(rows, folder, "drift")]


def study() -> tuple[list[dict], dict[str, models.Network]]:
    """Return a row for each network, version and explainer, and the first network's versions.

    Versions that are only rounded are not among the latter: rounding takes no time.
    """
    whole = [models.load_network(name) for name in WHOLE]
    validation = data.fashion_mnist("validation")
    images, classes = chosen(whole, *validation)
    before = [fusion.explain(one, images, classes) for one in whole]
    rows, first = [], {}
    for seed, network in enumerate(whole):
        twin = {"another seed": (lambda _, seed: whole[(seed + 1) % 3], "reference")}
        for name, (make, method) in (VERSIONS | twin).items():
            version = make(network, seed)
            if seed == 0 and name in KEPT:
                first[name] = version
            known = {"seed": seed, "version": name, "method": method}
            known |= compared(version, network, validation)
            drift = fusion.drift(images, before[seed], fusion.explain(version, images, classes))
            rows += [known | {"explainer": key} | _summary(one) for key, one in drift.items()]
    return rows, first


def chosen(
    whole: list[models.Network], images: torch.Tensor, labels: torch.Tensor
) -> training.Pair:
    """Return the first images that every whole network gets right, and their classes."""
    answers = torch.stack([training.predict(one, images).argmax(1) for one in whole])
    some = (answers == labels).all(0).nonzero().flatten()[:IMAGES]
    return images[some], labels[some]


def compared(
    network: models.Network, whole: models.Network, validation: training.Pair
) -> dict[str, float]:
    """Return a version's accuracy, and the share of images on which it answers as its whole."""
    images, labels = validation
    ours, theirs = (training.predict(one, images).argmax(1) for one in (network, whole))
    return {"accuracy": (ours == labels).double().mean().item(),
            "same answers": (ours == theirs).double().mean().item()}  # fmt: skip


def path(name: str, folder: Path | None = None) -> Path:
    """Return the file of a version of the first network, such as smaller/90-zeros…"""
    bare = re.sub("[ ,%]+", "-", name)
    return (folder or data.folder() / "networks") / "smaller" / f"{bare}.safetensors.xz"


def _save(network: models.Network, folder: Path, name: str) -> Path:
    """Keep a version of the first network, in the bits that it has."""
    file = path(name, folder)
    file.parent.mkdir(exist_ok=True)
    bits = int(name.split()[0]) if " bits" in name else None
    return models.save_network(network, file, bits=bits)


def _summary(agreements: torch.Tensor) -> dict[str, float]:
    mean, error = mean_and_error(agreements)
    return {"agreement": mean, "error": error}


def _train(
    network, seed: int, *, limit: int | None = LESSONS, targets=None, augment=True, **options
) -> models.Network:
    """Train in place by one recipe for all versions; return the network."""
    (images, labels), validation = sets()
    targets = labels if targets is None else targets
    network.to(memory_format=torch.channels_last)
    settings = {"epochs": EPOCHS, "learning_rate": 1e-3, "weight_decay": 0.01} | options
    training.train(
        network, (images[:limit], targets[:limit]), validation, seed=seed,
        augment=training.mirror_and_shift if augment else None, **settings,
    )  # fmt: skip
    return network.to(memory_format=torch.contiguous_format)


RECIPES = {"drift": (smaller_selves, "5.1", None)}
"""Name, recipe and lesson; it writes no rows."""
