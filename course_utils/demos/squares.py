"""Shares of an image's nine squares, beside the same shares in random places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from course_utils import data, lesson, spread, surrogate, training
from course_utils.demos import figures_3_7 as figures


def by_square(maps: Tensor, *, side: int = 3) -> Tensor:
    """The mean of each map in each square of a side x side grid: n x squares."""
    squares = surrogate.grid_segments(*maps.shape[-2:], side)
    return torch.stack([maps[:, 0][:, squares == k].mean(1) for k in range(side**2)], 1)


def above_black(network: Callable, images: Tensor, classes: Tensor) -> Tensor:
    """By how much each image's logit of its class is above that of a black image, n."""
    logits, dark = (training.predict(network, x) for x in (images, 0 * images))
    return (logits - dark).gather(1, classes[:, None])[:, 0]


def in_random_places(shares: Tensor, *, seed: int = 0) -> Tensor:
    """Each image's shares dealt out to its squares at random: n x squares."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.rand(shares.shape, generator=generator).argsort(1)
    return shares.gather(1, order)


def switched_once(network: Callable, images: Tensor, classes: Tensor) -> Tensor:
    """By how much the class's logit falls when one of nine squares is black, n x 9."""
    squares = surrogate.grid_segments(*images.shape[-2:], 3)
    whole, *dark = (
        training.predict(network, pictures).gather(1, classes[:, None])
        for pictures in (images, *(images * (squares != k) for k in range(9)))
    )
    return whole - torch.cat(dark, 1)


def rivals(network: Callable, images: Tensor, classes: Tensor, shares: Tensor) -> dict[str, Tensor]:
    """Scores of nine squares: the shares, two cheaper maps, and the shares in random places."""
    return {
        "highest share": shares,
        "each off once": switched_once(network, images, classes),
        "brightest": by_square(images),
        "random": in_random_places(shares),
    }


def compared(lost: Mapping[str, Tensor], *, counts: Sequence[int]) -> list[dict[str, str]]:
    """Rows for `lesson.table`: each way's fall, and how far it stays behind the first way's.

    Args:
        lost: by way, n falls of the same images.
        counts: the differences are taken over so many of the first images.
    """
    first, *_ = lost.values()
    return [
        {"hidden": name, "probability falls by": with_error(fall)}
        | {f"behind, {n} images": "" if fall is first else with_error((first - fall)[:n])
           for n in counts}
        for name, fall in lost.items()
    ]  # fmt: skip


def falls(
    network: Callable, images: Tensor, classes: Tensor, scores: Tensor, *, count: int = 2
) -> Tensor:
    """How far the class's probability falls when each image's `count` highest squares go black.

    Args:
        scores: n x squares, of a grid of as many rows as columns.
    """
    squares = surrogate.grid_segments(*images.shape[-2:], round(scores.shape[1] ** 0.5))
    gone = torch.zeros(scores.shape).scatter_(1, scores.topk(count).indices, 1)
    left = images * (1 - gone[:, squares][:, None])
    before, after = (
        training.predict(network, pictures).softmax(1).gather(1, classes[:, None])[:, 0]
        for pictures in (images, left)
    )
    return before - after


def with_error(values: Tensor) -> str:
    """Mean and standard error of n numbers, as "0.41 ± 0.03"."""
    return "{:.2f} ± {:.2f}".format(*spread.mean_and_error(values))


def decide(differences: Tensor, choices: Sequence[str]) -> str:
    """The choice for below, about or above zero, by two standard errors."""
    mean, error = spread.mean_and_error(differences)
    return spread.decide(mean, 2 * error, choices)


def show(images: Tensor, classes: Tensor, maps: Tensor, dealt: Tensor) -> None:
    """Show images, their shares, and the shares dealt out at random (n x 9).

    Of classes, maps and dealt shares, the first ones are the images'.
    """
    classes, maps, dealt = (part[: len(images)] for part in (classes, maps, dealt))
    nine = surrogate.grid_segments(*images.shape[-2:], 3)
    names = [data.FASHION_CLASSES[k] for k in classes.tolist()]
    beside = {"Shapley": maps, "random places": dealt[:, nine][:, None]}
    title = "The same shares cost less in random places"
    lesson.show(figures.shares(images, beside, rows=names, title=title),
                alt=f"{title}. {figures.words_for_shares(names, maps)}")  # fmt: skip
