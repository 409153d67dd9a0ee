"""The checks of lesson 3.6 accept the reference and name each plausible slip."""

import numpy as np
import pytest
from remarks import remark
from scipy.stats import spearmanr
from sklearn.metrics import r2_score

from course_utils.exercises import judge
from course_utils.exercises import lesson_3_6 as lesson


@pytest.mark.parametrize("case", lesson.R2_CASES)
def test_r2_is_scikit_learns(case):
    weights, intercept, masks, scores, nearness = case
    theirs = r2_score(scores, intercept + masks @ weights, sample_weight=nearness)
    assert lesson.fresh_r2(*case).item() == pytest.approx(theirs)


def test_one_case_is_worse_than_a_constant():
    assert min(lesson.fresh_r2(*case).item() for case in lesson.R2_CASES) < 0


def test_other_right_ways_are_accepted():
    def by_sklearn(weights, intercept, masks, scores, nearness):
        return r2_score(scores, masks @ weights + intercept, sample_weight=nearness)

    def in_numpy(weights, intercept, masks, scores, nearness):
        w, m, y, n = (np.asarray(x) for x in (weights, masks, scores, nearness))
        mean = np.average(y, weights=n)
        error = np.average((y - float(intercept) - m @ w) ** 2, weights=n)
        return 1 - error / np.average((y - mean) ** 2, weights=n)

    def by_scipy(explain, goal, start=50, most=5000):
        while start <= most:
            if spearmanr(explain(start, 0), explain(start, 1)).statistic >= goal:
                return start
            start *= 2

    def one_by_one(explain, goal, start=50, most=5000):
        tries = (start * 2**k for k in range(20))
        good = (n for n in tries if n <= most
                and lesson._rank(explain(n, seed=0), explain(n, seed=1)) >= goal)  # fmt: skip
        return next(good, None)

    for number, answers in (("3.6.1", (by_sklearn, in_numpy)), ("3.6.2", (by_scipy, one_by_one))):
        for answer in answers:
            assert judge(number, answer).state == "solved", judge(number, answer).remark


@pytest.mark.parametrize(("wrong", "words"), lesson.R2S)
def test_3_6_1_names_the_slip(wrong, words):
    assert words.replace("*", "") in remark("3.6.1", wrong).replace("*", "")


@pytest.mark.parametrize(("wrong", "words"), lesson.ENOUGH)
def test_3_6_2_names_the_slip(wrong, words):
    assert words.replace("*", "") in remark("3.6.2", wrong).replace("*", "")


@pytest.mark.parametrize(
    ("number", "wrong", "words"),
    [
        ("3.6.1", lambda weights, intercept, masks, scores, nearness: 0.5, "expected"),
        ("3.6.1", lambda weights, intercept, masks, scores, nearness: print(), "return"),
        ("3.6.1", 0.5, "function was expected"),
        ("3.6.2", lambda explain, goal, start=50, most=5000: 400, "expected"),
        ("3.6.2", 400, "function was expected"),
    ],
)
def test_other_wrong_answers_get_the_numbers(number, wrong, words):
    assert words in remark(number, wrong)
