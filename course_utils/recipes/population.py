"""The recipe of lesson 5.1's populations: many networks of one build, whole and pruned.

Which images does compression forget? One pair of networks cannot tell: two runs of the same
recipe differ on hundreds of images. So there are ten networks of each kind, and ten more
whole ones, which show how far two populations differ when nothing was compressed. Only their
answers are kept, in `data/studies/population.safetensors`.
"""

from __future__ import annotations

import copy
from pathlib import Path

import torch
from safetensors.torch import save as to_bytes

from course_utils import data, models, prune, training
from course_utils.recipes.dense import NARROW

SIZE = 10
"""Networks of each kind."""
IMAGES = 10_000
"""Training images."""
EPOCHS, MORE, FEWER = 8, 4, 5
"""Passes over them; passes that a whole network is trained on, with and without pruning; and
passes after which a whole network is about as accurate as a pruned one."""
SHARE = 0.95


def member(seed: int, *, epochs: int = EPOCHS, progress: bool = True) -> models.Network:
    """Train one whole network: half of SimplifiedCNN's filters, about 8 CPU seconds."""
    network = models.seeded(models.SimplifiedCNN, seed, **NARROW)
    return _train(network, seed, epochs, 2e-3, progress=progress)


def pruned(whole: models.Network, seed: int, *, progress: bool = True) -> models.Network:
    """Train a copy on while its weights go, until SHARE of them are zero."""
    network = copy.deepcopy(whole)
    gone = prune.gradual(network, SHARE, scope="lamp")
    return _train(network, seed, MORE, 1e-3, after_step=gone, progress=progress)


def trained_on(whole: models.Network, seed: int, *, progress: bool = True) -> models.Network:
    """Train a copy on for as long with nothing removed: the control."""
    return _train(copy.deepcopy(whole), seed, MORE, 1e-3, progress=progress)


def population(folder: Path) -> list[Path]:
    """Train all members and keep their answers to the validation images: 10 CPU minutes."""
    path = folder.parent / "studies" / "population.safetensors"
    path.parent.mkdir(exist_ok=True)
    models.write_atomically(path, to_bytes(study()))
    return [path]


def study() -> dict[str, torch.Tensor]:
    """Return by kind what its networks answer, network x image."""
    kinds = "whole", "pruned", "trained on", "weaker", "whole again"
    answers: dict[str, list[torch.Tensor]] = {name: [] for name in kinds}
    for seed in range(2 * SIZE):
        whole = member(seed)
        made = {"whole again": whole} if seed >= SIZE else {
            "whole": whole, "pruned": pruned(whole, seed), "trained on": trained_on(whole, seed),
            "weaker": member(seed, epochs=FEWER),
        }  # fmt: skip
        for name, network in made.items():
            answers[name].append(asked(network))
    return {name: torch.stack(given) for name, given in answers.items()}


def asked(network: models.Network) -> torch.Tensor:
    """Return a network's answers to the validation images, n bytes."""
    images, _ = data.fashion_mnist("validation")
    return training.predict(network, images).argmax(1).to(torch.uint8)


def _train(network, seed: int, epochs: int, rate: float, **options) -> models.Network:
    network.to(memory_format=torch.channels_last)
    images, labels = data.fashion_mnist("train", limit=IMAGES)
    training.train(
        network, (images, labels), (images[:1], labels[:1]), epochs=epochs, learning_rate=rate,
        seed=seed, keep="last", **options,
    )  # fmt: skip
    return network.to(memory_format=torch.contiguous_format)


RECIPES = {"population": (population, "5.1", None)}
"""Name, recipe and lesson; it writes no rows."""
