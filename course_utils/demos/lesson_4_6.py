"""Lesson 4.6: answers on photographs, maps from integers, covers, and what LIME costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from course_utils import measure, photos, quantize, surrogate
from course_utils.demos.onnx_files import inside
from course_utils.demos.photo_record import WAYS
from course_utils.models import lite0
from course_utils.recipes.photographs import (
    CALIBRATION,
    EXPLAINED,
    SMALL,
    calibration,
    resized,
    superpixels,
)
from course_utils.spread import decide, mean_and_error

__all__ = [
    "CALIBRATION", "EXPLAINED", "against_seeds", "agreement_rows", "answer_rows", "calibration",
    "column", "covered", "explain", "falls", "fresh_crops", "hardest_anywhere", "integer_cam",
    "logits", "same_answers", "seconds", "superpixels", "told", "two_digits",
    "wrong_answers",
]  # fmt: skip

Network = Callable[[Tensor], Tensor]
PLACES = {
    "face": (70, 2), "flag": (0, 0), "collar": (56, 73), "badge": (35, 146),
    "shuttle": (154, 28), "helmet": (130, 154),
}  # fmt: skip
"""Upper left corners, (right, down), of squares of SIDE pixels on the astronaut's photograph."""
SIDE = 70


def answer_rows(names: Sequence[str], answers: Tensor) -> list[dict[str, str]]:
    """Rows for `lesson.table`: what a photograph shows, and the network's three likeliest names."""
    places = ("first", "second", "third")
    return [
        {"photo": photos.PHOTOS[name].shows}
        | {place: f"{word} {share:.0%}" for place, (word, share) in zip(places, best, strict=True)}
        for name, best in zip(names, photos.top(answers), strict=True)
    ]


def wrong_answers(names: Sequence[str], answers: Tensor) -> list[str]:
    """The photographs whose likeliest name is none that `photos.PHOTOS` accepts."""
    return [name for name, ((word, _),) in zip(names, photos.top(answers, 1), strict=True)
            if word not in photos.PHOTOS[name].right]  # fmt: skip


def fresh_crops(*, count: int = 24) -> Tensor:
    """Crops of photographs that no range was taken from, photo x count x 3 x 224 x 224."""
    return torch.stack([
        photos.crops(photos.load(name), count, seed=100 + seed)
        for seed, name in enumerate(EXPLAINED)
    ])  # fmt: skip


@torch.no_grad()
def logits(network: Network, crops: Tensor) -> Tensor:
    """A network's answers on crops, photo x count x class."""
    return torch.stack([
        torch.cat([network(part) for part in photo.split(2)]) for photo in crops
    ])  # fmt: skip


def same_answers(answers: Tensor, others: Tensor) -> Tensor:
    """On which share of each photograph's crops two networks give the same class, photo."""
    return (answers.argmax(2) == others.argmax(2)).double().mean(1)


def told(values: Tensor, *, digits: int = 2) -> str:
    """A mean over photographs and its standard error in words."""
    mean, error = mean_and_error(values)
    return f"{mean:.{digits}f} ± {error:.{digits}f}"


def agreement_rows(answers: Mapping[str, Tensor], reference: Tensor) -> list[dict[str, str]]:
    """Rows for `lesson.table`: a network's share of same answers, photo by photo and in all."""
    rows = []
    for way, found in answers.items():
        same = same_answers(found, reference)
        each = {name: f"{share:.0%}" for name, share in zip(EXPLAINED, same.tolist(), strict=True)}
        rows.append({"network": way} | each | {"mean": told(same)})
    return rows


def integer_cam(path: str | Path, network: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """The class activation map of an integer file, from its own numbers: n x 1 x height x width.

    Args:
        network: gives the last layer's weights, n x channel; they are rounded as in the file.
        classes: the class to explain, n.
    """
    import onnx

    graph = onnx.load(path).graph
    (mean,) = (node for node in graph.node if node.op_type == "ReduceMean")
    places = inside(path, mean.input[0].replace("_DequantizeLinear", "_QuantizeLinear"), images)
    kept = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}
    name = mean.input[0].removesuffix("_DequantizeLinear_Output")
    places = (places.float() - float(kept[f"{name}_zero_point"])) * float(kept[f"{name}_scale"])
    weights = quantize.round_weight(network.fc.weight, bits=8).dequantize()[classes]
    small = (weights[:, :, None, None] * places).sum(1, keepdim=True) / places[0, 0].numel()
    return nn.functional.interpolate(small, size=images.shape[-2:], mode="bilinear")


def explain(
    network: Network, image: Tensor, *, samples: int = 200, seed: int = 0, label: int | None = None
) -> tuple[Tensor, float]:
    """LIME as the lesson recommends it: log-odds, superpixels, off is the network's grey.

    Returns:
        The map, height x width, and the seconds that it took.
    """
    start = time.perf_counter()
    found = surrogate.lime(
        network, image, label, segments=superpixels(image), background=lite0.GREY, log_odds=True,
        samples=samples, seed=seed, batch_size=4,
    )[0, 0]  # fmt: skip
    return found, time.perf_counter() - start


def covered(
    network: Network, image: Tensor, label: int, corners: Sequence[tuple[int, int]], paint: Tensor
) -> Tensor:
    """How far the log-odds of a class fall when a square is painted over, one for each corner.

    Args:
        image: 1 x 3 x height x width.
        corners: (right, down) of squares of SIDE pixels.
        paint: what is put there, 3 x SIDE x SIDE.
    """
    pictures = image.repeat(len(corners), 1, 1, 1)
    for picture, (right, down) in zip(pictures, corners, strict=True):
        picture[:, down : down + SIDE, right : right + SIDE] = paint
    whole = surrogate.probability(network, image, label, log_odds=True)
    return whole - surrogate.probability(network, pictures, label, log_odds=True, batch=4)


def falls(network: Network, image: Tensor, label: int) -> dict[str, Tensor]:
    """How far the log-odds fall when each of PLACES is covered, by the paint that covers it.

    Two paints are plain; two are pieces of the photograph itself.
    """
    paints = {
        "grey": torch.full((3, SIDE, SIDE), lite0.GREY), "black": torch.zeros(3, SIDE, SIDE),
        "suit": image[0, :, 150 : 150 + SIDE, :SIDE], "wall": image[0, :, :SIDE, 150 : 150 + SIDE],
    }  # fmt: skip
    corners = list(PLACES.values())
    return {name: covered(network, image, label, corners, paint) for name, paint in paints.items()}


def hardest_anywhere(
    network: Network, image: Tensor, label: int, *, step: int = 14
) -> tuple[int, int]:
    """The corner of the grey square, of all on a grid, under which the log-odds fall farthest."""
    places = range(0, image.shape[-1] - SIDE + 1, step)
    corners = [(right, down) for down in places for right in places]
    grey = torch.full((3, SIDE, SIDE), lite0.GREY)
    return corners[covered(network, image, label, corners, grey).argmax()]


def seconds(
    floats: Network, integers: Network, path: str | Path, image: Tensor
) -> dict[str, float]:
    """What each way of the record costs on this machine, by the time of one mask.

    Args:
        floats, integers: the networks that are timed; path: the float file, for 128 pixels.
    """
    part = image.repeat(4, 1, 1, 1)
    small = resized(path, SMALL, threads=1)
    less = nn.functional.interpolate(part, size=(SMALL, SMALL))
    each = {"floats": measure.latency(floats, part, runs=5, warmup=1).median / 4,
            "integers": measure.latency(integers, part, runs=5, warmup=1).median / 4,
            "small": measure.latency(small, less, runs=5, warmup=1).median / 4}  # fmt: skip
    each["coarse"], each["mended"] = each["floats"], each["integers"]
    return {way: count * each[array] for way, (array, count) in WAYS.items()}


def column(rows: Sequence[Mapping[str, Any]], key: str) -> Tensor:
    """A column of a table."""
    return torch.tensor([row[key] for row in rows], dtype=torch.float64)


def two_digits(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """How a table's numbers are written: all columns but the first."""
    return dict.fromkeys(list(rows[0])[1:], ".2f")


def against_seeds(rows: Sequence[Mapping[str, Any]], network: str) -> str:
    """Whether a network agrees with the floats more or less than two seeds do, in words."""
    mean, error = mean_and_error(column(rows, network) - column(rows, "another seed"))
    return decide(mean, 2 * error, (
        "worse than two seeds", "about as two seeds", "better than two seeds"))  # fmt: skip
