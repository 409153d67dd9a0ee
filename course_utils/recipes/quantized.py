"""The recipes of lesson 4.2: integers for ONNX Runtime, and training through the rounding."""

from __future__ import annotations

from pathlib import Path

from course_utils import data, models, quantize, training
from course_utils.recipes.dense import sets

INTEGER_NETWORKS = {"IntegerQuantizedCNN": ("conv1",), "IntegerQuantizedCNN-all": ()}
"""File name, and the layers that stay float."""
LOW_BITS = {"3bit": (3, "mse"), "2bit": (2, "mse"), "ternary": ("ternary", "max"),
            "binary": ("binary", "max")}  # fmt: skip
"""The curve below 4 bits: file-name ending, grid, and how its range is chosen: a grid of 3 or
7 codes that must reach the largest weight wastes most of them."""


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
    return [trained_through(4, folder / "SubIntegerQuantizedCNN.safetensors")]


def low_bit_curve(folder: Path) -> list[Path]:
    """Train the reference through the rounding to 3 and 2 bits, ternary and binary weights."""
    return [
        trained_through(bits, folder / f"SubIntegerQuantizedCNN-{name}.safetensors", clip=clip)
        for name, (bits, clip) in LOW_BITS.items()
    ]


def trained_through(bits: int | str, path: Path, *, clip: str = "max") -> Path:
    """Train the reference through the rounding for 6 epochs, about 2 CPU minutes."""
    student = quantize.train_through(models.load_network("SimplifiedCNN"), bits=bits, clip=clip)
    training.train(
        student, *sets(), epochs=6, learning_rate=1e-3, augment=training.mirror_and_shift
    )
    return models.save_network(student, path, bits=bits)


RECIPES = {
    "IntegerQuantizedCNN": (integer_quantized_cnn, "4.2", "quantization"),
    "SubIntegerQuantizedCNN": (sub_integer_quantized_cnn, "4.2", "quantization"),
    "SubIntegerQuantizedCNN-curve": (low_bit_curve, "4.2", "quantization"),
}
"""Name, recipe, the lesson that tells its story, the method."""
