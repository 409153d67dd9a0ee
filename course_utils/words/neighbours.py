"""Nearest examples: "the five training images most like this one are all sneakers".

What is alike is judged by the network's own features; what the images are, by their labels.
Neither asks what the network says. The sentence foretells that: for the image, and for each
of the five.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from course_utils.data import FASHION_CLASSES
from course_utils.saliency.layers import activations
from course_utils.words.claim import Claim, Trial
from course_utils.words.parts import CHINESE

LAYER = "relu3"
NUMBER = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ZAHL = "零一两三四五六七八九"


@dataclass(frozen=True, eq=False)
class Gallery:
    """Labelled images to compare with.

    Attributes:
        images: n x channel x height x width; labels: n.
        features: n x feature, each of length 1.
        layer: where in the network they were read; None: they are the pixels.
    """

    images: Tensor
    labels: Tensor
    features: Tensor
    layer: str | None


def gallery(network: Any, images: Tensor, labels: Tensor, *, layer: str | None = LAYER) -> Gallery:
    """Read the features of labelled images.

    Args:
        layer: a layer's name; None compares pixels, and is a control: it asks no network.
    """
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images came with {len(labels)} labels.")
    return Gallery(images, labels, features(network, images, layer), layer)


def features(network: Any, images: Tensor, layer: str | None) -> Tensor:
    """Return what a layer makes of images, or their pixels: n x feature, each of length 1."""
    parts = [images] if layer is None else [
        activations(network, part, layer) for part in images.split(500)
    ]  # fmt: skip
    return F.normalize(torch.cat([part.flatten(1) for part in parts]), dim=1)


def nearest(network: Any, images: Tensor, gallery: Gallery, *, count: int = 5) -> Tensor:
    """Return the places in a gallery of the images most like each one, n x count, nearest first.

    Alike means: a small angle between the features.
    """
    return _alike(network, images, gallery, count).indices


def claims(
    network: Any, images: Tensor, gallery: Gallery, *, count: int = 5, threshold: float = -1.0
) -> list[Claim | None]:
    """Return a sentence about each image's nearest examples, None where their labels differ.

    Args:
        threshold: the cosine that the last of the neighbours must reach.
    """
    alike, places = _alike(network, images, gallery, count)
    labels, last = gallery.labels[places], alike[:, -1]
    speak = (labels == labels[:, :1]).all(1) & (last >= threshold)
    return [
        claim(image, gallery, where, float(sure)) if spoken else None
        for image, where, sure, spoken in zip(images, places, last, speak, strict=True)
    ]


def random_claims(
    images: Tensor, gallery: Gallery, *, count: int = 5, seed: int = 0
) -> list[Claim]:
    """Return the control: the same sentence about images of one class, drawn at random."""
    chance = torch.Generator().manual_seed(seed)
    order = torch.randint(0, len(gallery.labels), (len(images),), generator=chance)
    made = []
    for image, first in zip(images, order, strict=True):
        same = (gallery.labels == gallery.labels[first]).nonzero()[:, 0]
        drawn = same[torch.randperm(len(same), generator=chance)[:count]]
        made.append(claim(image, gallery, drawn))
    return made


def claim(image: Tensor, gallery: Gallery, places: Tensor, sure: float = 0.0) -> Claim:
    """Put nearest examples of one label into words.

    Args:
        places: which images of the gallery, count.
    """
    label, count, total = int(gallery.labels[places[0]]), len(places), len(gallery.labels)
    trials = [Trial(("as it is", "原图"), image, label)]
    trials += [
        Trial((f"neighbour {k}", f"邻居{k}"), gallery.images[place], label)
        for k, place in enumerate(places.tolist(), 1)
    ]
    name, zh = FASHION_CLASSES[label], CHINESE[label]
    return Claim(
        "neighbours",
        f"Of {total:,} training images, the {NUMBER[count]} most like this one are all labelled "
        f"{name}, and the network says {name} to them and to it.",
        f"在{total:,}张训练图像中，与它最相似的{ZAHL[count]}张都标为{zh}，网络对它们和它都判为{zh}。",
        tuple(trials), image, sure,
    )  # fmt: skip


def _alike(network: Any, images: Tensor, gallery: Gallery, count: int) -> Any:
    """The highest cosines and their places, n x count each."""
    if not 1 <= count <= min(9, len(gallery.labels)):
        raise ValueError(f"count must be from 1 to {min(9, len(gallery.labels))}; got {count}.")
    return (features(network, images, gallery.layer) @ gallery.features.T).topk(count, dim=1)
