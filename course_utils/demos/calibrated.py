"""Lesson 3.9: how sure networks are, in tables, on a slide, and under corruptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from course_utils import diagnose, training
from course_utils.data import FASHION_CLASSES


def calibration_rows(
    fitted: Mapping[str, Tensor], judged: Mapping[str, Tensor], known: Tensor, labels: Tensor
) -> list[dict[str, Any]]:
    """Rows for `lesson.table`: temperature from `fitted` logits, the rest on `judged` ones.

    Args:
        known: labels of the fitted ones.
        labels: labels of the judged ones.
    """
    rows = []
    for name, logits in judged.items():
        heat = diagnose.fit_temperature(fitted[name], known)
        mended = diagnose.at_temperature(logits, heat)
        before = diagnose.overconfidence(logits.softmax(1), labels)
        after = diagnose.overconfidence(mended, labels)
        rows.append({
            "network": name, "too sure by": before[0], "± ": before[1], "temperature": heat,
            "then too sure by": after[0], "ECE before": diagnose.ece(logits.softmax(1), labels),
            "after": diagnose.ece(mended, labels),
            "if calibrated": diagnose.ece_if_calibrated(mended).mean().item(),
        })  # fmt: skip
    return rows


CALIBRATION = {"too sure by": "+.1%", "± ": ".1%", "temperature": ".2f",
               "then too sure by": "+.1%", "ECE before": ".1%", "after": ".1%",
               "if calibrated": ".1%"}  # fmt: skip


def floor_rows(probabilities: Tensor, counts: Sequence[int]) -> list[dict[str, Any]]:
    """Rows for `lesson.table`: the ECE of perfect calibration on the first so many images."""
    rows = []
    for count in counts:
        some = probabilities[:count]
        rows.append({"images": count} | {
            f"groups of equal {equal}": diagnose.ece_if_calibrated(some, equal=equal).mean().item()
            for equal in ("width", "mass")
        })  # fmt: skip
    return rows


def gaps(probabilities: Tensor, labels: Tensor, groups: Tensor) -> dict[str, tuple[float, float]]:
    """How far too sure, and its error, for each class of `groups` (labels, or answers)."""
    return {
        name: diagnose.overconfidence(probabilities[groups == k], labels[groups == k])
        for k, name in enumerate(FASHION_CLASSES)
    }


def drawn(probabilities: Tensor, *, seed: int = 0) -> Tensor:
    """Labels drawn from the network's own probabilities: it is perfectly calibrated on them."""
    chance = torch.Generator().manual_seed(seed)
    return torch.multinomial(probabilities, 1, generator=chance)[:, 0]


def hot_rows(networks: Sequence[Any], temperatures: Sequence[float], seek, judge, *, kind: str,
             strengths: Sequence[int]) -> list[dict[str, Any]]:  # fmt: skip
    """Rows for `lesson.table`: ECE under a corruption at three temperatures, mean of networks.

    Args:
        seek: images and labels, on whose corrupted copies the third temperature is fitted.
        judge: others.
    """
    rows = []
    for strength in strengths:
        found = []
        for network, clean in zip(networks, temperatures, strict=True):
            changed = [diagnose.corrupt(images, kind, strength, seed=seed)
                       for seed, (images, _) in enumerate((seek, judge))]  # fmt: skip
            first, logits = (training.predict(network, images) for images in changed)
            knowing = diagnose.fit_temperature(first, seek[1])
            odds = [diagnose.at_temperature(logits, heat) for heat in (1.0, clean, knowing)]
            floor = diagnose.ece_if_calibrated(odds[-1]).mean().item()
            found.append([*(diagnose.ece(one, judge[1]) for one in odds), floor])
        mean = torch.tensor(found).mean(0).tolist()
        rows.append({f"strength of {kind}": strength, "as it comes": mean[0],
                     "temperature from clean images": mean[1],
                     "from images with this corruption": mean[2],
                     "if calibrated": mean[3]})  # fmt: skip
    return rows


class TemperatureSlide:
    """A network's reliability at any temperature, beside how it comes."""

    def __init__(self, logits: Tensor, labels: Tensor):
        self.logits, self.labels = logits, labels
        self.raw = diagnose.reliability(logits.softmax(1), labels)

    def groups(self, temperature: float) -> dict[str, diagnose.Reliability]:
        """Reliability as it comes and at the temperature."""
        odds = diagnose.at_temperature(self.logits, temperature)
        return {"as it comes": self.raw,
                f"T = {temperature:.2f}": diagnose.reliability(odds, self.labels)}  # fmt: skip

    def draw(self, temperature: float) -> Any:
        """Draw both, and the bars of a perfectly calibrated network."""
        odds = diagnose.at_temperature(self.logits, temperature)
        gap, _ = diagnose.overconfidence(odds, self.labels)
        word = "too sure" if gap > 0 else "too unsure"
        return diagnose.figures.reliability(
            self.groups(temperature), title=f"At T = {temperature:.2f} {word} by {abs(gap):.1%}"
        )

    def words(self, temperature: float) -> str:
        """The picture in words."""
        return diagnose.figures.words_for_reliability(self.groups(temperature))


def worst(found: Mapping[str, tuple[float, float]]) -> str:
    """The class whose gap is the most standard errors from 0, in words."""
    name, (gap, error) = max(found.items(), key=lambda one: abs(one[1][0] / one[1][1]))
    return f"{name}, {gap:+.1%}, {abs(gap / error):.1f} standard errors"


def mean_of(runs: Sequence[Sequence[diagnose.Corrupted]]) -> list[diagnose.Corrupted]:
    """The mean of several networks' runs under the same corruptions."""

    def mean(same, name):
        return sum(getattr(one, name) for one in same) / len(same)

    return [
        diagnose.Corrupted(same[0].kind, same[0].strength,
                           *(mean(same, name) for name in ("accuracy", "confidence", "ece")))
        for same in zip(*runs, strict=True)
    ]  # fmt: skip


def suffering(networks, temperatures: Sequence[float], images: Tensor, labels: Tensor):
    """Several networks under every corruption, each at its own temperature; their mean."""
    return mean_of([
        diagnose.under_corruption(network, images, labels, temperature=heat)
        for network, heat in zip(networks, temperatures, strict=True)
    ])  # fmt: skip
