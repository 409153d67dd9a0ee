"""Region counterfactuals: "without its sole the network would no longer say sneaker".

What stands in a part's place when it is gone? Each filling is an answer, and each puts
something into the image that was not there. So a sentence is spoken only where several
fillings agree, and it is tried with fillings, and at places, that its finder never used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from course_utils import training
from course_utils.data import FASHION_CLASSES
from course_utils.words import fillings
from course_utils.words.claim import Claim, Trial
from course_utils.words.fillings import Filling
from course_utils.words.parts import CHINESE, PARTS, Part, boxes

FIND: Mapping[str, Filling] = {
    "black": fillings.black,
    "across": fillings.across,
    "down": fillings.down,
    "dimmed": fillings.dimmed,
}
"""The fillings that must agree before a sentence is spoken."""

_WIDER = fillings.moved(fillings.black, (-1, 1, -1, 1))
_HIGHER = fillings.moved(fillings.across, (-1, -1, 0, 0))
_LEFT = fillings.moved(fillings.down, (0, 0, -1, -1))

TRY: Mapping[tuple[str, str], Filling] = {
    ("blurred", "模糊"): fillings.blurred,
    ("faded", "渐变"): fillings.faded,
    ("black, 1 pixel wider", "涂黑，外扩一个像素"): _WIDER,
    ("across, 1 pixel up", "横向填补，上移一个像素"): _HIGHER,
    ("down, 1 pixel left", "纵向填补，左移一个像素"): _LEFT,
}
"""The fillings with which a sentence is tried; none of them finds any."""

NAMED = 0.75
"""A class is named only if it leads all others by this share of its lead over the old answer."""


class Found(NamedTuple):
    """A part without which the answer changes.

    Attributes:
        sure: by how many logits the answer loses to another class, in the worst filling.
        becomes: the class that wins clearly in every filling, None when they differ.
    """

    part: Part
    sure: float
    becomes: int | None


def claims(
    network: Any, images: Tensor, *, margin: float = 0.0, find: Mapping[str, Filling] = FIND
) -> list[Claim | None]:
    """Return the surest region counterfactual of each image, None where there is none.

    Args:
        network: from images, n x 1 x 32 x 32, to logits.
        margin: a change by fewer logits is not spoken of.
        find: the fillings that must agree.
    """
    said = training.predict(network, images).argmax(1)
    *_, last = _best(network, images, said, margin, find).values()
    return spoken(images, said, last)


def ladder(
    network: Any, images: Tensor, *, margin: float = 0.0, find: Mapping[str, Filling] = FIND
) -> dict[str, list[Claim | None]]:
    """Return what `claims` would say if only the first filling had to agree, the first two, ….

    Returns:
        By filling, a claim for each image or None: that filling and all before it agree.
    """
    said = training.predict(network, images).argmax(1)
    best = _best(network, images, said, margin, find)
    return {name: spoken(images, said, found) for name, found in best.items()}


def random_claims(network: Any, images: Tensor, *, seed: int = 0) -> list[Claim]:
    """Return the control: the same sentence about a part drawn at random, for each image.

    Half of them name the class that would win, also at random.
    """
    chance = torch.Generator().manual_seed(seed)
    said = training.predict(network, images).argmax(1)
    drawn = torch.randint(0, 2**30, (len(images), 3), generator=chance).tolist()
    found = []
    for label, (which, other, named) in zip(said.tolist(), drawn, strict=True):
        part = PARTS[label][which % len(PARTS[label])]
        becomes = (label + 1 + other % 9) % 10 if named % 2 else None
        found.append(Found(part, 0.0, becomes))
    return [claim for claim in spoken(images, said, found) if claim]


def spoken(images: Tensor, said: Tensor, found: Sequence[Found | None]) -> list[Claim | None]:
    """Put counterfactuals into words, with the trials that may refute them.

    Args:
        images: n x channel x height x width; said: what the network says of each, n.
        found: what there is to say of each; None for silence.
    """
    rows = [k for k, one in enumerate(found) if one is not None]
    claims: list[Claim | None] = [None] * len(images)
    if rows:
        there = images[rows]
        places = torch.cat([boxes(images[k : k + 1], found[k].part) for k in rows])
        changed = {name: fill(there, places) for name, fill in TRY.items()}
        for one, k in enumerate(rows):
            shown = {name: pictures[one] for name, pictures in changed.items()}
            claims[k] = _claim(images[k], int(said[k]), found[k], shown)
    return claims


def _claim(image: Tensor, label: int, found: Found, shown: Mapping) -> Claim:
    part, becomes = found.part, found.becomes
    answer = label if becomes is None else becomes
    trials = [Trial(("as it is", "原图"), image, label)]
    trials += [Trial(name, changed, answer, becomes is None) for name, changed in shown.items()]
    now, zh = FASHION_CLASSES[label], CHINESE[label]
    then = f"no longer say {now}" if becomes is None else f"say {FASHION_CLASSES[becomes]}"
    dann = f"不再判为{zh}" if becomes is None else f"判为{CHINESE[becomes]}"
    return Claim(
        "region",
        f"The network says {now}. Without the {part.english} it would {then}.",
        f"网络判为{zh}。若没有{part.chinese}，它会{dann}。",
        tuple(trials), image, found.sure,
    )  # fmt: skip


def _best(
    network: Any, images: Tensor, said: Tensor, margin: float, find: Mapping[str, Filling]
) -> dict[str, list[Found | None]]:
    """By filling, the surest part of each image on which it and all before it agree."""
    best: dict[str, list[Found | None]] = {name: [None] * len(images) for name in find}
    for name, place, found in _candidates(network, images, said, find):
        before = best[name][place]
        if found.sure >= margin and (before is None or found.sure > before.sure):
            best[name][place] = found
    return best


def _candidates(network: Any, images: Tensor, said: Tensor, find: Mapping[str, Filling]):
    """All parts whose loss turns the answer: (the last filling that did, place, Found)."""
    for label, parts in enumerate(PARTS):
        for part in parts:
            rows = (said == label).nonzero()[:, 0]
            logits: list[Tensor] = []
            for name, fill in find.items():  # only those that turned so far are asked again
                if not len(rows):
                    break
                changed = fill(images[rows], boxes(images[rows], part))
                answers = training.predict(network, changed)
                turned = answers.argmax(1) != label
                logits = [kept[turned] for kept in (*logits, answers)]
                rows = rows[turned]
                for place, found in zip(rows.tolist(), _judged(part, label, logits), strict=True):
                    yield name, place, found


def _judged(part: Part, label: int, logits: Sequence[Tensor]) -> list[Found]:
    """From logits in each filling, n x class, how sure the change is, and what wins."""
    each = torch.stack(tuple(logits))  # fillings x n x class
    (first, second), winner = each.topk(2).values.unbind(2), each.argmax(2)
    sure = (first - each[..., label]).amin(0)
    lead = (first - second).amin(0)
    same = (winner == winner[0]).all(0) & (lead >= NAMED * sure)
    return [
        Found(part, s, w if agreed else None)
        for s, w, agreed in zip(sure.tolist(), winner[0].tolist(), same.tolist(), strict=True)
    ]
