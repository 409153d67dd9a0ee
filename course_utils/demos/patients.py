"""Two tables of patients, what a model says of them when it knows less, lines and trees anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from course_utils import glassbox, page, shapley, surrogate

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


def switched(predict: Callable, row: np.ndarray, background: np.ndarray) -> Callable:
    """A score for `surrogate.fit_line`: a column that is off has its mean value."""
    return lambda masks: torch.from_numpy(
        np.asarray(predict(np.where(masks.numpy() > 0, row, background.mean(0))))
    )


def after_the_fact(predict: Callable, row: np.ndarray, background: np.ndarray) -> dict[str, Any]:
    """What each column adds, found from predictions alone: exact Shapley values, and LIME."""
    line = surrogate.fit_line(switched(predict, row, background), len(row), ridge=0)
    values = shapley.exact(shapley.column_game(predict, row, background), len(row))
    return {"Shapley": values.numpy(), "LIME": line.weights.numpy()}


def largest(model: Any, table: Any, *, row: int, count: int = 3) -> str:
    """A row's largest contributions in a linear model, and what all of them sum up to."""
    values, base = glassbox.contributions(model, table.iloc[row], background=table)
    first = np.argsort(-abs(values))[:count]
    told = ", ".join(f"{table.columns[i]} {values[i]:+.1f}" for i in first)
    return f"{told} … sum {base + values.sum():+.1f}"


def rounds(model: Any, table: Any, labels: Any, *, count: int = 3) -> np.ndarray:
    """The model's score on rows that it did not see: one mean of five folds for each round."""
    from sklearn.model_selection import RepeatedKFold, cross_val_score

    folds = RepeatedKFold(n_splits=5, n_repeats=count, random_state=0)
    return cross_val_score(model, table, labels, cv=folds).reshape(count, 5).mean(1)


def contest() -> dict[str, list[np.ndarray]]:
    """By model, `rounds` of R² on the diabetes patients and of accuracy on the tumours.

    A line, a tree of depth 3, boosting (50 trees of depth 2), a forest of 50 trees; none tuned.
    """
    from sklearn import ensemble, linear_model, tree
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    deep, small, many = {"max_depth": 3}, {"n_estimators": 50, "max_depth": 2}, {"n_estimators": 50}
    seed = {"random_state": 0}
    pairs = {
        "the line": [make_pipeline(StandardScaler(), linear_model.LinearRegression()),
                     make_pipeline(StandardScaler(),
                                   linear_model.LogisticRegression(max_iter=1000))],
        "the tree": [tree.DecisionTreeRegressor(**deep, **seed),
                     tree.DecisionTreeClassifier(**deep, **seed)],
        "boosting": [ensemble.GradientBoostingRegressor(**small, **seed),
                     ensemble.GradientBoostingClassifier(**small, **seed)],
        "the forest": [ensemble.RandomForestRegressor(**many, **seed),
                       ensemble.RandomForestClassifier(**many, **seed)],
    }  # fmt: skip
    tasks = (diabetes(), breast_cancer())
    return {
        name: [rounds(model, table.to_numpy(), labels)
               for model, (table, labels) in zip(pair, tasks, strict=True)]
        for name, pair in pairs.items()
    }  # fmt: skip


class Line(NamedTuple):
    """A line's weights by column, a standard deviation each, and its R² on unseen rows."""

    weights: dict[str, float]
    r2: np.ndarray


def line_on(table: Any, progress: Any) -> Line:
    """Fit a line to a table's columns, and see how well it does in three rounds of five folds."""
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LinearRegression())
    weights = model.fit(table, progress)[-1].coef_.tolist()
    return Line(dict(zip(table, weights, strict=True)), rounds(model, table, progress))


def with_and_without(column: str, table: Any, progress: Any) -> list[dict[str, Any]]:
    """Rows for `lesson.table`: total cholesterol's weight and R², with a column and without it."""
    tables = {"all columns": table, f"without {column}": table.drop(columns=column)}
    lines = {name: line_on(columns, progress) for name, columns in tables.items()}
    return [
        {"columns": name, "weight": round(found.weights[CHOLESTEROL], 1),
         "R²": f"{found.r2.mean():.3f}"}
        for name, found in lines.items()
    ]  # fmt: skip


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

    def reasons(self, count: int, *, depth: int) -> tuple[int, float]:
        """How many sets of columns the row's paths name in `count` resamples, and agreement.

        Returns:
            The number of different sets; the mean share of rows with the answer of the table's
            own tree.
        """
        drawn = range(1, count + 1)
        sets = {self.columns(k, depth) for k in drawn}
        same = [(self.answers(k, depth) == self.answers(0, depth)).mean() for k in drawn]
        return len(sets), float(np.mean(same))

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
