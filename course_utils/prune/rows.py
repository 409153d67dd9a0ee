"""Whole rows of a table of vectors: which words, films or users stay."""

import torch
from torch import Tensor


def highest(values: Tensor, *, share: float) -> Tensor:
    """Return a bool for each row: is it among the share of highest value? Ties go to the first.

    Args:
        values: how much each row matters.
        share: in [0, 1], of the rows; round(share * rows) stay.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share must be in [0, 1]; got {share}. Did you mean {share / 100:g}?")
    stays = torch.zeros(len(values), dtype=torch.bool)
    stays[values.argsort(descending=True, stable=True)[: round(share * len(values))]] = True
    return stays
