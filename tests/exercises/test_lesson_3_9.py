"""The checks of lesson 3.9 accept the reference and name each plausible slip."""

import numpy as np
import pytest
import torch
from remarks import remark
from scipy.optimize import minimize_scalar

from course_utils import diagnose
from course_utils.exercises import judge
from course_utils.exercises import lesson_3_9 as lesson


@pytest.mark.parametrize("case", lesson.TEMPERATURE_CASES)
def test_the_solution_is_the_packages_temperature(case):
    assert lesson.temperature(*case) == pytest.approx(diagnose.fit_temperature(*case), abs=0.0055)


@pytest.mark.parametrize("case", lesson.CASES)
def test_the_expected_share_is_the_packages(case):
    member, labels, wrong = case
    rule = diagnose.Rule("slice", "in", low=0.5)
    package = diagnose.weakness(rule, {"in": member.double()}, labels, wrong)
    assert float(lesson.expected(*case)) == pytest.approx(package.expected)


def test_other_right_ways_are_accepted():
    def by_scipy(logits, labels):
        def loss(t):
            odds = diagnose.at_temperature(logits, t)
            return diagnose.log_loss(odds, labels)

        return minimize_scalar(loss, bounds=(0.2, 5), method="bounded").x

    def by_gradient(logits, labels):
        heat = torch.ones(1, requires_grad=True)
        steps = torch.optim.LBFGS([heat], max_iter=100, line_search_fn="strong_wolfe")

        def loss():
            steps.zero_grad()
            value = torch.nn.functional.cross_entropy(logits / heat, labels)
            value.backward()
            return value

        steps.step(loss)
        return heat.item()

    def in_numpy(member, labels, wrong):
        m, y, w = (np.asarray(x) for x in (member, labels, wrong))
        rates = {k: w[y == k].mean() for k in np.unique(y)}
        return np.mean([rates[k] for k in y[m]])

    for number, answers in (("3.9.1", (by_scipy, by_gradient)), ("3.9.2", (in_numpy,))):
        for answer in answers:
            assert judge(number, answer).state == "solved", judge(number, answer).remark


@pytest.mark.parametrize(("wrong", "words"), lesson.TEMPERATURES)
def test_3_9_1_names_the_slip(wrong, words):
    assert words.replace("*", "") in remark("3.9.1", wrong).replace("*", "")


@pytest.mark.parametrize(("wrong", "words"), lesson.EXPECTED)
def test_3_9_2_names_the_slip(wrong, words):
    assert words.replace("*", "") in remark("3.9.2", wrong).replace("*", "")


@pytest.mark.parametrize(
    ("number", "wrong", "words"),
    [
        ("3.9.1", lambda logits, labels: 0.75, "expected"),
        ("3.9.1", lambda logits, labels: print(), "return"),
        ("3.9.1", 1.5, "function was expected"),
        ("3.9.2", lambda member, labels, wrong: 0.5, "expected"),
        ("3.9.2", lambda member, labels, wrong: 100 * lesson.expected(member, labels, wrong),
         "share"),
        ("3.9.2", 0.3, "function was expected"),
    ],
)  # fmt: skip
def test_other_wrong_answers_get_the_numbers(number, wrong, words):
    assert words in remark(number, wrong)


@pytest.mark.parametrize("score", [
    lambda p, y: -p[range(len(y)), y].mean(),  # no log
    lambda p, y: -p.amax(1).log().mean(),  # the answer's probability
])  # fmt: skip
def test_3_9_1_asks_why_the_end_of_the_range_was_found(score):
    assert "lower end of the range" in remark("3.9.1", lesson._least(score))
