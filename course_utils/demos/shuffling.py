"""What shuffling columns costs the readers of tumours: networks of several seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor

from course_utils import importance
from course_utils.demos.tumours import COLUMNS, SIZE, Tumours, learner, scorer, trained

ALIKE = [COLUMNS[place] for place in SIZE]
THREE = " + ".join(ALIKE)
GROUPS = {name: [place] for place, name in enumerate(COLUMNS)} | {
    THREE: SIZE,
    "control: three that differ": [3, 4, 6],
}
"""Each column alone, three that say the same, and three that do not."""
ASKED = {name: GROUPS[name] for name in ("radius", THREE, "concavity", "texture")}


def shuffled(
    cells: Tumours, groups: Mapping[str, Sequence[int]] = GROUPS, *, seeds: int = 5
) -> dict[str, np.ndarray]:
    """What shuffling each group costs: by group, one share of the accuracy a network."""
    rows, found = cells.held_rows.numpy(), []
    for seed in range(seeds):
        score = scorer(trained(cells.rows, cells.malignant, seed=seed), cells.held_malignant)
        falls = importance.permuted(score, rows, groups=list(groups.values()), seed=seed)
        found.append(falls.mean(1))
    return dict(zip(groups, np.array(found).T, strict=True))


def three_questions(
    cells: Tumours, asked: Mapping[str, Sequence[int]] = ASKED, *, seeds: int = 3
) -> dict[str, np.ndarray]:
    """What each group costs shuffled, beyond what the others tell, and left out in training.

    Returns:
        By group, question x network, shares of accuracy.
    """
    rows, groups, found = cells.held_rows.numpy(), list(asked.values()), []
    for seed in range(seeds):
        network = trained(cells.rows, cells.malignant, seed=seed)
        score = scorer(network, cells.held_malignant)
        found.append([
            importance.permuted(score, rows, groups=groups, seed=seed).mean(1),
            importance.conditional(score, rows, groups=groups, seed=seed).mean(1),
            importance.refitted(learner(cells, seed=seed), rows.shape[1], groups=groups),
        ])  # fmt: skip
    return dict(zip(asked, np.array(found).transpose(2, 1, 0), strict=True))


def rows(answers: Mapping[str, np.ndarray]) -> list[dict[str, str]]:
    """Rows for `lesson.table`: mean and spread in points, a question a column."""
    questions = ("shuffled", "what only it tells", "trained without")
    return [
        {"columns": name}
        | {question: f"{100 * one.mean():.1f} ± {100 * one.std(ddof=1):.1f}"
           for question, one in zip(questions, found, strict=True)}
        for name, found in answers.items()
    ]  # fmt: skip


def sizes(shares: Tensor) -> dict[str, float]:
    """The mean size of each column's Shapley share, and of the three alike added up first.

    Args:
        shares: rows x 7.
    """
    found = dict(zip(COLUMNS, shares.abs().mean(0).tolist(), strict=True))
    return found | {"the three added": shares[:, SIZE].sum(1).abs().mean().item()}


def one_by_one(falls: Mapping[str, np.ndarray]) -> np.ndarray:
    """What the three that are alike cost when each is shuffled alone, added up, by network."""
    return np.sum([falls[name] for name in ALIKE], axis=0)


def lost(found: Mapping[str, np.ndarray]) -> list[dict[str, str]]:
    """Rows for `lesson.table`: what each way of shuffling costs, over networks."""
    return [{"columns": name, "accuracy lost": points(falls)} for name, falls in found.items()]


def points(falls: np.ndarray) -> str:
    """Mean and standard error over networks, in points."""
    return f"{100 * falls.mean():.1f} ± {100 * falls.std(ddof=1) / len(falls) ** 0.5:.1f} points"
