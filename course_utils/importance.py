"""Feature importance: how far a model's score falls without what some columns say.

Three questions that sound alike: `permuted` breaks columns of a finished model's input,
`conditional` breaks only what the other columns do not tell, `refitted` trains again without.
With columns that move together the answers differ (Hooker, Mentch & Zhou 2021, 1905.03151).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Groups = Sequence[Sequence[int]] | None
Score = Callable[[np.ndarray], float]


def permuted(
    score: Score, rows: Any, *, groups: Groups = None, repeats: int = 10, seed: int = 0
) -> np.ndarray:
    """Return how far the score falls when a group of columns is shuffled (Breiman 2001).

    The columns of a group move together, so what they say of each other stays true.

    Args:
        score: from rows x columns to a number, higher is better; such as
            ``lambda x: model.score(x, labels)`` on rows that the model did not see.
        rows: rows x columns.
        groups: lists of column numbers; None: each column alone.
        repeats: how often each group is shuffled anew.

    Returns:
        groups x repeats, in the score's unit; near 0: the group does not matter to this model.
    """
    rows, groups, generator = _given(rows, groups, repeats, seed)
    whole = float(score(rows.copy()))
    found = np.empty((len(groups), repeats))
    for place, group in enumerate(groups):
        for repeat in range(repeats):
            mixed = rows.copy()
            mixed[:, group] = rows[generator.permutation(len(rows))][:, group]
            found[place, repeat] = whole - float(score(mixed))
    return found


def conditional(
    score: Score, rows: Any, *, groups: Groups = None, repeats: int = 10, seed: int = 0
) -> np.ndarray:
    """Return how far the score falls when only what a group alone knows is shuffled.

    Each column of the group is split into what a line predicts from the other columns, which
    stays, and the rest, which moves (after Strobl 2008 and Fisher et al. 2019, 1801.01489).

    Args and result: as `permuted`.
    """
    rows, groups, generator = _given(rows, groups, repeats, seed)
    whole = float(score(rows.copy()))
    found = np.empty((len(groups), repeats))
    for place, group in enumerate(groups):
        others = [c for c in range(rows.shape[1]) if c not in group]
        told = _predicted(rows[:, others], rows[:, group])
        rest = rows[:, group] - told
        for repeat in range(repeats):
            mixed = rows.copy()
            mixed[:, group] = told + rest[generator.permutation(len(rows))]
            found[place, repeat] = whole - float(score(mixed))
    return found


def refitted(
    learn: Callable[[list[int]], float], columns: int, *, groups: Groups = None
) -> np.ndarray:
    """Return how far the score falls when a model is trained anew without each group.

    Args:
        learn: from the column numbers that are kept to the score of a model trained on them.
        columns: how many columns there are.

    Returns:
        One number a group; near 0: the other columns can do without it.
    """
    groups = _groups(groups, columns)
    whole = float(learn(list(range(columns))))
    kept = ([c for c in range(columns) if c not in group] for group in groups)
    return np.array([whole - float(learn(columns)) for columns in kept])


def together(rows: Any, *, threshold: float = 0.9) -> list[list[int]]:
    """Return groups of columns that move together, in the columns' order.

    Two columns share a group when the size of their rank correlation reaches `threshold`, or
    when a chain of such pairs joins them.
    """
    if not 0 < threshold <= 1:
        hint = f" Did you mean {threshold / 100:g}?" if 1 < threshold <= 100 else ""
        raise ValueError(f"threshold must be in (0, 1]; got {threshold!r}.{hint}")
    values = np.asarray(rows, dtype=float)
    ranks = np.stack([_ranks(column) for column in values.T])
    centred = ranks - ranks.mean(1, keepdims=True)
    length = np.linalg.norm(centred, axis=1)
    unit = centred / np.where(length > 0, length, 1)[:, None]
    near = abs(unit @ unit.T) >= threshold - 1e-9
    groups, left = [], list(range(values.shape[1]))
    while left:
        group, fresh = {left[0]}, {left[0]}
        while fresh:
            fresh = {c for c in left if near[list(fresh)].any(0)[c]} - group
            group |= fresh
        groups.append(sorted(group))
        left = [c for c in left if c not in group]
    return groups


def _ranks(column: np.ndarray) -> np.ndarray:
    """Ranks; equal values share the mean of their places."""
    _, place, counts = np.unique(column, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    return (last - (counts + 1) / 2)[place]


def _predicted(others: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """What least squares says of the wanted columns, from the others and a constant."""
    design = np.column_stack([np.ones(len(wanted)), others - others.mean(0)])
    size = np.linalg.norm(design, axis=0)
    design = design / np.where(size > 0, size, 1)  # columns of any unit weigh alike
    return design @ np.linalg.lstsq(design, wanted, rcond=None)[0]


def _given(
    rows: Any, groups: Groups, repeats: int, seed: int
) -> tuple[np.ndarray, list[list[int]], np.random.Generator]:
    values = np.array(rows, dtype=float)
    if values.ndim != 2 or len(values) < 2:
        raise ValueError(f"rows must be rows x columns, at least 2 rows; got {values.shape}.")
    if not isinstance(repeats, int) or repeats < 1:
        raise ValueError(f"repeats must be a whole number, 1 or more; got {repeats!r}.")
    return values, _groups(groups, values.shape[1]), np.random.default_rng(seed)


def _groups(groups: Groups, columns: int) -> list[list[int]]:
    if groups is None:
        return [[c] for c in range(columns)]
    flat = [g for g in groups if isinstance(g, (int, np.integer, str))]
    if flat:
        raise ValueError(
            f"groups must be lists of column numbers; got {flat[0]!r}. Did you mean [{flat}]?"
        )
    listed = [[int(c) for c in group] for group in groups]
    strange = [g for g in listed if not g or any(not 0 <= c < columns for c in g)]
    if strange:
        raise ValueError(f"a group needs column numbers from 0 to {columns - 1}; got {strange[0]}.")
    return listed
