"""Lesson 5.3: a study that is stopped and shared, many studies compared, a front in pictures."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from course_utils import data, fusion, home, models, search, training
from course_utils.recipes import drift, searched
from course_utils.spread import mean_and_error

if TYPE_CHECKING:
    import optuna
    import pandas

AIMS = searched.AIMS
HELD = ["bytes", "held accuracy", "held agreement"]
Curves = dict[str, list[list[float]]]
"""By sampler, for each seed, a number at each of several moments."""


def fresh_journal() -> Path:
    """Return the place of this lesson's journal in the learner's folder, with none there."""
    path = home.folder() / "search-5-3.journal"
    for old in (path, path.with_name(path.name + ".lock")):
        old.unlink(missing_ok=True)
    return path


class Pressed:
    """An objective during whose trial number `at` somebody presses stop.

    A cell cannot press its own stop button; this raises what the button raises.
    """

    def __init__(self, objective: Callable, *, at: int) -> None:
        self.objective, self.at = objective, at

    def __call__(self, trial: optuna.Trial) -> tuple[float, ...]:
        """Choose, then stop before anything is measured; or pass the trial on."""
        if trial.number == self.at:
            search.suggest(trial)
            raise KeyboardInterrupt
        return self.objective(trial)


def without_learning(objective: search.Objective) -> search.Objective:
    """Return an objective that skips the learning, and shares all else with the one given."""
    quick = copy.copy(objective)
    quick.build = copy.copy(objective.build)
    quick.build.updates = 0
    return quick


def smaller_by_hand(trained: pandas.DataFrame) -> pandas.DataFrame:
    """Return the networks made smaller by hand; the twins only have other seeds."""
    return trained[(trained.kind == "hand-made") & ~trained.name.str.contains("twin")]


def points(rows: pandas.DataFrame, names: Sequence[str] = tuple(AIMS)) -> list[tuple]:
    """Return a tuple of aims for each row."""
    return list(rows[list(names)].itertuples(index=False, name=None))


def best(rows: pandas.DataFrame, names: Sequence[str] = tuple(AIMS)) -> pandas.DataFrame:
    """Return the rows of the front, from small to large."""
    return rows.iloc[search.front(points(rows, names), _ways(names))].sort_values("bytes")


def grown(
    table: pandas.DataFrame, moments: Sequence[int], *, worst: tuple = searched.WORST
) -> Curves:
    """Return by sampler and for each seed the front's volume after so many trials.

    Args:
        worst: bytes, accuracy and agreement from which volumes are measured.
    """
    names = ("bytes", "accuracy", "agreement")
    end = searched.scaled(dict(zip(names, worst, strict=True)))
    found: Curves = {}
    for (kind, _), rows in table.groupby(["sampler", "seed"], sort=False):
        aims = [searched.scaled(row) for row in rows.to_dict("records")]
        found.setdefault(kind, []).append(
            [search.hypervolume(_front(aims[:k]), end) for k in moments]
        )
    return found


def _front(aims: list) -> list:
    return [aims[k] for k in search.front(aims)]


def ahead(curves: Curves, of: str = "random") -> dict[str, tuple[float, float]]:
    """Return by sampler its last number minus the control's: mean and error over seeds."""
    return {kind: mean_and_error([a[-1] - b[-1] for a, b in zip(by_seed, curves[of], strict=True)])
            for kind, by_seed in curves.items() if kind != of}  # fmt: skip


def beaten(
    rows: pandas.DataFrame, by: pandas.DataFrame, names: Sequence[str] = tuple(HELD)
) -> pandas.Series:
    """Tell for each row whether some row of the others dominates it on the images held back."""
    ways, others = _ways(names), points(by, names)
    return rows.apply(
        lambda row: any(search.dominates(one, tuple(row[list(names)]), ways) for one in others),
        axis=1,
    )


def _ways(names: Sequence[str]) -> list[str]:
    return [search.DIRECTIONS[AIMS.index(name.removeprefix("held "))] for name in names]


def fewest_bytes(rows: pandas.DataFrame, *, accuracy: float, agreement: float) -> pandas.Series:
    """Return the smallest network that reaches both, on the images that the search sees."""
    able = rows[(rows.accuracy >= accuracy) & (rows.agreement >= agreement)]
    if able.empty:
        raise ValueError(f"no network reaches {accuracy:.0%} and an agreement of {agreement:.2f}.")
    return able.sort_values("bytes").iloc[0]


def of_trial(table: pandas.DataFrame, row: pandas.Series) -> dict[str, Any]:
    """Return the short trial, with its choices, that a network of the front came from."""
    same = (table[["sampler", "seed", "trial"]] == row[["sampler", "seed", "trial"]]).all(axis=1)
    return table[same].iloc[0].to_dict()


def kept(place: int) -> models.Network:
    """Return the network of the front that learned for longer, by its place from small."""
    network = models.load_network(drift.path(f"front {place}"))
    return network.to(memory_format=torch.channels_last)


def right(network: models.Network, images: torch.Tensor, labels: torch.Tensor) -> float:
    """Return a network's accuracy."""
    return training.evaluate(network, images, labels)


class Board:
    """A picture of each class, and what the whole network and the front see in it."""

    def __init__(self, images: torch.Tensor, labels: torch.Tensor, trained: pandas.DataFrame,
                 table: pandas.DataFrame) -> None:  # fmt: skip
        first = [int((labels == kind).nonzero()[0]) for kind in range(10)]
        self.images, self.labels = images[first], labels[first]
        self.rows = trained[trained.kind == "front"].reset_index(drop=True)
        self.choices = [of_trial(table, row) for _, row in self.rows.iterrows()]
        self.whole = models.load_network("SimplifiedCNN")
        self.classes = training.predict(self.whole, self.images).argmax(1)
        self.before = search.EXPLAINER.method(self.whole, self.images, self.classes)
        self.shuffled = fusion.random_maps(self.before, seed=0)
        self._known: dict[int, tuple] = {}

    def seen(self, place: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return a network's answers, maps and their agreement with the whole network's."""
        if place not in self._known:
            network = kept(place)
            maps = search.EXPLAINER.method(network, self.images, self.classes)
            agreed = search.EXPLAINER.agreement(self.images, self.before, maps)
            self._known[place] = training.predict(network, self.images).argmax(1), maps, agreed
        return self._known[place]


def explained(
    network: models.Network, whole: models.Network, images: torch.Tensor
) -> list[dict[str, float]]:
    """Return a row for each explainer: agreement with the whole network, and two controls.

    These are a whole network of another seed (5.1, its images) and shuffled maps. Five of the
    six explainers were no aim of the search.
    """
    drifts = data.study("drift")
    seeds = drifts[drifts.version == "another seed"].groupby("explainer").agreement.mean()
    whole = copy.deepcopy(whole).to(memory_format=torch.channels_last)  # as fast as the other
    classes = training.predict(whole, images).argmax(1)
    before = fusion.explain(whole, images, classes)
    after = fusion.explain(network, images, classes)
    shuffled = {name: fusion.random_maps(one, seed=0) for name, one in before.items()}
    agreed, chance = (fusion.drift(images, before, one) for one in (after, shuffled))
    return [{"explainer": name, "agreement": agreed[name].mean().item(),
             "± two standard errors": 2 * mean_and_error(agreed[name])[1],
             "another seed (5.1)": seeds[name],
             "shuffled": chance[name].mean().item()} for name in before]  # fmt: skip


def pairs(trained: pandas.DataFrame) -> pandas.DataFrame:
    """Return a row for each pair of the front and its runner-up: who leads after longer learning.

    A lead is the first one's number minus the second one's, on the images held back.
    """
    import pandas

    rows = []
    for place in range(1, 1 + int((trained.kind == "front").sum())):
        first, second = (trained[trained.name == f"{kind} {place}"].iloc[0]
                         for kind in ("front", "runner-up"))  # fmt: skip
        row = {f"{name} lead": first[f"held {name}"] - second[f"held {name}"] for name in AIMS[1:]}
        row["still dominates"] = search.dominates(tuple(first[HELD]), tuple(second[HELD]))
        rows.append({"pair": place} | row)
    return pandas.DataFrame(rows)
