"""The recipe of lesson 5.2's guided removal: half of the filters go, by an order.

Each of three whole networks loses half of each convolution's filters by every order and in
every way. Which way suits an order is chosen on training images; then the networks that were
chosen are trained on, beside a fresh start. Everything lies in `data/studies/guided.csv`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

import pandas as pd
import torch

from course_utils import data, models, structure, training
from course_utils.recipes.drift import WHOLE
from course_utils.recipes.rows import write_study

LAYERS = {"conv1": ("conv2", "pool1"), "conv2": ("fc1", "pool2")}
"""Whose filters go, the layer that reads them, and what lies between."""
ORDERS = ("Taylor", "relevance", "L1", "lot")
WAYS = {"at once": (1, False), "in 8 steps": (8, False),
        "at once, means stay": (1, True), "in 8 steps, means stay": (8, True)}  # fmt: skip
"""Steps, scored anew before each; and whether a filter's mean output stays as a bias."""
SHARE, LOTS = 0.5, 3
STEPS = (10, 40, 160)
"""Updates of training afterwards, each a run of its own."""


def score(
    network: models.SimplifiedCNN, order: str, pair: training.Pair, *, seed: int = 0
) -> dict[str, torch.Tensor]:
    """Return a score for each filter of LAYERS by one of `structure.ORDERS`."""
    found = structure.unit_scores(network, order, *pair, seed=seed)
    return {name: found[name] for name in LAYERS}


def stages(
    network: models.SimplifiedCNN, order: str, way: str, pair: training.Pair, *, seed: int = 0
) -> Iterator[models.SimplifiedCNN]:
    """Give the network after each step; the last has lost SHARE of each layer's filters.

    Args:
        way: one of WAYS.
        pair: the training images and labels by which filters are scored.
    """
    steps, keep = WAYS[way]
    sizes = {name: len(getattr(network, name).weight) for name in LAYERS}
    for step in range(1, steps + 1):
        scores = score(network, order, pair, seed=100 * seed + step)
        for name, values in scores.items():
            count = len(values) - round(sizes[name] * (1 - SHARE * step / steps))
            network = without(network, name, values.argsort(stable=True)[:count],
                              means_of=pair[0] if keep else None)  # fmt: skip
        yield network


def cut(network: models.SimplifiedCNN, order: str, way: str, pair: training.Pair, *, seed: int = 0):
    """Return the network without half of its filters: the last of `stages`."""
    return list(stages(network, order, way, pair, seed=seed))[-1]


@torch.no_grad()
def without(
    network: models.SimplifiedCNN, layer: str, gone: torch.Tensor, *, means_of: torch.Tensor | None
) -> models.SimplifiedCNN:
    """Return the network without some filters of a layer.

    Args:
        gone: indices of filters.
        means_of: images; what the filters put out for them on average goes into the bias of
            the layer that reads them. For fc1 that is the mean at each place, for conv2 the
            mean over all places. None: the filters leave without a trace.
    """
    if means_of is not None and len(gone):
        reader, before = LAYERS[layer]
        network = copy.deepcopy(network)
        last = [name for name, _ in network.named_children()].index(before) + 1
        mean = training.predict(network[:last], means_of).mean(0)[gone]
        bias = getattr(network, reader).bias
        if reader == "fc1":
            read = network.fc1.weight.unflatten(1, (-1, *mean.shape[1:]))[:, gone]
            bias += (read * mean).sum((1, 2, 3))
        else:
            read = network.conv2.weight[:, gone].sum((2, 3))
            bias += read @ mean.mean((1, 2))
    smaller = structure.remove_filters(network, {layer: gone})
    return smaller.to(memory_format=torch.channels_last)


def chosen_way(rows: pd.DataFrame, order: str) -> str:
    """Return the way that is best for an order on the training images held back."""
    of = rows[(rows.order == order) & (rows.steps == 0)]
    return of.groupby("way", sort=False).held.mean().idxmax()


def fresh(like: models.SimplifiedCNN, seed: int) -> models.SimplifiedCNN:
    """Return an untrained network of the same size: the control."""
    made = models.seeded(models.SimplifiedCNN, 200 + seed, **like.settings)
    return made.to(memory_format=torch.channels_last)


def sets() -> tuple[training.Pair, training.Pair, training.Pair, training.Pair]:
    """Return training images that score, that choose, and that train; and the validation set."""
    images, labels = data.fashion_mnist("train", limit=22_500)
    parts = [(images[a:b], labels[a:b]) for a, b in ((0, 500), (500, 2000), (2000, 22_500))]
    return *parts, data.fashion_mnist("validation")


def guided(folder: Path) -> list[Path]:
    """Cut by every order in every way, and train the chosen on: about 5 CPU minutes."""
    return [write_study(study(), folder, "guided")]


def study() -> list[dict]:
    """Return a row for each network, order and way, and for each length of training on."""
    scoring, holding, training_set, validation = sets()
    rows, networks = [], {}
    whole = [models.load_network(name).to(memory_format=torch.channels_last) for name in WHOLE]
    for seed, network in enumerate(whole):
        for order in ORDERS:
            for way in WAYS:
                lots = [3 * seed + k for k in range(LOTS if order == "lot" else 1)]
                small = [cut(network, order, way, scoring, seed=lot) for lot in lots]
                networks[seed, order, way] = small[0]
                known = {"seed": seed, "order": order, "way": way, "steps": 0}
                rows.append(known | _accuracies(small, holding, validation))
    table = pd.DataFrame(rows)
    for seed in range(len(whole)):
        starts = {order: (way := chosen_way(table, order), networks[seed, order, way])
                  for order in ORDERS}  # fmt: skip
        starts["fresh start"] = "–", fresh(starts["L1"][1], seed)
        for order, (way, start) in starts.items():
            for steps in STEPS:
                network = trained(start, steps, training_set, seed)
                known = {"seed": seed, "order": order, "way": way, "steps": steps}
                rows.append(known | _accuracies([network], holding, validation))
    return rows


def trained(network: models.SimplifiedCNN, steps: int, pair: training.Pair, seed: int):
    """Return a copy that was trained for some updates, on images it sees once."""
    network, (images, labels) = copy.deepcopy(network), pair
    count = 128 * steps
    training.train(
        network, (images[:count], labels[:count]), (images[:1], labels[:1]), epochs=1,
        learning_rate=2e-3, seed=seed, keep="last", progress=False,
    )  # fmt: skip
    return network


def _accuracies(networks: list, holding: training.Pair, validation: training.Pair) -> dict:
    return {name: fmean(training.evaluate(one, *pair) for one in networks)
            for name, pair in (("held", holding), ("accuracy", validation))}  # fmt: skip


RECIPES = {"guided": (guided, "5.2", None)}
"""Name, recipe and lesson; it writes no rows."""
