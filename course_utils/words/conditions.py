"""A rule's conditions: made fewer, and put into words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from course_utils.glassbox import Condition
from course_utils.words import shapes


def shortened(
    conditions: Sequence[Condition], rows: np.ndarray, right: np.ndarray, *, goal: float
) -> tuple[Condition, ...]:
    """Drop one condition after the other, as long as the rule stays as precise as the goal.

    Dropping a condition makes the rule speak about more rows. The one goes first whose loss
    harms least (the rules of C4.5, Quinlan 1993, are made so).

    Args:
        rows: n x feature; right: whether the rule's answer is right for each row, n.
        goal: the least share of rows that meet the conditions and are right.
    """
    kept = list(conditions)
    met = [meets(rows, condition) for condition in kept]
    while len(kept) > 1:
        shares = [_share(met[:k] + met[k + 1 :], right) for k in range(len(kept))]
        best = int(np.argmax(shares))
        if shares[best] < goal:
            break
        del kept[best], met[best]
    return tuple(kept)


def meets(rows: np.ndarray, condition: Condition) -> np.ndarray:
    """Return which rows, n x feature, meet a condition: low < value <= high."""
    value = rows[:, condition.column]
    return (value > condition.low) & (value <= condition.high)


def english(conditions: Sequence[Condition], row: np.ndarray) -> str:
    """Return conditions in words: "height above 20; width from 8 to 12"."""
    told = (_told(c, row, ("{0} above {1}", "{0} at most {2}", "{0} from {1} to {2}"),
                  shapes.ENGLISH) for c in conditions)  # fmt: skip
    return "; ".join(told) or "always"


def chinese(conditions: Sequence[Condition], row: np.ndarray) -> str:
    """Return conditions in Chinese words."""
    told = (_told(c, row, ("{0}大于{1}", "{0}不超过{2}", "{0}在{1}与{2}之间"), shapes.CHINESE)
            for c in conditions)  # fmt: skip
    return "；".join(told) or "总是"


def _told(condition: Condition, row: np.ndarray, forms: Sequence[str], names: Sequence[str]) -> str:
    column, low, high = condition
    value = float(row[column])
    kind = 1 if low == -math.inf else 0 if high == math.inf else 2
    return forms[kind].format(names[column], _rounded(low, value), _rounded(high, value))


def _rounded(bound: float, value: float) -> str:
    """A bound in as few digits as leave the value on its side."""
    for digits in range(2, 18):
        text = f"{bound:.{digits}g}"
        if (value <= float(text)) == (value <= bound):
            return text
    return repr(bound)


def _share(met: Sequence[np.ndarray], right: np.ndarray) -> float:
    rows = np.logical_and.reduce(met)
    return float(right[rows].mean()) if rows.any() else 0.0
