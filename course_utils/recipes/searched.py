"""The recipes of lesson 5.3: nine studies by three samplers, and what became of their front.

All trials lie in `data/studies/search.csv`. Some networks of the front then learned for longer,
each beside a runner-up: `data/studies/searched.csv`, where the hand-made networks stand, too.
The front's files lie in `data/networks/smaller`.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils import data, models, scoreboard, search
from course_utils.recipes import drift
from course_utils.recipes.rows import write_study

if TYPE_CHECKING:
    import pandas

SEEDS, TRIALS = range(3), 60
WORST = (250_000, 0.8, 0.3)
"""Bytes, accuracy and agreement that nobody would ship: fronts are measured from here."""
POINTS, LONGER = 6, 400
"""Networks of the front that learn for longer, and their updates."""
LEAST = 0.85
"""Accuracy below which nothing learns for longer."""
NEAR = 1.3
"""How many times the bytes of a network its runner-up may have."""
AIMS = ["bytes", "accuracy", "agreement"]


def many_studies(folder: Path) -> list[Path]:
    """Run a study of 60 trials with each sampler and seed: about 13 CPU minutes."""
    return [write_study(study(), folder, "search")]


def study(*, seeds=SEEDS, trials: int = TRIALS) -> list[dict]:
    """Return a row for each trial of each sampler and seed."""
    objective = search.Objective(models.load_network("SimplifiedCNN"))
    rows = []
    for seed in seeds:
        for kind in search.SAMPLERS:
            one = search.open_study(kind=kind, seed=seed)
            search.run(one, objective, trials, progress=False)
            rows += [{"sampler": kind, "seed": seed} | row for row in search.rows(one)]
    return rows


# ---- what became of the front


def longer(folder: Path) -> list[Path]:
    """Train some of the front and their runners-up for longer: about 4 CPU minutes."""
    rows, networks = trained(data.study("search"))
    files = []
    for place, (network, choices) in enumerate(networks, 1):
        file = drift.path(f"front {place}", folder)
        file.parent.mkdir(exist_ok=True)
        files.append(search.save(network, choices, file))
    return [*files, write_study(rows, folder, "searched")]


def trained(
    table: pandas.DataFrame, *, points: int = POINTS, updates: int = LONGER
) -> tuple[list[dict], list[tuple[models.Network, dict]]]:
    """Return a row for each network that learned, and for each hand-made one.

    The front's networks come with them, and their choices.
    """
    whole = models.load_network("SimplifiedCNN")
    builder, judges = search.Builder(whole, updates=updates), search.judges(whole)
    rows, networks = [], []
    for place, pair in enumerate(pairs(table, points=points), 1):
        for kind, row in zip(("front", "runner-up"), pair, strict=True):
            choices = search.checked(row)
            network = builder(choices)
            found = search.of_network(
                lambda path, n=network, c=choices: search.save(n, c, path), *judges
            )
            known = {"name": f"{kind} {place}", "kind": kind}
            known |= {name: row[name] for name in ("sampler", "seed", "trial")}
            rows.append(known | measured(*found))
            if kind == "front":
                networks.append((network, choices))
    rows += [{"name": name, "kind": "hand-made"} | measured(*search.of_file(name, *judges))
             for name in by_hand()]  # fmt: skip
    return rows, networks


def pairs(table: pandas.DataFrame, *, points: int = POINTS) -> list[tuple[dict, dict]]:
    """Return rows of the front of all trials, from small to large, each with its runner-up.

    The runner-up is, of the networks that the first one dominates and that are not much
    larger, the most accurate.
    """
    known = table.drop_duplicates(list(search.SPACE)).to_dict("records")
    known = [row for row in known if row["accuracy"] >= LEAST]
    best = [known[k] for k in search.front([_aims(row) for row in known])]
    found = []
    for one in sorted(best, key=lambda row: row["bytes"]):
        behind = [row for row in known if search.dominates(_aims(one), _aims(row))
                  and row["bytes"] <= NEAR * one["bytes"]]  # fmt: skip
        if behind:
            found.append((one, max(behind, key=lambda row: row["accuracy"])))
    places = {round(k * (len(found) - 1) / (points - 1)) for k in range(points)}
    return [found[k] for k in sorted(places)]


def by_hand() -> list[str]:
    """Return the scoreboard's networks for the same images that can be explained."""
    table = scoreboard.table(mine=False)
    files = [name for name in table.file if not name.endswith(".onnx")]
    return [models.bare_name(name) for name in files if models.bare_name(name) != "SimplifiedCNN"]


def measured(seen: search.Aims, held: search.Aims) -> dict[str, float]:
    """Return a row's numbers: the aims on the images seen, and on those held back."""
    return {"bytes": seen.bytes, "accuracy": seen.accuracy, "agreement": seen.agreement,
            "held accuracy": held.accuracy, "held agreement": held.agreement}  # fmt: skip


def scaled(row: dict) -> tuple[float, float, float]:
    """Return a row's aims for volumes: bytes count in factors of ten."""
    return math.log10(row["bytes"]), row["accuracy"], row["agreement"]


def _aims(row: dict) -> tuple[float, float, float]:
    return tuple(row[name] for name in AIMS)


RECIPES = {"search": (many_studies, "5.3", None), "searched": (longer, "5.3", None)}
"""Name, recipe and lesson; they write no rows."""
