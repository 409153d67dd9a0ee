"""How every committed network was made: `make networks` runs these recipes again.

`python -m course_utils.recipes` remakes all of them and the scoreboard; names after it
remake only those: `python -m course_utils.recipes SimplifiedCNN`.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from course_utils import (
    data,
    distill,
    models,
    quantize,
    recipes_condensed,
    recipes_digits,
    recipes_pruned,
    scoreboard,
    training,
)

INTEGER_NETWORKS = {"IntegerQuantizedCNN": ("conv1",), "IntegerQuantizedCNN-all": ()}
"""File name, and the layers that stay float."""
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
LOW_BITS = {"3bit": (3, "mse"), "2bit": (2, "mse"), "ternary": ("ternary", "max"),
            "binary": ("binary", "max")}  # fmt: skip
"""The curve below 4 bits: file-name ending, grid, and how its range is chosen: a grid of 3 or
7 codes that must reach the largest weight wastes most of them."""


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


def integer_quantized_cnn(folder: Path) -> list[Path]:
    """Calibrate on 1,000 training images and write two int8 networks for ONNX Runtime.

    One has integers everywhere; the other keeps its first layer, 160 parameters, in floats,
    because that layer is the one that integers make slower.
    """
    images, _ = data.fashion_mnist("train")
    reference = models.load_network("SimplifiedCNN")
    return [
        quantize.quantize_static(reference, folder / f"{name}.onnx", images[:1000], keep_float=kept)
        for name, kept in INTEGER_NETWORKS.items()
    ]


def sub_integer_quantized_cnn(folder: Path) -> list[Path]:
    """Train the reference through the rounding to 4 bits."""
    return [_trained_through(4, folder / "SubIntegerQuantizedCNN.safetensors")]


def low_bit_curve(folder: Path) -> list[Path]:
    """Train the reference through the rounding to 3 and 2 bits, ternary and binary weights."""
    return [
        _trained_through(bits, folder / f"SubIntegerQuantizedCNN-{name}.safetensors", clip=clip)
        for name, (bits, clip) in LOW_BITS.items()
    ]


RECIPES: dict[str, tuple[Callable[[Path], list[Path]], str, str]] = {
    "SimplifiedCNN": (simplified_cnn, "4.1", "reference"),
    "SimplifiedCNN-twin": (twins, "2.3", "reference"),
    "SimplifiedCNN-narrow": (narrow, "2.1", "structure"),
    "ShallowCNN": (shallow_cnn, "4.1", "structure"),
    **{name: (partial(resnet, name=name), "4.1", "structure") for name in RESNETS},
    **recipes_pruned.RECIPES,
    "KnowledgeDistilledCNN": (knowledge_distilled_cnn, "4.4", "distillation"),
    **recipes_condensed.RECIPES,
    "IntegerQuantizedCNN": (integer_quantized_cnn, "4.2", "quantization"),
    "SubIntegerQuantizedCNN": (sub_integer_quantized_cnn, "4.2", "quantization"),
    "SubIntegerQuantizedCNN-curve": (low_bit_curve, "4.2", "quantization"),
    **recipes_digits.RECIPES,
}
"""Name, recipe, the lesson that tells its story, the method: in the order they need each other."""


def _trained(
    architecture: type[models.Network] = models.SimplifiedCNN,
    *,
    seed: int = 0,
    loss: training.Loss = training.cross_entropy,
    **settings,
) -> models.Network:
    """Train a network by the course's recipe: 20 epochs, the rate from 0.002 to 0."""
    torch.manual_seed(seed)
    network = architecture(**settings)
    training.train(
        network, *_sets(), epochs=20, learning_rate=2e-3, weight_decay=0.01, seed=seed,
        loss=loss, augment=training.mirror_and_shift,
    )  # fmt: skip
    return network


def _trained_through(bits: int | str, path: Path, *, clip: str = "max") -> Path:
    """Train the reference through the rounding for 6 epochs, about 2 CPU minutes."""
    student = quantize.train_through(models.load_network("SimplifiedCNN"), bits=bits, clip=clip)
    training.train(
        student, *_sets(), epochs=6, learning_rate=1e-3, augment=training.mirror_and_shift
    )
    return models.save_network(student, path, bits=bits)


def _sets() -> tuple[training.Pair, training.Pair]:
    return data.fashion_mnist("train"), data.fashion_mnist("validation")


def _write_scoreboard(made: dict[Path, tuple[str, str]]) -> None:
    """Measure the files just made and write their rows, the others kept, in the recipes' order."""
    path = data.folder() / "scoreboard.csv"
    kept = list(csv.DictReader(path.open(newline=""))) if path.exists() else []
    fresh = [scoreboard.row(file, name=_row_name(file), made_in=lesson, method=method)
             for file, (lesson, method) in made.items()]  # fmt: skip
    names = {row["name"] for row in fresh}
    lines = io.StringIO()
    writer = csv.DictWriter(lines, scoreboard.COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(sorted([r for r in kept if r["name"] not in names] + fresh, key=_place))
    models.write_atomically(path, lines.getvalue().encode())


def _row_name(file: Path) -> str:
    """A file's bare name; the reference's export keeps its ending, to tell the two apart."""
    return file.name if file.name == f"{scoreboard.REFERENCE}.onnx" else models.bare_name(file)


def _place(row: dict) -> tuple[bool, str, int]:
    """The reference first, then lesson by lesson, the largest file first."""
    return row["name"] != scoreboard.REFERENCE, str(row["made_in"]), -int(row["bytes"])


def main(names: list[str]) -> None:
    """Run the named recipes, or all, and measure what they made."""
    unknown = [name for name in names if name not in RECIPES]
    if unknown:
        sys.exit(f"no recipe {', '.join(unknown)}; there are: {', '.join(RECIPES)}.")
    folder, made = data.folder() / "networks", {}
    for name in names or RECIPES:
        recipe, *story = RECIPES[name]
        print(f"{name} …", flush=True)
        made |= dict.fromkeys(recipe(folder), tuple(story))
    _write_scoreboard(made)


if __name__ == "__main__":
    main(sys.argv[1:])
