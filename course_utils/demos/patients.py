"""Two tables of patients, what a model says of them when it knows less, trees of resamples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_utils import glassbox, page

CHOLESTEROL = "total cholesterol"
_NAMES = {
    "s1": CHOLESTEROL, "s2": "LDL cholesterol", "s3": "HDL cholesterol", "s4": "total / HDL",
    "s5": "log triglycerides", "s6": "blood sugar", "bp": "blood pressure", "bmi": "body mass",
}  # fmt: skip


def diabetes() -> tuple[Any, Any]:
    """442 patients, 10 measurements with names in words; how far the disease went in a year."""
    from sklearn.datasets import load_diabetes

    table, progress = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    return table.rename(columns=_NAMES), progress


def breast_cancer() -> tuple[Any, Any]:
    """569 tumours, 30 measurements; 1 for malignant (scikit-learn counts the other way)."""
    from sklearn.datasets import load_breast_cancer

    table, benign = load_breast_cancer(return_X_y=True, as_frame=True)
    return table, 1 - benign


def worth(predict: Callable, row: np.ndarray, background: np.ndarray) -> Callable:
    """A coalition's worth: the mean prediction when only its columns of the row are known.

    Args:
        background: rows x columns; lends the values of the unknown columns.
    """

    def value(known: Tensor) -> Tensor:
        mixed = np.where(known.numpy()[:, None], row, background)
        found = predict(mixed.reshape(-1, len(row))).reshape(len(known), -1)
        return torch.from_numpy(found.mean(1))

    return value


def switched(predict: Callable, row: np.ndarray, background: np.ndarray) -> Callable:
    """A score for `surrogate.fit_line`: a column that is off has its mean value."""
    return lambda masks: torch.from_numpy(
        np.asarray(predict(np.where(masks.numpy() > 0, row, background.mean(0))))
    )


def spreads(
    scores: Mapping[str, Sequence[np.ndarray]], *, columns: Sequence[str]
) -> list[dict[str, str]]:
    """Rows for `lesson.table`: for each model, mean ± standard deviation in each column.

    Args:
        scores: by model, for each column the results of several rounds.
    """
    return [
        {"model": name}
        | {c: f"{r.mean():.3f} ± {r.std(ddof=1):.3f}" for c, r in zip(columns, rounds, strict=True)}
        for name, rounds in scores.items()
    ]


class Resamples:
    """Fits a tree to a resample of the table and reads out one row's path.

    Args:
        table: rows x columns, with names; labels: the class of each row, 0 or 1.
        row: the place of the row whose path is read.
        words: the names of the two classes.
    """

    def __init__(self, table: Any, labels: Any, *, row: int, words: tuple[str, str]):
        self.table, self.labels, self.row, self.words = table, labels, row, words
        self._trees: dict[tuple[int, int], Any] = {}

    def tree(self, resample: int, depth: int) -> Any:
        """A tree fitted to as many rows, drawn with replacement; resample 0 is the table."""
        from sklearn.tree import DecisionTreeClassifier

        if (resample, depth) not in self._trees:
            count = len(self.table)
            drawn = np.random.default_rng(resample).integers(count, size=count)
            rows = drawn if resample else np.arange(count)
            tree = DecisionTreeClassifier(max_depth=depth, random_state=0)
            self._trees[resample, depth] = tree.fit(
                self.table.to_numpy()[rows], self.labels.to_numpy()[rows]
            )
        return self._trees[resample, depth]

    def columns(self, resample: int, depth: int) -> frozenset[int]:
        """The columns that the row's path asks about."""
        tree = self.tree(resample, depth)
        return frozenset(c.column for c in glassbox.path(tree, self.table.to_numpy()[self.row]))

    def answers(self, resample: int, depth: int) -> np.ndarray:
        """The classes the tree gives to all rows of the table."""
        return self.tree(resample, depth).predict(self.table.to_numpy())

    def tell(self, resample: int, depth: int) -> str:
        """The row's path as a sentence, and how often the tree agrees with resample 0's."""
        tree, row = self.tree(resample, depth), self.table.to_numpy()[self.row]
        said = glassbox.sentence(tree, row, names=list(self.table))
        answer = self.words[self.answers(resample, depth)[self.row]]
        same = (self.answers(resample, depth) == self.answers(0, depth)).mean()
        return f"{answer}, because {said}. (Same answer as the table's tree: {same:.0%} of rows.)"

    def draw(self, resample: int, depth: int) -> str:
        """The sentence as HTML."""
        return f"<p style='font-size:1.1em'>{page.escape(self.tell(resample, depth))}</p>"
