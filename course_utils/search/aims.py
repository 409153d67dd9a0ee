"""The three aims: bytes of the file, accuracy, and agreement with the whole network's reasons."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path

import torch

from course_utils import data, fusion, measure, models, saliency, training

SEEN, HELD = slice(0, 1000), slice(1000, 3000)
"""Validation images that the search sees, and those that judge it afterwards."""
EXPLAINED = 64
"""How many images of each part are explained."""
DIRECTIONS = ("minimize", "maximize", "maximize")

EXPLAINER = fusion.Explainer(
    lambda network, images, classes: saliency.integrated_gradients(
        network, images, classes, steps=8
    )
)
"""The one way of explaining that the search pays for: integrated gradients in 8 steps."""


@dataclass(frozen=True)
class Aims:
    """What one network is worth: fewer bytes are better, more of the other two are.

    Attributes:
        bytes: of the file.
        accuracy: share of right answers.
        agreement: mean rank correlation of its maps with the whole network's.
    """

    bytes: int
    accuracy: float
    agreement: float

    def __str__(self) -> str:
        return f"{self.bytes:,} bytes, accuracy {self.accuracy:.1%}, agreement {self.agreement:.2f}"

    @property
    def values(self) -> tuple[int, float, float]:
        """The three numbers, in the order of DIRECTIONS."""
        return astuple(self)


class Judge:
    """Measures files on one set of images.

    Args:
        whole: the network whose answers are explained, and whose maps are the measure.
        images, labels: what accuracy is counted on; the first EXPLAINED are explained, each
            for the class that the whole network gives it.
    """

    def __init__(self, whole: models.Network, images: torch.Tensor, labels: torch.Tensor) -> None:
        self.images, self.labels = images, labels
        self.few = images[:EXPLAINED]
        self.classes = training.predict(whole, self.few).argmax(1)
        self.before = EXPLAINER.method(whole, self.few, self.classes)

    def __call__(self, path: Path) -> Aims:
        """Load a network's file and measure it: what counts is what the file gives back."""
        network = models.load_network(path).to(memory_format=torch.channels_last)
        maps = EXPLAINER.method(network, self.few, self.classes)
        return Aims(
            measure.file_bytes(path),
            training.evaluate(network, self.images, self.labels),
            EXPLAINER.agreement(self.few, self.before, maps).mean().item(),
        )


def judges(whole: models.Network) -> tuple[Judge, Judge]:
    """Return the judge that the search asks, and one on validation images held back from it."""
    images, labels = data.fashion_mnist("validation", limit=HELD.stop)
    return tuple(Judge(whole, images[part], labels[part]) for part in (SEEN, HELD))


def of_network(write: Callable[[Path], Path], *asked: Judge) -> tuple[Aims, ...]:
    """Write a network into a file of a folder that then goes, and ask each judge about it."""
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "network.safetensors.xz")
        return tuple(judge(path) for judge in asked)


def of_file(path: str | Path, *asked: Judge) -> tuple[Aims, ...]:
    """Ask judges about a network file, coded as those of the search are, if that is shorter.

    A `.safetensors` file coded by LZMA is a `.safetensors.xz` file.
    """
    path = models.network_path(path)
    raw = path.read_bytes()
    coded = models.xz_bytes(raw)
    if path.suffix != ".safetensors" or len(coded) >= len(raw):
        return tuple(judge(path) for judge in asked)

    def write(place: Path) -> Path:
        return models.write_atomically(place, coded)

    return of_network(write, *asked)
