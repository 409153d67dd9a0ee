"""Lesson 5.1: the drift table, what its numbers are held against, and every compressed self."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import torch

from course_utils import data, fusion, models, saliency, training
from course_utils.recipes import drift as recipe
from course_utils.spread import mean_and_error

if TYPE_CHECKING:
    import pandas

Seeds = dict[str, list[float]]
"""By name, one number for each of the three whole networks."""


def populations() -> dict[str, torch.Tensor]:
    """Return by kind what ten networks answer to the validation images, network x image."""
    from safetensors.torch import load_file

    return load_file(data.folder() / "studies" / "population.safetensors")


def agreements(table: pandas.DataFrame, explainer: str) -> Seeds:
    """Return version -> the agreement with its whole network, by one explainer."""
    return _by_version(table[table.explainer == explainer], "agreement")


def accuracies(table: pandas.DataFrame) -> Seeds:
    """Return version -> accuracy on the validation images."""
    one = table.explainer.iloc[0]
    return _by_version(table[table.explainer == one], "accuracy")


def methods(table: pandas.DataFrame) -> dict[str, str]:
    """Return version -> the method that gives its colour."""
    return dict(zip(table.version, table.method, strict=True))


def smaller(name: str) -> models.Network:
    """Return a smaller version of network 1: rounded on the spot, or as its recipe left it."""
    make, _ = recipe.VERSIONS[name]
    if name in recipe.KEPT:
        return models.load_network(recipe.path(name))
    return make(models.load_network(recipe.WHOLE[0]), 0)


def wholes() -> list[models.Network]:
    """Return the three whole networks, which differ in their seed."""
    return [models.load_network(name) for name in recipe.WHOLE]


def studied() -> training.Pair:
    """Return the recipe's images and their classes; they all lie among the first 200."""
    return recipe.chosen(wholes(), *data.fashion_mnist("validation", limit=200))


def neighbours(classes: torch.Tensor) -> torch.Tensor:
    """Return for each picture the place of the next one of its class, itself if it is alone."""
    places = torch.arange(len(classes))
    found = []
    for place, label in enumerate(classes.tolist()):
        alike = places[classes == label]
        found.append(alike[(int((alike == place).nonzero()) + 1) % len(alike)])
    return torch.stack(found)


def floors(
    images: torch.Tensor, classes: torch.Tensor, maps: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Return by explainer how far maps of two different pictures of one class agree, n."""
    other = neighbours(classes)
    others = {name: one[other] for name, one in maps.items()}
    alone = other == torch.arange(len(classes))
    found = fusion.drift(images, maps, others)
    return {name: one[~alone] for name, one in found.items()}


def above(agree: Mapping[str, Seeds], floors: Mapping[str, torch.Tensor]) -> dict[str, Seeds]:
    """Return agreements, by explainer and version, on a scale from its floor, 0, to unmoved, 1."""
    found = {}
    for name, versions in agree.items():
        floor = floors[name].mean().item()
        found[name] = {version: [(x - floor) / (1 - floor) for x in values]
                       for version, values in versions.items()}  # fmt: skip
    return found


def deletion(
    network: Callable, images: torch.Tensor, classes: torch.Tensor, maps: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Return by map the area under its deletion curve on a network, n: the lower, the better."""
    return {
        name: saliency.area(saliency.deletion_curve(network, images, one, classes))
        for name, one in maps.items()
    }


OWN, WHOLES = "its own map", "the whole network's map"


def cost(found: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Return by how much the whole network's map is worse than a version's own, n areas."""
    return found[WHOLES] - found[OWN]


def area_rows(areas: Mapping[str, Mapping[str, torch.Tensor]]) -> list[dict[str, str]]:
    """Return a table of differences of deletion areas, image by image, with their errors."""

    def told(gap: torch.Tensor) -> str:
        mean, error = mean_and_error(gap)
        return f"{mean:+.3f} ± {error:.3f}"

    return [
        {"network": name, "borrowed − own": told(cost(found)),
         "brightness − own": told(found["brightness"] - found[OWN]),
         "brightness − borrowed": told(found["brightness"] - found[WHOLES])}
        for name, found in areas.items()
    ]  # fmt: skip


def its_own(explainer: str, images: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Return how much better a student agrees with its teacher than with the teacher's twins, n."""
    how = fusion.EXPLAINERS[explainer]
    student, *whole = (how.method(one, images, classes) for one in (smaller("student"), *wholes()))
    teacher, *twins = (how.agreement(images, student, one) for one in whole)
    return teacher - sum(twins) / len(twins)


def forgotten_rows(
    voters: Mapping[str, torch.Tensor], labels: torch.Tensor
) -> list[dict[str, str | float]]:
    """Return a table of populations against "whole": where the majorities differ, who is right."""
    rows = []
    for name in voters.keys() - {"whole"}:
        some = fusion.forgotten(voters["whole"], voters[name])
        rows.append({"ten networks": name,
                     "accuracy": (voters[name] == labels).double().mean().item(),
                     "majority differs": int(some.sum()),
                     "there, whole": right_on(voters["whole"], labels, some),
                     "there, these": right_on(voters[name], labels, some)})  # fmt: skip
    return sorted(rows, key=lambda row: -row["majority differs"])


def setting_rows(
    settings: Mapping[str, tuple[str, torch.Tensor]],
    images: torch.Tensor,
    before: Mapping[str, torch.Tensor],
    agree: Mapping[str, Seeds],
) -> list[dict[str, str | float]]:
    """Return a table: how far one network's maps agree with those by another setting.

    Args:
        settings: by explainer, what was changed, and the maps of the images by it.
        before: by explainer, the maps by its usual setting, of at least these images.
    """
    return [
        {"explainer": name, "changed setting": change,
         "same network": fusion.EXPLAINERS[name].agreement(
             images, before[name][: len(images)], maps).mean().item()}
        | {version: sum(agree[name][version]) / 3 for version in ("90 % zeros", "another seed")}
        for name, (change, maps) in settings.items()
    ]  # fmt: skip


def right_on(answers: torch.Tensor, labels: torch.Tensor, some: torch.Tensor) -> float:
    """Return the mean accuracy of a population, network x image, on some images."""
    return (answers[:, some] == labels[some]).double().mean().item()


class Self(NamedTuple):
    """A version as the dashboard shows it on one picture."""

    map: torch.Tensor
    answer: int
    agreement: float
    accuracy: float


class Dashboard:
    """One picture, every version of network 1: its map, its agreement, its verdict.

    Attributes:
        pictures, classes: the first studied picture of each class, and its class.
        names: the versions, from the whole network to another seed's.
    """

    def __init__(self, images: torch.Tensor, classes: torch.Tensor, accuracy: Seeds) -> None:
        """Load all versions; accuracies come from the table."""
        first = [(classes == label).nonzero()[0, 0] for label in classes.unique()]
        self.pictures, self.classes = images[torch.stack(first)], classes[torch.stack(first)]
        whole, twin, _ = wholes()
        self.networks = {"whole": whole} | {name: smaller(name) for name in recipe.VERSIONS}
        self.networks["another seed"] = twin
        self.names, self._accuracy = list(self.networks), accuracy
        self.see = cache(self._see)

    def verdict(self, picture: int, version: str, explainer: str) -> str:
        """Say whether the answer stayed, and whether the reasons are nearer than a twin's."""
        one, twin = (self.see(picture, name, explainer) for name in (version, "another seed"))
        answer = "same answer" if one.answer == int(self.classes[picture]) else "another answer"
        near = "nearer" if one.agreement > twin.agreement else "no nearer"
        return f"{answer}, reasons {near} than another seed's"

    def _see(self, picture: int, version: str, explainer: str) -> Self:
        network, image = self.networks[version], self.pictures[[picture]]
        how = fusion.EXPLAINERS[explainer]
        whole, one = (how.method(each, image, self.classes[[picture]])
                      for each in (self.networks["whole"], network))  # fmt: skip
        answer = training.predict(network, image).argmax(1).item()
        accuracy = self._accuracy.get(version, [float("nan")])[0]
        return Self(one[0], answer, how.agreement(image, whole, one).item(), accuracy)


def _by_version(table: pandas.DataFrame, column: str) -> Seeds:
    versions: Sequence[str] = table.version.unique()
    return {name: table[table.version == name].sort_values("seed")[column].tolist()
            for name in versions}  # fmt: skip
