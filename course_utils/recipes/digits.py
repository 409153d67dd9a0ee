"""The recipes of lesson 4.5: networks for MNIST's digits, as small as they get.

Every one runs on one thread in at most ten minutes, chooses on the validation images and
never sees the test set.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from course_utils import data, distill, models, prune, quantize, shared, structure, training
from course_utils.augment import turn_and_shift

SQUEEZED: dict[str, dict] = {
    "LeNet300-shared": {"start": "LeNet300", "sparsity": 0.976, "clusters": 16, "epochs": 10},
    "LeNet5-shared": {"start": "LeNet5", "sparsity": 0.95, "clusters": 16, "epochs": 3},
    "LeNet5-thousandfold": {"start": "LeNet5", "units": {"conv1": 6, "conv2": 10, "fc1": 16},
                            "sparsity": 0.5, "clusters": 12, "epochs": 9},
}  # fmt: skip
"""File name; where it starts, the units that stay, the share of the weights that go then, the
values that are left, and the epochs of each pass but the last, which has a third."""
LOW_BITS = {"ternary": 2, "binary": 3}
"""Grid, and epochs of training through the rounding."""
TINY_BITS = {"conv1": 6, "conv2": 4, "conv3": 4, "conv4": 4, "fc": 4}


def lenet300(folder: Path) -> list[Path]:
    """Train LeNet-300-100 as usual: 20 epochs, about 1 CPU minute."""
    network = models.seeded(models.Net, 0, hidden=(300, 100))
    _train(network, epochs=20, learning_rate=2e-3, weight_decay=0.01)
    return [models.save_network(network, folder / "LeNet300.safetensors")]


def lenet5(folder: Path) -> list[Path]:
    """Train LeNet-5, every image turned and shifted a little: 4 epochs, about 3 CPU minutes."""
    network = models.seeded(models.LeNet5, 0)
    _train(network, epochs=4, learning_rate=2e-3, weight_decay=0.01, augment=turn_and_shift)
    return [models.save_network(network, folder / "LeNet5.safetensors")]


def lenet300_taught(folder: Path) -> list[Path]:
    """Train LeNet-300-100 on the short file's lessons, as its control; 8 bits keep it small."""
    taught = _taught(copies=2)
    network = models.seeded(models.Net, 0, hidden=(300, 100))
    _train(network, taught, epochs=14, learning_rate=2e-3, loss=_as_taught)
    return [models.save_network(network, folder / "LeNet300-taught.safetensors.xz", bits=8)]


def squeezed(folder: Path, *, name: str) -> list[Path]:
    """Prune, share and code, with LeNet-5 as the teacher: 2 to 5 CPU minutes."""
    plan, taught = SQUEEZED[name], _taught(copies=2)
    network, epochs = models.load_network(plan["start"]), plan["epochs"]
    if "units" in plan:
        network = _lean(network, plan["units"])
        _train(network, taught, epochs=epochs, learning_rate=3e-3, loss=_as_taught)
    step = prune.gradual(network, plan["sparsity"], scope="lamp", every=20)
    _train(network, taught, epochs=epochs, learning_rate=2e-3, loss=_as_taught, after_step=step)
    share = partial(shared.share_weights, clusters=plan["clusters"], bias_bits=8)
    network = share(structure.remove_idle(network))
    with shared.tied(network) as keep:
        _train(network, taught, epochs=-(-epochs // 3), learning_rate=5e-4, loss=_as_taught,
               after_step=keep)  # fmt: skip
    return [models.save_network(share(network), folder / f"{name}.small")]


def few_bits(folder: Path, *, bits: str) -> list[Path]:
    """Train LeNet-5 through the rounding to ternary or binary weights: 2 CPU minutes."""
    kinds = {"conv1": 4, "conv2": bits, "fc1": bits, "fc2": bits}
    student = quantize.train_through(models.load_network("LeNet5"), bits=kinds, axis=None)
    _train(student, epochs=LOW_BITS[bits], learning_rate=2e-3, augment=turn_and_shift)
    student = shared.share_weights(quantize.bake(student), clusters={})
    return [models.save_network(student, folder / f"LeNet5-{bits}.safetensors.xz", bits=kinds)]


def tiny(folder: Path) -> list[Path]:
    """Train under 2,000 parameters and fold the norms in: 3 CPU minutes."""
    network = models.seeded(models.TinyCNN, 0, norm=True)
    _train(network, epochs=40, learning_rate=4e-2, augment=turn_and_shift)
    return [models.save_network(models.fold_norms(network), folder / "Tiny.safetensors")]


def tiny_kilobyte(folder: Path) -> list[Path]:
    """Train the tiny network through the rounding, and round its biases: 2 CPU minutes."""
    student = quantize.train_through(models.load_network("Tiny"), bits=TINY_BITS, axis=None)
    _train(student, epochs=30, learning_rate=1e-3, augment=turn_and_shift)
    coded = shared.share_weights(quantize.bake(student), clusters={}, bias_bits=8)
    return [models.save_network(coded, folder / "Tiny-1KiB.small")]


RECIPES: dict[str, tuple[Callable[[Path], list[Path]], str, str]] = {
    "LeNet300": (lenet300, "4.5", "reference"),
    "LeNet5": (lenet5, "4.5", "reference"),
    "LeNet300-taught": (lenet300_taught, "4.5", "distillation"),
    **{name: (partial(squeezed, name=name), "4.5", "pruning") for name in SQUEEZED},
    **{f"LeNet5-{bits}": (partial(few_bits, bits=bits), "4.5", "quantization")
       for bits in LOW_BITS},
    "Tiny": (tiny, "4.5", "structure"),
    "Tiny-1KiB": (tiny_kilobyte, "4.5", "quantization"),
}  # fmt: skip
"""As in `recipes.RECIPES`: name, recipe, lesson, method."""


def _train(
    network: models.Network, train_set: training.Pair | None = None, **options
) -> training.History:
    own, validation = _sets()
    return training.train(network, train_set or own, validation, **options)


def _sets() -> tuple[training.Pair, training.Pair]:
    return data.mnist("train"), data.mnist("validation")


def _lean(network: models.LeNet5, units: dict[str, int]) -> models.Network:
    """Keep the units of largest L1 norm: training what is left takes a fraction of the time."""
    gone = {}
    for name, stay in units.items():
        norms = structure.filter_norms(network.get_submodule(name))
        gone[name] = norms.argsort(stable=True)[: len(norms) - stay]
    return structure.remove_filters(network, gone)


def _taught(*, copies: int) -> training.Pair:
    """The training images, and copies of them turned and shifted, with the teacher's logits."""
    images, _ = data.mnist("train")
    generator, teacher = torch.Generator().manual_seed(0), models.load_network("LeNet5")
    turned = [turn_and_shift(images, generator) for _ in range(copies - 1)]
    images = torch.cat([images, *turned])
    return images, training.predict(teacher, images)


def _as_taught(network: models.Network, images: torch.Tensor, wisdom: torch.Tensor) -> torch.Tensor:
    """How far the network is from its teacher, softened; the labels are not looked at."""
    return distill.distillation_loss(
        network(images), wisdom, wisdom.argmax(1), temperature=2.0, alpha=1.0
    )
