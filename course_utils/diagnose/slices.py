"""Slices where a network is weak: sought on some images, confirmed on others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Values = Mapping[str, Tensor]


def properties(images: Tensor) -> dict[str, Tensor]:
    """Measure nameable properties of each image: by name, n numbers.

    brightness: mean of the lit pixels. contrast: their spread. size: share of lit pixels.
    tilt: degrees by which the long axis leans from the nearer side, 0 to 45. slimness: height
    over width of the lit part. lopsided: difference between the image and its mirror image.

    Args:
        images: n x channel x height x width in [0, 1], bright on black.
    """
    parts = [_measured(part) for part in images.split(500)]  # bounds the memory
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def _measured(images: Tensor) -> dict[str, Tensor]:
    planes = images.double().mean(1)
    lit = planes > 0.1
    pixels = lit.sum((1, 2)).clamp(min=1)
    bright = (planes * lit).sum((1, 2)) / pixels
    spread = (((planes - bright[:, None, None]) ** 2 * lit).sum((1, 2)) / pixels).sqrt()
    mirrored = (planes - planes.flip(2)).abs().sum((1, 2)) / planes.sum((1, 2)).clamp(min=1e-6)
    tall, wide = lit.any(2).sum(1), lit.any(1).sum(1)
    return {
        "brightness": bright,
        "contrast": spread,
        "size": lit.double().mean((1, 2)),
        "tilt": _tilt(planes),
        "slimness": tall / wide.clamp(min=1),
        "lopsided": mirrored,
    }


def _tilt(planes: Tensor) -> Tensor:
    """Degrees between an image's main axis and the nearer of upright and level."""
    rows, columns = (torch.arange(side, dtype=planes.dtype, device=planes.device)
                     for side in planes.shape[1:])  # fmt: skip
    mass = planes.sum((1, 2)).clamp(min=1e-6)
    y = rows[None, :, None] - ((planes.sum(2) @ rows) / mass)[:, None, None]
    x = columns[None, None, :] - ((planes.sum(1) @ columns) / mass)[:, None, None]
    xy, xx, yy = ((planes * part).sum((1, 2)) for part in (x * y, x * x, y * y))
    angle = torch.rad2deg(0.5 * torch.atan2(2 * xy, xx - yy)).abs() % 90
    return torch.minimum(angle, 90 - angle)


@dataclass(frozen=True)
class Rule:
    """Which images belong to a slice: a property's range, in one class or in all.

    Attributes:
        low: members have at least this value.
        high: members have less than this value.
        label: members have this label; None: any.
    """

    name: str
    of: str
    low: float = -torch.inf
    high: float = torch.inf
    label: int | None = None

    def members(self, values: Values, labels: Tensor) -> Tensor:
        """Which images follow the rule, n booleans."""
        chosen = (values[self.of] >= self.low) & (values[self.of] < self.high)
        return chosen if self.label is None else chosen & (labels == self.label)


def rules(
    values: Values, labels: Tensor, names: Sequence[str] = (), *, share: float = 0.2
) -> list[Rule]:
    """The lowest and the highest share of each property, over all classes and in each class.

    Args:
        values: by property, n numbers; the limits are taken from them.
        names: of the classes; their numbers unless told.
        share: of the images (or of the class's images) that each slice holds, about.
    """
    if not 0 < share <= 0.5:
        raise ValueError(f"share must be above 0 and at most 0.5; got {share}.")
    made = []
    for label in (None, *labels.unique().tolist()):
        inside = labels == label if label is not None else torch.ones_like(labels, dtype=bool)
        who = "all" if label is None else names[label] if names else f"class {label}"
        for of, numbers in values.items():
            low, high = numbers[inside].double().quantile(
                torch.tensor([share, 1 - share], dtype=torch.float64)).tolist()  # fmt: skip
            made.append(Rule(f"{who}, low {of}", of, high=low, label=label))
            made.append(Rule(f"{who}, high {of}", of, low=high, label=label))
    return made


@dataclass(frozen=True)
class Weakness:
    """How a slice did.

    Attributes:
        images: members of the slice.
        errors: share of members that were wrong.
        expected: the share to expect of as many images of the same classes.
        z: errors above the expected ones, in standard errors of a random slice.
    """

    rule: Rule
    images: int
    errors: float
    expected: float
    z: float


def weakness(rule: Rule, values: Values, labels: Tensor, wrong: Tensor) -> Weakness:
    """Compare a slice's errors with those of random images of the same classes.

    Mean and variance are exact for slices drawn at random within each class (hypergeometric;
    summed over classes as Mantel and Haenszel do), so a slice does not count as weak because
    it holds a hard class.
    """
    if not len(labels) == len(wrong) == len(values[rule.of]):
        raise ValueError(
            f"{len(values[rule.of])} values, {len(labels)} labels and {len(wrong)} answers came; "
            "they must belong to the same images."
        )
    member, wrong = rule.members(values, labels), wrong.double()
    mean = variance = 0.0
    for label in labels[member].unique():
        same = labels == label
        n, m, rate = int(same.sum()), int((same & member).sum()), wrong[same].mean().item()
        mean += m * rate
        variance += m * rate * (1 - rate) * (n - m) / max(n - 1, 1)
    images, found = int(member.sum()), wrong[member].sum().item()
    z = (found - mean) / variance**0.5 if variance > 0 else 0.0
    return Weakness(rule, images, found / max(images, 1), mean / max(images, 1), z)


def weakest(
    made: Sequence[Rule], values: Values, labels: Tensor, wrong: Tensor, *, least: int = 30
) -> list[Weakness]:
    """All slices of at least `least` images, the weakest first."""
    found = (weakness(rule, values, labels, wrong) for rule in made)
    return sorted((one for one in found if one.images >= least), key=lambda one: -one.z)


@dataclass(frozen=True)
class Confirmed:
    """A slice found weak on some images, and judged on others."""

    sought: Weakness
    again: Weakness
    p: float
    """Chance of a z as high as `again`'s for a random slice, times the slices tried there."""

    @property
    def holds(self) -> bool:
        """Whether the weakness was confirmed: p below 0.05."""
        return self.p < 0.05


def confirm(
    found: Sequence[Weakness], values: Values, labels: Tensor, wrong: Tensor
) -> list[Confirmed]:
    """Judge slices that were found elsewhere on new images, corrected for how many are tried.

    Args:
        found: the few that are worth a second look; each one more makes the test stricter
            (Bonferroni: p is multiplied by their number).
    """
    checked = []
    for one in found:
        again = weakness(one.rule, values, labels, wrong)
        tail = 0.5 * torch.erfc(torch.tensor(again.z / 2**0.5, dtype=torch.float64)).item()
        checked.append(Confirmed(one, again, min(1.0, tail * len(found))))
    return checked
