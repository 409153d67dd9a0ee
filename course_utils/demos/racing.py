"""A race of starts: a network cut to a size by one order or another, or a fresh one."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping

import torch

from course_utils import models, structure, training

Start = Callable[[models.SimplifiedCNN, int], models.SimplifiedCNN]
"""From a dense network and a seed to the network that is trained on."""


def to_size(
    network: models.SimplifiedCNN, sizes: Mapping[str, int], scores: Mapping[str, torch.Tensor]
) -> models.SimplifiedCNN:
    """Keep, of each layer named in `sizes`, so many filters or units: those that score highest."""
    gone = {name: scores[name].argsort(stable=True)[: len(scores[name]) - size]
            for name, size in sizes.items()}  # fmt: skip
    return structure.remove_filters(network, gone)


def starts(
    sizes: Mapping[str, int], images: torch.Tensor, labels: torch.Tensor
) -> dict[str, Start]:
    """Return the race's starts: cut to `sizes` by three orders, and the same size untrained."""

    def cut(order: str) -> Start:
        return lambda dense, seed: to_size(
            dense, sizes, structure.unit_scores(dense, order, images, labels, seed=seed)
        )

    def fresh(dense: models.SimplifiedCNN, seed: int) -> models.SimplifiedCNN:
        first, second, hidden = sizes.values()
        widths = {"channels": (first, second), "hidden": hidden}
        return models.seeded(models.SimplifiedCNN, seed, **dense.settings | widths)

    return {f"by {order}": cut(order) for order in ("L1", "APoZ", "lot")} | {"fresh start": fresh}


def wrong_columns(dense: models.SimplifiedCNN, small: models.SimplifiedCNN) -> models.SimplifiedCNN:
    """Return `small`, cut from `dense`, as it would be if flatten put places before channels.

    fc1 then keeps as many columns as it should, but others; every shape fits.
    """
    filters, units = (
        [(whole.bias == bias).nonzero()[0].item() for bias in part.bias]
        for whole, part in ((dense.conv2, small.conv2), (dense.fc1, small.fc1))
    )
    channels = len(dense.conv2.bias)
    places = dense.fc1.in_features // channels
    columns = (torch.arange(places)[:, None] * channels + torch.tensor(filters)).flatten()
    broken = copy.deepcopy(small)
    with torch.no_grad():
        broken.fc1.weight.copy_(dense.fc1.weight[units][:, columns])
    return broken


def race(
    dense: Iterable[models.SimplifiedCNN],
    starts: Mapping[str, Start],
    train_set: training.Pair,
    validation_set: training.Pair,
    **options,
) -> dict[str, list[tuple[float, float]]]:
    """Train each start of each dense network alike: start -> (accuracy before, after) of each.

    Maps lie in memory channels last: the same numbers in half of the time.

    Args:
        starts: name to a function of a dense network and its place in the list, the seed.
        options: for `training.train`.
    """
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in starts}
    for seed, network in enumerate(dense):
        for name, start in starts.items():
            small = start(network, seed).to(memory_format=torch.channels_last)
            before = training.evaluate(small, *validation_set)
            training.train(small, train_set, validation_set, seed=seed, keep="last",
                           progress=False, **options)  # fmt: skip
            found[name].append((before, training.evaluate(small, *validation_set)))
    return found
