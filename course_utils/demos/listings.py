"""The nine listings of document A's section 4: what each promises, and the layers it prints."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

_TWO = (1, 16, 32)
_HEAD = (32 * 8 * 8, 128, 10)


class Listing(NamedTuple):
    """One listing, as facts.

    Attributes:
        section: where it stands in document A.
        name: the class it defines.
        promise: what the text says it is.
        channels: into and out of its 3 x 3 convolutions, in order.
        widths: into and out of its linear layers, in order.
    """

    section: str
    name: str
    promise: str
    channels: tuple[int, ...] = _TWO
    widths: tuple[int, ...] = _HEAD


LISTINGS = (
    Listing("4.1.1", "SimplifiedCNN", "fewer parameters"),
    Listing("4.1.2", "SimplifiedCNN", "fewer layers"),
    Listing("4.1.3", "ResNet", "a skip connection", (1, 16, 32, 64), (64 * 8 * 8, 128, 10)),
    Listing("4.2.1", "IntegerQuantizedCNN", "8-bit integers"),
    Listing("4.2.2", "SubIntegerQuantizedCNN", "4-bit integers"),
    Listing("4.3.1", "PrunedCNN", "weights removed"),
    Listing("4.3.2", "ActivationPrunedCNN", "activations removed"),
    Listing("4.4.1", "KnowledgeDistilledCNN", "learned from a large network"),
    Listing("4.4.2", "DataDistilledCNN", "learned from a few images"),
)


def parameters(listing: Listing) -> int:
    """Count the weights and biases of the layers that a listing prints."""
    convolutions = sum((9 * a + 1) * b for a, b in pairwise(listing.channels))
    return convolutions + sum((a + 1) * b for a, b in pairwise(listing.widths))


def chain(sizes: tuple[int, ...]) -> str:
    """Sizes in words: "1 → 16 → 32"."""
    return " → ".join(map(str, sizes))
