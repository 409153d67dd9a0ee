"""A prediction as a game: the players are what is known, their worth is the prediction.

A model cannot be asked with a value missing. So each game says what stands in for what is
absent, and that choice is part of the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from course_utils.shapley.enumeration import Game

Predict = Callable[[Any], Any]
"""From rows x columns to one number a row."""


def column_game(predict: Predict, row: Any, background: Any, *, batch_size: int = 50_000) -> Game:
    """Return the game of a row's columns: absent ones take the background rows' values in turn.

    A coalition is worth the mean prediction over the background ("interventional": absent
    columns change without regard to the known ones). A column that the model does not read
    gets 0.

    Args:
        predict: from rows x columns to one number a row; it gets tensors where the
            background is a tensor, else arrays.
        row: one number a column.
        background: rows x columns, what the row is compared with.
        batch_size: rows handed to `predict` at a time.
    """
    row, rows, wrap = _given(row, background)

    def mixed(known: torch.Tensor) -> torch.Tensor:
        return torch.where(known[:, None], row, rows)

    return _mean_game(predict, mixed, rows, wrap, batch_size)


def conditional_game(
    predict: Predict, row: Any, background: Any, *, batch_size: int = 50_000
) -> Game:
    """Return the game in which absent columns keep to what usually goes with the known ones.

    "Observational": the absent columns of each background row are moved as far as a line
    fitted to the background says for the row's known columns. Exact where the columns are
    jointly normal (Aas et al. 2021, 1903.10464); an approximation elsewhere. A column that
    the model does not read can get a share, because it tells of one that is read.

    Args: as `column_game`; the background needs more rows than columns.
    """
    row, rows, wrap = _given(row, background)
    if len(rows) <= len(row):
        raise ValueError(
            f"lines need more background rows than the {len(row)} columns; got {len(rows)}."
        )
    spread = torch.cov(rows.double().T.cpu()).to(rows.device).view(len(row), len(row))

    def mixed(known: torch.Tensor) -> torch.Tensor:
        return torch.stack([_moved(one, row, rows, spread) for one in known])

    return _mean_game(predict, mixed, rows, wrap, batch_size)


def segment_game(
    network: Callable[[torch.Tensor], torch.Tensor],
    image: torch.Tensor,
    label: int,
    segments: torch.Tensor,
    *,
    background: float | torch.Tensor = 0.0,
    batch_size: int = 500,
) -> Game:
    """Return the game of an image's segments: absent ones show the background.

    A coalition is worth the logit of `label`. Needs predictions only.

    Args:
        image: channel x height x width.
        segments: height x width, whole numbers from 0.
        background: a number, or an image of the same shape.
    """
    segments = segments.to(image.device)

    @torch.no_grad()
    def value(known: torch.Tensor) -> torch.Tensor:
        found = []
        for part in known.split(batch_size):
            shown = part.to(image.device)[:, segments][:, None]
            pictures = torch.where(shown, image, torch.as_tensor(background).to(image))
            found.append(network(pictures)[:, label])
        return torch.cat(found)

    return value


def _given(row: Any, background: Any) -> tuple[torch.Tensor, torch.Tensor, Callable]:
    """Row and background as tensors, and what turns rows back into the background's kind."""
    tensors = isinstance(background, torch.Tensor)
    rows = background.detach() if tensors else torch.as_tensor(_numbers(background))
    one = row if isinstance(row, torch.Tensor) else torch.as_tensor(_numbers(row))
    one = one.detach().to(rows)
    if rows.dim() != 2 or not len(rows) or one.shape != rows.shape[1:]:
        hint = " Did you mean rows[0], one row?" if one.shape[1:] == rows.shape[1:] else ""
        raise ValueError(
            f"a row of c numbers and a background of rows x c are needed; got "
            f"{tuple(one.shape)} and {tuple(rows.shape)}.{hint}"
        )
    return one, rows, (lambda x: x) if tensors else (lambda x: x.cpu().numpy())


def _numbers(values: Any) -> Any:
    """Numbers from a list, an array or a data frame, as float64."""
    import numpy as np

    return np.array(values, dtype=float)


def _mean_game(
    predict: Predict, mixed: Callable, rows: torch.Tensor, wrap: Callable, batch_size: int
) -> Game:
    """The mean prediction over the background, a few coalitions at a time."""
    count, columns = rows.shape

    @torch.no_grad()
    def value(known: torch.Tensor) -> torch.Tensor:
        found = []
        for part in known.to(rows.device).split(max(1, batch_size // count)):
            asked = mixed(part).reshape(-1, columns)
            answers = torch.as_tensor(predict(wrap(asked))).detach().double()
            if answers.numel() != len(asked):
                raise ValueError(
                    f"predict must give one number a row; got shape {tuple(answers.shape)} for "
                    f"{len(asked)} rows. Which class? Did you mean lambda x: network(x)[:, 0]?"
                )
            found.append(answers.reshape(-1, count).mean(1))
        return torch.cat(found)

    return value


def _moved(
    known: torch.Tensor, row: torch.Tensor, rows: torch.Tensor, spread: torch.Tensor
) -> torch.Tensor:
    """The background rows with the known columns of the row, and the others moved along."""
    absent = ~known
    found = rows.clone()
    if known.any() and absent.any():
        slopes = torch.linalg.lstsq(
            spread[known][:, known].cpu(), spread[known][:, absent].cpu(), driver="gelsd"
        ).solution.to(rows)
        found[:, absent] += (row[known] - rows[:, known]) @ slopes
    found[:, known] = row[known]
    return found
