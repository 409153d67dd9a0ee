"""Lesson 4.1: the listings as printed, and the bills of a design."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import nn

from course_utils import measure, models, paired, training
from course_utils.demos.listings import Listing

FILES = {
    "reference": "SimplifiedCNN",
    "narrow": "SimplifiedCNN-narrow",
    "shallow": "ShallowCNN",
    "ResNet": "ResNet",
    "small ResNet": "ResNet-small",
    "plain": "ResNet-plain",
}
"""The lesson's names, and the committed networks they stand for."""
NEITHER = "neither that we can see"
"""The words for a difference within its noise."""
HEAD = ("fc1", "fc2", "fc")
"""Layers that come after the flattening or the mean, in the networks of this lesson."""


def as_printed(listing: Listing) -> nn.Sequential:
    """Build the layers that a listing of document A prints, in its order, untrained.

    Each convolution is followed by a ReLU and a 2 x 2 pooling, each linear layer but the
    last by a ReLU. The layers carry the document's names: conv1, conv2, fc1, …
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number, (a, b) in enumerate(pairwise(listing.channels), 1):
        layers[f"conv{number}"] = nn.Conv2d(a, b, 3, padding=1)
        layers[f"relu{number}"], layers[f"pool{number}"] = nn.ReLU(), nn.MaxPool2d(2)
    layers["flatten"] = nn.Flatten()
    for number, (a, b) in enumerate(pairwise(listing.widths), 1):
        if number > 1:
            layers[f"relu_fc{number - 1}"] = nn.ReLU()
        layers[f"fc{number}"] = nn.Linear(a, b)
    return nn.Sequential(layers).eval()


def sides_taken(network: nn.Module, sides: Sequence[int] = (28, 32, 64)) -> list[int]:
    """Return which of these sides a square image may have; the others fail in some layer."""
    taken = []
    for side in sides:
        try:
            with torch.no_grad():
                network(torch.zeros(1, 1, side, side))
        except RuntimeError:
            continue
        taken.append(side)
    return taken


def promised(listing: Listing) -> dict[str, Any]:
    """Return a row: what a listing promises, and what is there when it is built."""
    built = as_printed(listing)
    return {
        "section": listing.section,
        "class": listing.name,
        "promise": listing.promise,
        "layers": weighted(built),
        "parameters": measure.parameters(built),
        "image sides it takes": ", ".join(map(str, sides_taken(built))),
    }


def weighted(network: nn.Module) -> int:
    """Count the layers on the longest way: convolutions and linear layers.

    A skip's 1 x 1 convolution lies beside the way, not on it.
    """
    return sum(
        isinstance(layer, nn.Conv2d | nn.Linear) and not name.endswith("fit")
        for name, layer in network.named_modules()
    )


def calls(network: nn.Module) -> int:
    """Count the steps that are run one after another: modules without children that compute."""
    leaves = [m for m in network.modules() if not list(m.children())]
    return sum(not isinstance(m, nn.Identity) for m in leaves)


def body_and_head(network: nn.Module) -> tuple[int, int]:
    """Return the parameters before and after the flattening or the mean over the places."""
    head = sum(p.numel() for n, p in network.named_parameters() if n.split(".")[0] in HEAD)
    return measure.parameters(network) - head, head


def parts(network: str, body: int, head: int) -> dict[str, Any]:
    """Return a row of a network's name and its parameters, in parts and in all."""
    return {"network": network, "body": body, "head": head, "all": body + head}


def plus(value: float, error: float) -> str:
    """A difference with its sign and its standard error."""
    return f"{value:+.1f} ± {error:.1f}"


def points(gap: paired.Paired) -> str:
    """A paired difference in words, in points of accuracy."""
    return f"{plus(100 * gap.difference, 100 * gap.error)} points"


def verdict(difference: float, error: float, better: str, worse: str) -> str:
    """Return the words for a difference: NEITHER within two of its errors."""
    if abs(difference) <= 2 * error:
        return NEITHER
    return better if difference > 0 else worse


def raced(
    network: models.Network,
    train_set: training.Pair,
    validation_set: training.Pair,
    *,
    epochs: int,
    seed: int,
) -> float:
    """Train a network's design afresh by the course's recipe, and return the share right."""
    fresh = models.seeded(type(network), seed, **network.settings)
    training.train(
        fresh, train_set, validation_set, epochs=epochs, learning_rate=2e-3, weight_decay=0.01,
        seed=seed, augment=training.mirror_and_shift, keep="last", progress=False,
    )  # fmt: skip
    return training.evaluate(fresh, *validation_set)


def memory(network: nn.Module, images: torch.Tensor) -> int:
    """Return the bytes of the float32 weights and of the tensors alive at the worst moment."""
    return 4 * measure.parameters(network) + measure.peak_memory(network, images)


def bill(network: nn.Module, reference: nn.Module, images: torch.Tensor) -> dict[str, float]:
    """Return each cost as a multiple of the reference's; the times are medians, interleaved.

    Args:
        images: the batch for memory and time; its first image is timed alone as well.
    """
    batch = f"batch of {len(images)}"

    def wait(some: torch.Tensor) -> float:
        return measure.latency_ratio(network, reference, some, runs=9, warmup=2).median

    return {
        "parameters": measure.parameters(network) / measure.parameters(reference),
        "MACs": measure.macs(network) / measure.macs(reference),
        f"memory, {batch}": memory(network, images) / memory(reference, images),
        f"time, {batch}": wait(images),
        "time, one image": wait(images[:1]),
    }
