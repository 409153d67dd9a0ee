"""Shapley values in the call that all attributions share: method(network, inputs, target, ...)."""

from __future__ import annotations

from collections.abc import Callable

import torch

from course_utils.models import evaluating
from course_utils.shapley.enumeration import Game, exact
from course_utils.shapley.games import column_game, segment_game
from course_utils.shapley.sampling import sampled
from course_utils.targets import Target, target_classes

Network = Callable[[torch.Tensor], torch.Tensor]


def of_columns(
    network: Network,
    rows: torch.Tensor,
    target: Target = None,
    *,
    background: torch.Tensor,
    orders: int | None = None,
    seed: int = 0,
) -> torch.Tensor:
    """Attribute a logit to the columns of rows, by Shapley values.

    Args:
        network: from rows x columns to logits, rows x classes.
        background: rows x columns; lends the values of absent columns.
        orders: how many orders are sampled; None asks every coalition (up to 20 columns).

    Returns:
        rows x columns. Each row sums to its logit minus the background's mean logit.
    """
    found = []
    with evaluating(network):
        classes = target_classes(network, rows, target)
        for row, label in zip(rows, classes.tolist(), strict=True):

            def logit(x: torch.Tensor, label=label) -> torch.Tensor:
                return network(x)[:, label]

            game = column_game(logit, row, background)
            found.append(_shares(game, rows.shape[1], orders, seed))
    return torch.stack(found).to(rows)


def of_segments(
    network: Network,
    images: torch.Tensor,
    target: Target = None,
    *,
    segments: torch.Tensor | None = None,
    background: float | torch.Tensor = 0.0,
    orders: int | None = None,
    seed: int = 0,
) -> torch.Tensor:
    """Attribute a class's logit to segments of images, by Shapley values.

    Needs predictions only: any callable from images to logits will do, integers included.

    Args:
        images: n x channel x height x width, as the network takes them.
        target: a class, or one for each image; None: the predicted one.
        segments: height x width, whole numbers from 0; None: a grid of 3 x 3 rectangles.
        background: what an absent segment shows: a number, or an image.
        orders: how many orders are sampled; None asks every coalition (up to 20 segments).

    Returns:
        n x channel x height x width: each pixel carries its segment's share. Over an image's
        segments they sum to the logit of the image minus that of the background.
    """
    segments = _segments(images, segments)
    maps = []
    with evaluating(network):
        classes = target_classes(network, images, target)
        for image, label in zip(images, classes.tolist(), strict=True):
            game = segment_game(network, image, label, segments, background=background)
            shares = _shares(game, int(segments.max()) + 1, orders, seed)
            maps.append(shares[segments].to(image).expand_as(image))
    return torch.stack(maps)


def _shares(game: Game, players: int, orders: int | None, seed: int) -> torch.Tensor:
    if orders is None:
        return exact(game, players)
    return sampled(game, players, orders=orders, seed=seed).values


def _segments(images: torch.Tensor, segments: torch.Tensor | None) -> torch.Tensor:
    """The segments on the CPU, checked; a grid of 3 x 3 if there are none."""
    height, width = images.shape[-2:]
    if segments is None:
        rows, columns = torch.arange(height) * 3 // height, torch.arange(width) * 3 // width
        return rows[:, None] * 3 + columns
    whole = not (segments.is_floating_point() or segments.dtype == torch.bool)
    if segments.shape != (height, width) or not whole or segments.min() < 0:
        raise ValueError(
            f"segments must be {height} x {width} whole numbers from 0; got {segments.dtype} of "
            f"shape {tuple(segments.shape)}."
        )
    return segments.cpu()
