"""nbgrader's metadata: which cells a learner fills in, and which cells grade them.

An exercise is two code cells: one to fill in, and right after it the cell whose only statement
is ``exercises.check("N.M.K", answer)``. Both keep their places and their words.
"""

import ast

from course_utils import exercises

_ROLES = {
    "exercise": {"grade": False, "solution": True, "locked": False},
    "check": {"grade": True, "solution": False, "locked": True},
}


def marked(notebook: dict) -> dict:
    """A copy of a notebook whose exercise and check cells carry nbgrader's metadata, no others.

    An exercise is worth its difficulty: 1 to 3 points.

    Raises:
        ValueError: a check has more in its cell, or no cell to fill in before it.
    """
    cells = [{**cell, "metadata": {**cell["metadata"]}} for cell in notebook["cells"]]
    for cell in cells:
        cell["metadata"].pop("nbgrader", None)
    points = {one.number: one.difficulty for one in exercises.outline()}
    for place, number in checks(notebook):
        if place == 0 or cells[place - 1]["cell_type"] != "code":
            raise ValueError(f"the check of exercise {number} needs the cell to fill in before it")
        cells[place - 1]["metadata"]["nbgrader"] = _metadata("exercise", number)
        cells[place]["metadata"]["nbgrader"] = _metadata("check", number) | {
            "points": points.get(number, 1)
        }
    return {**notebook, "cells": cells}


def checks(notebook: dict) -> list[tuple[int, str]]:
    """The place of each cell that checks an exercise, and the exercise's number.

    Raises:
        ValueError: a check's cell holds more than the check.
    """
    found = []
    for place, cell in enumerate(notebook["cells"]):
        source = "".join(cell["source"])
        if cell["cell_type"] != "code" or "exercises.check(" not in source:
            continue
        body = ast.parse(source).body
        for call in body:
            if ast.unparse(call).startswith("exercises.check("):
                number = ast.literal_eval(call.value.args[0])
                if len(body) > 1:
                    raise ValueError(
                        f"the cell that checks exercise {number} must hold nothing else: under "
                        "grading the check raises, and what follows would not run"
                    )
                found.append((place, number))
    return found


def _metadata(role: str, number: str) -> dict:
    return {
        "grade_id": f"{role}-{number.replace('.', '-')}",
        **_ROLES[role],
        "schema_version": 3,
        "task": False,
    }
