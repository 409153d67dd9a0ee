"""Everything that a report says about a network, measured: numbers only, no page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from course_utils import training
from course_utils.diagnose import calibration, corruptions, errors, labels, slices

Pair = tuple[Tensor, Tensor]
Network = Callable[[Tensor], Tensor]
TRIED = 5
"""Slices that are looked at twice."""


@dataclass(frozen=True)
class Corrupted:
    """How a network did on corrupted copies of the images."""

    kind: str
    strength: int
    accuracy: float
    confidence: float
    ece: float


@dataclass(frozen=True)
class Findings:
    """What `examine` measured. Everything but `temperature` is measured on `confirm`.

    Attributes:
        sought: how many images the temperature and the slices were sought on.
        matrix: confusion, (true, predicted).
        raw: calibration of the probabilities as they come.
        mended: calibration at the temperature.
        floor: mean ECE of a perfectly calibrated network on as many images, and the 95th
            percentile.
        slices: those tried, the weakest (when sought) first.
        corrupted: at the temperature; strength 0 is clean, on as many images.
        corrupted_images: how many.
        suspects: places in `confirm`, the most doubtful label first.
        instead: the class each suspect is confidently of.
    """

    sought: int
    images: int
    matrix: Tensor
    raw: calibration.Reliability
    mended: calibration.Reliability
    floor: tuple[float, float]
    temperature: float | None
    slices: list[slices.Confirmed]
    rules: int
    corrupted: list[Corrupted]
    corrupted_images: int
    suspects: Tensor
    instead: Tensor

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        return self.matrix.diagonal().sum().item() / self.images

    @property
    def error(self) -> float:
        """Standard error of the accuracy, a share."""
        return (self.accuracy * (1 - self.accuracy) / self.images) ** 0.5


def examine(
    network: Network,
    seek: Pair,
    confirm: Pair,
    *,
    names: Sequence[str] = (),
    strengths: Sequence[int] = (1, 3, 5),
    corrupted: int = 1000,
    seed: int = 0,
) -> Findings:
    """Measure a network's limits by its predictions alone.

    Args:
        seek: images and labels that the temperature is fitted and weak slices are sought on.
        confirm: others, on which everything is measured. Neither may have been trained on.
        names: of the classes.
        strengths: of the corruptions, 1 to 5.
        corrupted: how many images of `confirm` are corrupted, at most.

    Raises:
        ValueError: a set is empty or unpaired, or both hold the same images.
    """
    _check(seek, confirm, names)
    first, logits = (training.predict(network, images) for images, _ in (seek, confirm))
    truth = confirm[1].cpu()
    try:
        temperature = calibration.fit_temperature(first, seek[1])
    except ValueError:  # such as when every answer is right
        temperature = None
    mended = calibration.at_temperature(logits, temperature or 1.0)
    floor = calibration.ece_if_calibrated(mended, draws=40, seed=seed)
    tried, made = _slices(seek, confirm, first.argmax(1), logits.argmax(1), names)
    doubted = labels.suspects(logits.softmax(1), truth)
    return Findings(
        sought=len(seek[1]),
        images=len(truth),
        matrix=errors.count(logits.argmax(1), truth, classes=logits.shape[1]),
        raw=calibration.reliability(logits.softmax(1), truth),
        mended=calibration.reliability(mended, truth),
        floor=(floor.mean().item(), floor.quantile(0.95).item()),
        temperature=temperature,
        slices=tried,
        rules=made,
        corrupted=under_corruption(
            network,
            confirm[0][:corrupted],
            truth[:corrupted],
            temperature=temperature or 1.0,
            strengths=(0, *strengths),
            seed=seed,
        ),
        corrupted_images=min(corrupted, len(truth)),
        suspects=doubted,
        instead=labels.confident_class(logits.softmax(1), truth)[doubted],
    )


def _slices(seek: Pair, confirm: Pair, first: Tensor, second: Tensor, names: Sequence[str]):
    """The slices tried twice, and how many were looked at once."""
    values = [slices.properties(images.cpu()) for images, _ in (seek, confirm)]
    truth = [known.cpu() for _, known in (seek, confirm)]
    made = slices.rules(values[0], truth[0], names)
    found = slices.weakest(made, values[0], truth[0], first != truth[0])
    worth = [one for one in found[:TRIED] if one.z > 0]
    return slices.confirm(worth, values[1], truth[1], second != truth[1]), len(made)


def under_corruption(
    network: Network,
    images: Tensor,
    known: Tensor,
    *,
    temperature: float = 1.0,
    strengths: Sequence[int] = (0, 1, 3, 5),
    seed: int = 0,
) -> list[Corrupted]:
    """How a network does on corrupted copies of images: kind by kind, strength by strength."""
    clean = _done(network, images, known, "clean", 0, temperature, seed)
    return [
        replace(clean, kind=kind) if strength == 0
        else _done(network, images, known, kind, strength, temperature, seed)
        for kind in corruptions.AMOUNTS for strength in strengths
    ]  # fmt: skip


def _done(network, images, known, kind, strength, temperature, seed) -> Corrupted:
    changed = corruptions.corrupt(images, kind, strength, seed=seed) if strength else images
    logits, known = training.predict(network, changed), known.cpu()
    sure = calibration.at_temperature(logits, temperature)
    right = (logits.argmax(1) == known).double().mean().item()
    return Corrupted(kind, strength, right, sure.amax(1).mean().item(),
                     calibration.ece(sure, known))  # fmt: skip


def _check(seek: Pair, confirm: Pair, names: Sequence[str]) -> None:
    for name, (images, known) in {"seek": seek, "confirm": confirm}.items():
        if len(images) != len(known) or len(images) == 0:
            raise ValueError(f"{name} has {len(images)} images and {len(known)} labels; give the "
                             "same number of both, at least one.")  # fmt: skip
        if names and known.max() >= len(names):
            raise ValueError(f"{name} has a label {known.max().item()}; there are {len(names)} "
                             "names of classes.")  # fmt: skip
    if seek[0].shape == confirm[0].shape and torch.equal(seek[0], confirm[0]):
        raise ValueError(
            "seek and confirm hold the same images: what is found on images cannot be confirmed "
            "on them. Give two halves."
        )
