"""The recipes of lesson 4.3: weights set to zero, and filters and units that are really gone.

Of the latter an ordinary SimplifiedCNN is left. It learns from the labels and from the whole
network's answers; the control learns the same, for as long, from random weights.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from course_utils import data, distill, models, prune, structure, training

STAGES = ({"conv1": 6, "conv2": 8, "fc1": 47}, {"conv1": 4, "conv2": 8})
"""How many filters and units go, stage by stage: 16, 32, 128 become 10, 24, 81, then 6, 16, 81."""
NARROW = {"channels": (6, 16), "hidden": 81}
"""What is left after them: about half of the time."""
EPOCHS = 40
IDLE = {"conv1": 0.25, "conv2": 0.25, "fc1": 0.5}
"""Share of each layer's filters and units that go by their share of zeros."""


def pruned_cnn(folder: Path) -> list[Path]:
    """Prune the reference to 70 %, then to 90 % zeros, training in between and after."""
    network = models.load_network("SimplifiedCNN")
    for share, epochs in ((0.7, 2), (0.9, 8)):
        masks = prune.magnitude_masks(network, share)
        network = prune.apply(network, masks)
        training.train(
            network, *_sets(), epochs=epochs, learning_rate=1e-3,
            augment=training.mirror_and_shift, after_step=prune.keep_zeros(masks),
        )  # fmt: skip
    return [models.save_network(network, folder / "PrunedCNN.safetensors.xz")]


def structured(folder: Path) -> list[Path]:
    """Take out what has the least L1 norm in two stages, and train on: 8 CPU minutes."""
    network = models.load_network("SimplifiedCNN")
    taught, (first, second) = _taught(network), STAGES
    network = structure.remove_filters(network, _smallest(network, first))
    _train(network, taught, epochs=1, learning_rate=1e-3, keep="last")
    network = structure.remove_filters(network, _smallest(network, second))
    _train(network, taught, epochs=EPOCHS, learning_rate=2e-3)
    return [models.save_network(network, folder / "PrunedCNN-structured.safetensors")]


def structured_fresh(folder: Path) -> list[Path]:
    """Train the same widths from random weights, as often and as well taught: the control."""
    taught = _taught(models.load_network("SimplifiedCNN"))
    network = models.seeded(models.SimplifiedCNN, 0, **NARROW)
    _train(network, taught, epochs=EPOCHS + 1, learning_rate=2e-3)
    return [models.save_network(network, folder / "PrunedCNN-structured-fresh.safetensors")]


def activation_pruned_cnn(folder: Path) -> list[Path]:
    """Take out what is most often zero (APoZ, 1607.03250), and train on: 5 CPU minutes."""
    network = models.load_network("SimplifiedCNN")
    taught = _taught(network)
    zeros = prune.apoz(network, taught[0][:5000])
    idle = {name: prune.idlest(zeros, share)[name] for name, share in IDLE.items()}
    network = structure.remove_filters(network, idle)
    _train(network, taught, epochs=EPOCHS // 2, learning_rate=2e-3)
    return [models.save_network(network, folder / "ActivationPrunedCNN.safetensors")]


RECIPES: dict[str, tuple[Callable[[Path], list[Path]], str, str]] = {
    "PrunedCNN": (pruned_cnn, "4.3", "pruning"),
    "PrunedCNN-structured": (structured, "4.3", "pruning"),
    "PrunedCNN-structured-fresh": (structured_fresh, "4.3", "structure"),
    "ActivationPrunedCNN": (activation_pruned_cnn, "4.3", "pruning"),
}
"""Name, recipe, lesson and method, as in `recipes.RECIPES`."""


def _smallest(network: models.SimplifiedCNN, counts: dict[str, int]) -> dict[str, torch.Tensor]:
    """The filters and units of least L1 norm, so many of each layer."""
    norms = {name: structure.filter_norms(getattr(network, name)) for name in counts}
    return {name: norms[name].argsort(stable=True)[:count] for name, count in counts.items()}


def _taught(teacher: models.SimplifiedCNN) -> training.Pair:
    """Training images, and what the teacher says of each: n x 11, log-probabilities and label.

    The teacher is asked once, about the image and its mirror image, not in every epoch: that
    saves half of the time. Maps lie in memory channels last, which saves half again.
    """
    images, labels = _sets()[0]
    asked = teacher.to(memory_format=torch.channels_last)
    answers = [training.predict(asked, x).log_softmax(1) for x in (images, images.flip(3))]
    teacher.to(memory_format=torch.contiguous_format)
    return images, torch.cat([sum(answers) / 2, labels[:, None].float()], 1)


def _as_taught(model, images, targets) -> torch.Tensor:
    return distill.distillation_loss(
        model(images), targets[:, :-1], targets[:, -1].long(), temperature=2.0, alpha=0.7
    )


def _train(network: models.SimplifiedCNN, taught: training.Pair, **options) -> None:
    network.to(memory_format=torch.channels_last)
    training.train(
        network, taught, _sets()[1], weight_decay=0.01, loss=_as_taught,
        augment=training.mirror_and_shift, **options,
    )  # fmt: skip
    network.to(memory_format=torch.contiguous_format)


def _sets() -> tuple[training.Pair, training.Pair]:
    return data.fashion_mnist("train"), data.fashion_mnist("validation")
