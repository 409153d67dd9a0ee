"""What the recipe of lesson 4.6 found: LIME on five photographs, read and compared."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy
import torch
from torch import Tensor

from course_utils import data, fusion
from course_utils.recipes.photographs import EXPLAINED, SAMPLES, SEEDS
from course_utils.spread import mean_and_error

WAYS = {
    **{f"{count} masks": ("floats", count) for count in SAMPLES},
    "200 masks, integers": ("mended", 200),
    "200 masks, 128 pixels": ("small", 200),
    "100 masks, large pieces": ("coarse", 100),
}
"""By name: the array of the record, and the number of masks."""


class Record:
    """LIME's weights on five photographs, by way and seed, and what a careful LIME found."""

    def __init__(self) -> None:
        with numpy.load(data.folder() / "studies" / "photographs.npz") as file:
            self._kept = {name: torch.from_numpy(file[name]) for name in file}

    def segments(self, name: str, *, coarse: bool = False) -> Tensor:
        """Return a photograph's pieces, height x width."""
        return self._kept[f"{name} {'coarse ' if coarse else ''}segments"].long()

    def label(self, name: str) -> int:
        """Return the class that is explained: the float network's answer."""
        return int(self._kept[f"{name} class"])

    def careful(self, name: str) -> Tensor:
        """Return the floats' map from 1,000 masks, height x width."""
        return self._kept[f"{name} floats careful"][0][self.segments(name)]

    def maps(self, name: str, array: str, samples: int) -> Tensor:
        """Return one map a seed, seed x height x width."""
        segments = self.segments(name, coarse=array == "coarse")
        return self._kept[f"{name} {array} {samples}"][:, segments]

    def weights(self, name: str, array: str, samples: int) -> Tensor:
        """Return the weights of the pieces, seed x piece."""
        return self._kept[f"{name} {array} {samples}"]

    def fidelity(self) -> dict[str, list[float]]:
        """Return each way's rank correlation to the careful map, photo by photo (mean of seeds).

        The control is the careful map with its pieces in random order.
        """
        found = {way: [self._alike(name, self.maps(name, *array)) for name in EXPLAINED]
                 for way, array in WAYS.items()}  # fmt: skip
        found["control: shuffled"] = [self._alike(name, self._shuffled(name)) for name in EXPLAINED]
        return found

    def fresh_fit(self) -> dict[int, list[float]]:
        """Return R² on fresh masks by the number of masks, photo by photo (mean of seeds)."""
        return {count: [self._kept[f"{name} floats {count} fit"].mean().item()
                        for name in EXPLAINED] for count in SAMPLES}  # fmt: skip

    def fits_in_words(self, count: int) -> str:
        """Return R² on fresh masks of each photograph in words."""
        fits = zip(EXPLAINED, self.fresh_fit()[count], strict=True)
        return ", ".join(f"{name} {fit:.2f}" for name, fit in fits)

    def rows(self, seconds: Mapping[str, float]) -> list[dict[str, str]]:
        """Rows for `lesson.table`: a way's cost on this machine, its fidelity, and R².

        Args:
            seconds: by the name of a way.
        """
        fits = {f"{count} masks": _told(fit) for count, fit in self.fresh_fit().items()}
        return [
            {"LIME with": way, "seconds": f"{seconds[way]:.1f}" if way in seconds else "–",
             "ρ": _told(values), "R²": fits.get(way, "–")}
            for way, values in self.fidelity().items()
        ]  # fmt: skip

    def drift(self, *networks: str) -> list[dict[str, Any]]:
        """Return a row for each photograph: how alike are maps of other seeds, and of integers.

        All with 200 masks and three seeds; floats and integers are asked the same masks.

        Args:
            networks: of "integers" and "mended".
        """
        pairs = list(itertools.combinations(SEEDS, 2))
        first, second = (list(part) for part in zip(*pairs, strict=True))
        rows = []
        for name in EXPLAINED:
            floats = self.weights(name, "floats", 200)
            row = {"photo": name,
                   "another seed": _mean_rho(floats[first], floats[second])}  # fmt: skip
            for network in networks:
                row[network] = _mean_rho(floats, self.weights(name, network, 200))
            rows.append(row)
        return rows

    def _alike(self, name: str, maps: Tensor) -> float:
        careful = self.careful(name).expand_as(maps)
        return fusion.agreement(_thin(maps), _thin(careful)).mean().item()

    def _shuffled(self, name: str) -> Tensor:
        weights = self._kept[f"{name} floats careful"][0]
        orders = (torch.randperm(len(weights), generator=torch.Generator().manual_seed(seed))
                  for seed in SEEDS)  # fmt: skip
        return torch.stack([weights[order][self.segments(name)] for order in orders])


def _told(values: Sequence[float]) -> str:
    mean, error = mean_and_error(values)
    return f"{mean:.2f} ± {error:.2f}"


def _mean_rho(maps: Tensor, others: Tensor) -> float:
    return fusion.agreement(maps, others).mean().item()


def _thin(maps: Tensor) -> Tensor:
    """Every fourth pixel of a map in each direction: pieces are much larger."""
    return maps[:, 2::4, 2::4]
