"""Exercises: a check that never raises, hints in tiers, a tested solution, progress.

A lesson's exercises live in ``lesson_N_M.py`` in this folder::

    @exercise("3.2.1", title="round to codes", minutes=10, difficulty=2,
              solution=to_codes, hints=("Divide first.", ("I get -0.0", "Round, then …")))
    def _(answer):
        return agree(answer, to_codes, (weights, 0.1), slips=[(truncate, "You cut off …")])
"""

from course_utils.exercises.card import check
from course_utils.exercises.cases import agree, formed
from course_utils.exercises.compare import expect
from course_utils.exercises.engine import Exercise, exercise, find, lessons, numbers, outline
from course_utils.exercises.record import progress
from course_utils.exercises.verdict import Result, judge

__all__ = [
    "Exercise",
    "Result",
    "agree",
    "check",
    "exercise",
    "expect",
    "find",
    "formed",
    "judge",
    "lessons",
    "numbers",
    "outline",
    "progress",
]
