"""Exercises of lesson 3.5: which pixels did the network look at?"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from course_utils.exercises import agree, exercise, expect, formed


def _as_tensor(found: Any) -> Any:
    """An array or lists as a tensor."""
    return torch.as_tensor(found) if isinstance(found, np.ndarray | list) else found


# ---- 3.5.1


def occlusion(score, image, size):
    found = torch.zeros(image.shape[1:])
    whole = score(image[None]).item()
    for top in range(0, image.shape[1], size):
        for left in range(0, image.shape[2], size):
            covered = image.clone()
            covered[:, top : top + size, left : left + size] = 0
            fall = whole - score(covered[None]).item()
            found[top : top + size, left : left + size] = fall
    return found


def _square(*, paint=0.0, fall=lambda whole, left: whole - left, spread=1, restore=True,
            inside=True, stay=lambda found: found) -> Callable:  # fmt: skip
    """The map with one thing done wrongly."""

    def wrong(score, image, size):
        found, whole = torch.zeros(image.shape[1:]), score(image[None]).item()
        covered = image.clone()
        for top in range(0, image.shape[1], size):
            for left in range(0, image.shape[2], size):
                covered = image.clone() if restore else covered
                spot = (slice(None), slice(top, top + size), slice(left, left + size))
                if inside:
                    covered[spot] = image.mean() if paint is None else paint
                else:
                    covered = torch.zeros_like(image)
                    covered[spot] = image[spot]
                value = fall(whole, score(covered[None]).item())
                found[spot[1:]] = value / spread if spread else value / size**2
        return stay(found)

    return wrong


def _corners(score, image, size):
    found = torch.zeros(image.shape[1:])
    found[::size, ::size] = occlusion(score, image, size)[::size, ::size]
    return found


def _last_square_missing(score, image, size):
    found = occlusion(score, image, size)
    found[-size:], found[:, -size:] = 0, 0
    return found


def _swapped(score, image, size):
    found, whole = torch.zeros(image.shape[1:]), score(image[None]).item()
    for top in range(0, image.shape[1], size):
        for left in range(0, image.shape[2], size):
            covered = image.clone()
            covered[:, left : left + size, top : top + size] = 0
            found[top : top + size, left : left + size] = whole - score(covered[None]).item()
    return found


def _overlapping(score, image, size):
    found, count = torch.zeros(image.shape[1:]), torch.zeros(image.shape[1:])
    whole = score(image[None]).item()
    for top in range(image.shape[1] - size + 1):
        for left in range(image.shape[2] - size + 1):
            covered = image.clone()
            covered[:, top : top + size, left : left + size] = 0
            found[top : top + size, left : left + size] += whole - score(covered[None]).item()
            count[top : top + size, left : left + size] += 1
    return found / count


COVERS = (
    (_square(fall=lambda whole, left: left - whole), "The sign is turned round: a square that the "
     "score needs makes it *fall*, and gets a number above 0."),
    (_square(fall=lambda whole, left: abs(whole - left)), "The sign is lost. Where covering makes "
     "the score rise, the pixels spoke against it: the number is below 0."),
    (_square(fall=lambda whole, left: max(whole - left, 0.0)), "You cut off below 0. Pixels that "
     "speak against the score keep their negative number."),
    (_square(fall=lambda whole, left: left), "That is the score that is left. How far did it fall "
     "from the whole image's?"),
    (_square(fall=lambda whole, left: (whole - left) / whole), "Do not divide by the whole image's "
     "score: the fall itself is asked for."),
    (_square(spread=0), "You share the fall out among the square's pixels. Each gets all of it."),
    (_square(paint=1.0), "You cover with white (1); black is 0."),
    (_square(paint=0.5), "You cover with grey (0.5); black is 0."),
    (_square(paint=None), "You cover with the image's mean; black (0) is asked for."),
    (_square(restore=False), "The squares that were covered before are still covered. Start from a "
     "fresh copy of the image each time."),
    (_square(inside=False), "You show nothing *but* the square. Cover it, and show the rest."),
    (lambda score, image, size: occlusion(score, image, 1), "You cover single pixels. Cover "
     "`size` × `size` of them at once."),
    (lambda score, image, size: occlusion(score, image, size)[::size, ::size], "That is one number "
     "for each square. Each pixel of the square gets it: the map is as large as the image."),
    (_overlapping, "Your squares overlap. Side by side, each pixel is covered once: the corners "
     "are `size` apart."),
    (_corners, "Only each square's corner has its number; all its pixels get it."),
    (_last_square_missing, "The last row and column of squares are missing: the corners run up to "
     "height − size, *included*."),
    (_swapped, "Rows and columns are "
     "interchanged when you cover."),
    (lambda score, image, size: occlusion(score, image, size).mT, "Rows and columns are "
     "interchanged in the map."),
    (lambda score, image, size: occlusion(score, image, size)[None], "Right numbers, and one axis "
     "too many: the map is height × width."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""


class Weighted:
    """A score for the check: what the pixels sum to under weights, bent."""

    def __init__(self, height: int, width: int, seed: int, bend: bool) -> None:
        chance = torch.Generator().manual_seed(seed)
        self.weights, self.bend = torch.randn(1, height, width, generator=chance), bend

    def __call__(self, pictures: torch.Tensor) -> torch.Tensor:
        if pictures.dim() != 4 or pictures.shape[1:] != self.weights.shape:
            takes = " × ".join(map(str, ("n", *self.weights.shape)))
            raise ValueError(f"score takes pictures of shape {takes}; got {tuple(pictures.shape)}")
        sums = (pictures * self.weights).sum((1, 2, 3))
        return sums + sums**2 / 5 - 1 if self.bend else sums + 0.5

    def __repr__(self) -> str:
        return "a bent sum of the pixels" if self.bend else "a weighted sum of the pixels"


def _pictures() -> list[tuple]:
    chance = torch.Generator().manual_seed(5)
    cases = []
    for seed, (height, width, size, bend) in enumerate(
        ((4, 4, 2, False), (4, 6, 2, True), (6, 3, 3, True), (2, 3, 1, True), (8, 4, 4, False))
    ):
        image = 0.1 + 0.9 * torch.rand(1, height, width, generator=chance)
        cases.append((Weighted(height, width, seed, bend), image, size))
    return cases


@exercise(
    "3.5.1",
    title="an occlusion map",
    minutes=12,
    difficulty=2,
    solution=occlusion,
    hints=(
        "`score(image[None])[0]` is the whole image's score; `image[None]` adds the batch axis.",
        "Two loops give the corners: `for top in range(0, height, size)`, and so for `left`. In "
        "each, take a fresh `image.clone()`, and set the square to 0.",
        "The map begins as `torch.zeros(height, width)`; `found[top:top + size, left:left + size]` "
        "is the square in it.",
        ("My image turns black bit by bit", "`image[...] = 0` changes the image that came in. "
         "Clone it for every square."),
    ),
)  # fmt: skip
def _(answer):
    return agree(formed(answer, _as_tensor), occlusion, *_pictures(), tolerance=1e-4, slips=COVERS)


# ---- 3.5.2


def deleted(image, attribution, share):
    count = round(share * image.numel())
    highest = attribution.flatten().argsort(descending=True)[:count]
    left = image.clone()
    left.view(-1)[highest] = 0
    return left


def _by(order=lambda a: a.flatten().argsort(descending=True), count=lambda s, n: round(s * n),
        paint=lambda image: 0.0, keep=False) -> Callable:  # fmt: skip
    """The deletion with one thing done wrongly."""

    def wrong(image, attribution, share):
        chosen = order(attribution)[: count(share, image.numel())]
        left = torch.zeros_like(image).flatten() if keep else image.clone().flatten()
        left[chosen] = image.flatten()[chosen] if keep else paint(image)
        return left.view_as(image)

    return wrong


DELETIONS = (
    (_by(order=lambda a: a.flatten().argsort()), "The *lowest* pixels are gone. `argsort` sorts "
     "upwards: take `descending=True`."),
    (_by(order=lambda a: a.flatten().abs().argsort(descending=True)), "You go by the size. A pixel "
     "far below 0 speaks *against* the class: it goes last."),
    (_by(count=lambda s, n: int(s * n)), "You cut the count off; `round(share * pixels)` rounds."),
    (_by(count=lambda s, n: math.ceil(s * n)), "You round the count up; `round(share * pixels)` "
     "goes to the nearest."),
    (_by(count=lambda s, n: n - round(s * n)), "So many stay. `share` says how many *go*."),
    (_by(count=lambda s, n: round(s)), "`share` is a share: multiply it by the number of pixels."),
    (_by(count=lambda s, n: round(s * n) + 1), "One pixel too many is gone."),
    (_by(count=lambda s, n: round(s * n**0.5)), "The count is a share of *all* pixels, height × "
     "width, not of one side."),
    (_by(keep=True), "You keep the highest and delete the rest. That is insertion's first half."),
    (_by(paint=lambda image: image.mean()), "The pixels become the image's mean; 0 is asked for."),
    (_by(paint=lambda image: 1.0), "The pixels become white; 0 is asked for."),
    (lambda image, attribution, share: attribution.where(deleted(image, attribution, share) != 0,
     0), "That is the *map* without its highest values. Delete in the image."),
    (lambda image, attribution, share: deleted(image, image, share), "You went by the image's "
     "brightness. Go by the map."),
    (lambda image, attribution, share: (deleted(image, attribution, share) != 0).float(), "That is "
     "a mask of what stays. Multiply the image with it."),
    (lambda image, attribution, share: deleted(image, attribution, share).flatten(), "Give the "
     "picture its shape back: height × width."),
    (lambda image, attribution, share: image.where(attribution < share, 0), "The share is no "
     "threshold: it says how many pixels go, not how high they are."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""

SHARES = (
    (3, 4, 0.25), (3, 4, 0.3), (5, 5, 0.5), (2, 7, 0.9), (4, 4, 0.0), (4, 3, 1.0), (6, 5, 0.1),
)  # fmt: skip
"""Height, width and share of the images without equal values."""
TIES = ((4, 5, 0.45), (4, 4, 0.25), (3, 3, 0.7))
"""Height, width and share of the images whose maps have only three different values."""


def _maps(cases: tuple, *, ties: bool) -> list[tuple]:
    chance = torch.Generator().manual_seed(3)
    made = []
    for height, width, share in cases:
        image = 0.2 + 0.8 * torch.rand(height, width, generator=chance)
        found = torch.randn(height, width, generator=chance)
        made.append((image, found.sign() * (found.abs() > 0.6) if ties else found, share))
    return made


@exercise(
    "3.5.2",
    title="take the strongest away",
    minutes=8,
    difficulty=2,
    solution=deleted,
    hints=(
        "`attribution.flatten().argsort(descending=True)` lists the pixels' places, the highest "
        "value's first. How many of them go?",
        "Clone the image first. `left.view(-1)[places] = 0` sets pixels by their place.",
        ("Too many pixels go", "A threshold takes all that equal it. Take the first of a sorted "
         "list instead."),
    ),
)  # fmt: skip
def _(answer):
    answer, cases = formed(answer, _as_tensor), _maps(SHARES, ties=False)
    remark = agree(answer, deleted, *cases, tolerance=1e-5, slips=DELETIONS)
    return remark or _ties_remark(answer)


def _ties_remark(answer: Callable) -> str | None:
    """Where values are equal any of them may go, but as many as were asked for."""
    for image, found, share in _maps(TIES, ties=True):
        left = answer(image.clone(), found.clone(), share)
        gone, count = left == 0, round(share * image.numel())
        where = f"for a map with many equal values and a share of {share}"
        remark = expect(int(gone.sum()), count, f"{where}, counting the pixels that are 0")
        if remark:
            return f"A threshold takes all pixels that equal it, or none of them. {remark}"
        if not torch.equal(left[~gone], image[~gone]):
            return f"Pixels that should stay were changed, {where}."
        if gone.any() and (~gone).any() and found[gone].min() < found[~gone].max():
            return f"A pixel went although a higher one stayed, {where}."
    return None
