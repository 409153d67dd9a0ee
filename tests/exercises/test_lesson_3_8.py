"""The checks of lesson 3.8 accept the reference and name each plausible slip."""

import math

import numpy as np
import pytest
import torch
from remarks import remark

from course_utils import words
from course_utils.exercises import judge
from course_utils.exercises import lesson_3_8 as lesson


@pytest.mark.parametrize("case", lesson.SPEAK_CASES)
def test_the_threshold_is_the_packages(case):
    sure, held, goal = case
    found = words.threshold(torch.tensor(sure, dtype=torch.float64), torch.tensor(held).bool(),
                            goal=goal, fewest=1)  # fmt: skip
    assert (None if math.isinf(found) else found) == lesson.speak_from(*case)


def test_other_right_ways_are_accepted():
    def in_numpy(sure, held, goal):
        sure, held = np.asarray(sure), np.asarray(held)
        good = [t for t in sure if held[sure >= t].mean() >= goal]
        return min(good) if good else None

    def in_torch(sure, held, goal):
        s, h = torch.tensor(sure, dtype=torch.float64), torch.tensor(held).double()
        good = [t for t in s.unique() if h[s >= t].mean() >= goal]
        return good[0] if good else None

    def in_float32(sure, held, goal):
        s, h = np.array(sure, dtype=np.float32), np.array(held, dtype=np.float32)
        good = [t for t in s if h[s >= t].mean() >= goal]
        return min(good) if good else None

    def with_masks(check, claims, network, stranger):
        ours = np.array([check(network, claim) for claim in claims])
        theirs = np.array([check(stranger, claim) for claim in claims])
        return (ours & ~theirs).sum() / ours.sum() if ours.any() else None

    def mean_in_torch(check, claims, network, stranger):
        no = [float(not check(stranger, c)) for c in claims if check(network, c)]
        return torch.tensor(no).mean() if no else None

    def counted(check, claims, network, stranger):
        yes = no = 0
        for claim in claims:
            if check(network, claim):
                yes += 1
                no += not check(stranger, claim)
        return no / yes if yes else None

    rights = {"3.8.1": (in_numpy, in_torch, in_float32),
              "3.8.2": (counted, with_masks, mean_in_torch)}  # fmt: skip
    for number, answers in rights.items():
        for answer in answers:
            assert judge(number, answer).state == "solved", judge(number, answer).remark


@pytest.mark.parametrize(("wrong", "words"), lesson.SPEAKS)
def test_3_8_1_names_the_slip(wrong, words):
    assert words.replace("*", "") in remark("3.8.1", wrong).replace("*", "")


@pytest.mark.parametrize(("wrong", "words"), lesson.TEETH)
def test_3_8_2_names_the_slip(wrong, words):
    assert words.replace("*", "") in remark("3.8.2", wrong).replace("*", "")


@pytest.mark.parametrize(
    ("number", "wrong", "words"),
    [
        ("3.8.1", lambda sure, held, goal: 0.5, "expected"),
        ("3.8.1", lambda sure, held, goal: print(), "return"),
        ("3.8.1", 0.5, "function was expected"),
        ("3.8.2", lambda check, claims, network, stranger: 0.5, "expected"),
        (
            "3.8.2",
            lambda check, claims, network, stranger: check(claims[0], network),
            "the network comes first",
        ),
        ("3.8.2", lambda check, claims, network, stranger: 0.4, "is the claim in the network?"),
        ("3.8.2", 1, "function was expected"),
    ],
)
def test_other_wrong_answers_get_the_numbers(number, wrong, words):
    assert words in remark(number, wrong)
