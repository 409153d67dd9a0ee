"""Glass boxes: models that are read as they are, lines and trees.

They work on fitted scikit-learn models. What is read here is the model itself: nothing is
estimated, sampled or imitated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np


class Contributions(NamedTuple):
    """What each column adds to the prediction `base` of the mean background row."""

    values: np.ndarray
    base: float


class Condition(NamedTuple):
    """What a path asks of one column, all its questions merged: low < value <= high."""

    column: int
    low: float
    high: float


def line(model: Any, *, target: int | None = None) -> tuple[np.ndarray, float]:
    """Return (weights, intercept) of a linear model in the units of the table's columns.

    weights @ row + intercept is `predict` of a regression and `decision_function`, the log-odds
    of the second class, of a logistic regression.

    Args:
        model: a fitted linear regression (ridge and lasso, too) or logistic regression, or a
            pipeline of StandardScaler and one of these.
        target: the class to speak for, a place in `model.classes_`; None: the second of two.

    Raises:
        TypeError: the model is no line.
    """
    *before, last = _steps(model)
    weights, intercept = _fitted_line(last, model, target)
    for scaler in reversed(before):
        weights = weights / scaler.scale_ if scaler.with_std else weights
        intercept -= weights @ scaler.mean_ if scaler.with_mean else 0.0
    return weights, float(intercept)


def contributions(
    model: Any, row: Any, *, background: Any, target: int | None = None
) -> Contributions:
    """Return what each column of a row adds to a linear model's prediction: w (x - mean).

    These are the row's Shapley values for this background, exactly (1705.07874).

    Args:
        model: see `line`. For logistic regression all numbers are log-odds.
        row: one number a column, in the table's units.
        background: rows x columns, what the row is compared with.
    """
    weights, intercept = line(model, target=target)
    row = _row(model, row, len(weights))
    rows = np.asarray(background, dtype=float)
    if rows.ndim != 2 or rows.shape[1] != len(weights) or not len(rows):
        raise ValueError(f"background must be rows x {len(weights)} columns; got {rows.shape}.")
    mean = rows.mean(0)
    return Contributions(weights * (row - mean), float(weights @ mean + intercept))


def path(tree: Any, row: Any) -> list[Condition]:
    """Return what a decision tree asked of a row, one condition a column, in order of asking.

    Of several questions about one column only the tightest bounds are kept: just the rows that
    meet all conditions end in this leaf.

    Args:
        tree: a fitted DecisionTreeClassifier or DecisionTreeRegressor.
    """
    inner = _tree(tree)
    row = _row(tree, row, tree.n_features_in_).astype(np.float32)  # as trees compare
    nodes = inner.decision_path(row[None]).indices
    limits: dict[int, tuple[float, float]] = {}
    for node in nodes:
        column, bound = int(inner.feature[node]), float(inner.threshold[node])
        if column < 0:  # a leaf asks nothing
            continue
        low, high = limits.get(column, (-math.inf, math.inf))
        below = row[column] <= bound
        limits[column] = (low, min(high, bound)) if below else (max(low, bound), high)
    return [Condition(column, *bounds) for column, bounds in limits.items()]


def sentence(tree: Any, row: Any, *, names: Sequence[str], digits: int = 3) -> str:
    """Return a tree's path in words: "radius <= 16.8 and 20 < texture <= 25.7".

    A bound is rounded to `digits` places, to more where the rounded sentence would not be
    true of the row. A tree that asks nothing says "always".
    """
    conditions = path(tree, row)
    if len(names) != tree.n_features_in_:
        raise ValueError(f"the tree has {tree.n_features_in_} columns; got {len(names)} names.")
    values = np.asarray(row, dtype=np.float32)
    words = []
    for column, low, high in conditions:
        value, text = float(values[column]), str(names[column])
        below = f" <= {_rounded(high, value, digits)}" if high < math.inf else ""
        above = _rounded(low, value, digits) if low > -math.inf else ""
        both = f"{above} < {text}{below}" if above else f"{text}{below}"
        words.append(both if below else f"{text} > {above}")
    return " and ".join(words) or "always"


def _rounded(bound: float, value: float, digits: int) -> str:
    """The bound in as few digits as leave the value on its side of it."""
    for places in range(digits, 18):
        text = f"{bound:.{places}g}"
        if (value <= float(text)) == (value <= bound):
            return text
    return repr(bound)


def _steps(model: Any) -> list[Any]:
    """A model's steps, scalers first."""
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    if not isinstance(model, Pipeline):
        return [model]
    steps = [step for _, step in model.steps if step not in (None, "passthrough")]
    strange = [type(step).__name__ for step in steps[:-1] if not isinstance(step, StandardScaler)]
    if strange:
        raise TypeError(f"only StandardScaler may come before a line; got {', '.join(strange)}.")
    return steps


def _fitted_line(last: Any, model: Any, target: int | None) -> tuple[np.ndarray, float]:
    """The last step's weights and intercept, on what the scalers hand to it."""
    from sklearn.base import is_classifier
    from sklearn.linear_model import ElasticNet, LinearRegression, LogisticRegression, Ridge
    from sklearn.utils.validation import check_is_fitted

    if not isinstance(last, (LinearRegression, Ridge, ElasticNet, LogisticRegression)):
        raise _no_glass(last, "a line: linear or logistic regression, after StandardScaler or not")
    check_is_fitted(model)
    weights, intercept = np.atleast_2d(last.coef_), np.atleast_1d(last.intercept_)
    if is_classifier(last):
        return _of_class(weights, intercept, target)
    if len(weights) > 1 or target is not None:
        raise ValueError("a regression predicts one number here, and takes no target.")
    return weights[0].astype(float), float(intercept[0])


def _of_class(weights, intercept, target: int | None) -> tuple[np.ndarray, float]:
    classes = max(2, len(weights))
    if target is None and classes > 2:
        raise ValueError(f"there are {classes} classes, each with a line; say which: target=0.")
    target = 1 if target is None else target
    if target not in range(classes):
        raise ValueError(f"target must be from 0 to {classes - 1}; got {target!r}.")
    if classes > 2:
        return weights[target].astype(float), float(intercept[target])
    sign = 1.0 if target else -1.0
    return sign * weights[0], float(sign * intercept[0])


def _tree(tree: Any) -> Any:
    """The tree inside a fitted decision tree."""
    from sklearn.tree import BaseDecisionTree
    from sklearn.utils.validation import check_is_fitted

    if not isinstance(tree, BaseDecisionTree):
        raise _no_glass(tree, "one decision tree")
    check_is_fitted(tree)
    return tree.tree_


def _no_glass(model: Any, wanted: str) -> TypeError:
    return TypeError(
        f"a glass box is needed, {wanted}; got {type(model).__name__}. Explain it after the fact: "
        f"shapley.exact, surrogate.fit_line, sklearn.inspection.permutation_importance."
    )


def _row(model: Any, row: Any, columns: int) -> np.ndarray:
    """The row as numbers; its names, if it has any, must be the model's in their order."""
    known, named = getattr(model, "feature_names_in_", None), getattr(row, "index", None)
    if known is not None and hasattr(named, "tolist") and named.tolist() != list(known):
        raise ValueError(f"the row's columns are not the model's; it was fitted on {list(known)}.")
    values = np.asarray(row, dtype=float)
    if values.shape != (columns,):
        hint = " Did you mean X.iloc[0], one row?" if values.shape[-1:] == (columns,) else ""
        raise ValueError(f"row must be {columns} numbers; got shape {values.shape}.{hint}")
    if not np.isfinite(values).all():
        raise ValueError("the row has a missing or infinite value; fill it in first.")
    return values
