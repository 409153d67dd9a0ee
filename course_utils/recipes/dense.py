"""The recipes of the dense networks: the reference, its twins, and networks smaller by design."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from course_utils import data, distill, models, quantize, training

TWINS = {"twin": 1, "twin-2": 2}
"""File-name ending, and the seed of its start and of the order of its images."""
NARROW = {"channels": (8, 16), "hidden": 64}
"""Half of SimplifiedCNN's filters and units."""
RESNETS = {
    "ResNet": {"channels": (8, 16, 32)},
    "ResNet-plain": {"channels": (8, 16, 32), "skip": False},
    "ResNet-small": {"channels": (6, 11, 22)},
}
"""Three residual blocks; the same without their skips, the control; three narrower ones."""


def simplified_cnn(folder: Path) -> list[Path]:
    """Train the reference network: SimplifiedCNN, 20 epochs, about 7 CPU minutes."""
    network = _trained()
    path = models.save_network(network, folder / "SimplifiedCNN.safetensors")
    return [path, quantize.export_onnx(network, folder / "SimplifiedCNN.onnx")]


def twins(folder: Path) -> list[Path]:
    """Train the reference's recipe from two other seeds: the same build, task and data."""
    return [
        models.save_network(_trained(seed=seed), folder / f"SimplifiedCNN-{name}.safetensors")
        for name, seed in TWINS.items()
    ]


def narrow(folder: Path) -> list[Path]:
    """Train half the filters and units with the reference's recipe, about 3 CPU minutes."""
    network = _trained(**NARROW)
    return [models.save_network(network, folder / "SimplifiedCNN-narrow.safetensors")]


def shallow_cnn(folder: Path) -> list[Path]:
    """Train two layers instead of four with the reference's recipe, about 2 CPU minutes."""
    return [models.save_network(_trained(models.ShallowCNN), folder / "ShallowCNN.safetensors")]


def resnet(folder: Path, *, name: str) -> list[Path]:
    """Train a residual network with the reference's recipe, about 7 CPU minutes."""
    network = _trained(models.ResNet, **RESNETS[name])
    return [models.save_network(network, folder / f"{name}.safetensors")]


def knowledge_distilled_cnn(folder: Path) -> list[Path]:
    """Train the narrow network again, from the same start, with the reference as its teacher."""
    teacher = models.load_network("SimplifiedCNN")
    student = _trained(**NARROW, loss=distill.loss(teacher, temperature=4.0, alpha=0.9))
    return [models.save_network(student, folder / "KnowledgeDistilledCNN.safetensors")]


def _trained(
    architecture: type[models.Network] = models.SimplifiedCNN,
    *,
    seed: int = 0,
    loss: training.Loss = training.cross_entropy,
    **settings,
) -> models.Network:
    """Train a network by the course's recipe: 20 epochs, the rate from 0.002 to 0."""
    network = models.seeded(architecture, seed, **settings)
    training.train(
        network, *sets(), epochs=20, learning_rate=2e-3, weight_decay=0.01, seed=seed,
        loss=loss, augment=training.mirror_and_shift,
    )  # fmt: skip
    return network


def sets() -> tuple[training.Pair, training.Pair]:
    """Return Fashion-MNIST's training and validation images with their labels."""
    return data.fashion_mnist("train"), data.fashion_mnist("validation")


RECIPES = {
    "SimplifiedCNN": (simplified_cnn, "4.1", "reference"),
    "SimplifiedCNN-twin": (twins, "2.3", "reference"),
    "SimplifiedCNN-narrow": (narrow, "2.1", "structure"),
    "ShallowCNN": (shallow_cnn, "4.1", "structure"),
    **{name: (partial(resnet, name=name), "4.1", "structure") for name in RESNETS},
    "KnowledgeDistilledCNN": (knowledge_distilled_cnn, "4.4", "distillation"),
}
"""Name, recipe, the lesson that tells its story, the method."""
