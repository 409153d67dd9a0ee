"""The checks of lesson 4.4 accept the reference and name each plausible slip."""

import math

import numpy as np
import pytest
import torch
from remarks import remark

from course_utils.exercises import judge
from course_utils.exercises import lesson_4_4 as lesson


def test_solutions_by_hand():
    mean, error = lesson.gain([0.25, 0.5], [0.75, 0.625])  # gains 1/2 and 1/8
    assert mean == pytest.approx(5 / 16) and error == pytest.approx(3 / 16)
    half_way = lesson.worth([10, 1000], [0.2, 0.9], 0.55)
    assert half_way == pytest.approx(100)  # the geometric mean
    assert lesson.worth([10, 1000], [0.2, 0.9], 0.95) == math.inf


def test_other_right_ways_are_accepted():
    def by_torch(alone, taught):
        gains = torch.tensor(taught).double() - torch.tensor(alone).double()
        return gains.mean(), gains.std() / len(gains) ** 0.5

    def by_numpy(sizes, accuracies, score):
        if score > accuracies[-1]:
            return np.inf
        return np.exp(np.interp(score, accuracies, np.log(sizes)))

    assert judge("4.4.1", by_torch).state == "solved"
    assert judge("4.4.1", lambda a, t: list(lesson.gain(a, t))).state == "solved"
    for pack in (torch.stack, lambda two: np.array([float(one) for one in two])):
        assert judge("4.4.1", lambda a, t, pack=pack: pack(by_torch(a, t))).state == "solved"
    assert judge("4.4.2", by_numpy).state == "solved"


@pytest.mark.parametrize(("wrong", "words"), lesson.GAINS)
def test_4_4_1_names_the_slip(wrong, words):
    assert words in remark("4.4.1", wrong)


@pytest.mark.parametrize(("wrong", "words"), lesson.WORTHS)
def test_4_4_2_names_the_slip(wrong, words):
    assert words in remark("4.4.2", wrong)


def test_numpy_slips_are_named_too():
    def log10(sizes, accuracies, score):
        return np.interp(score, accuracies, np.log10(sizes), right=np.inf)

    assert "10 **" in remark("4.4.2", log10)
    plain = remark("4.4.2", lambda sizes, accuracies, score: np.interp(score, accuracies, sizes))
    assert "equal *steps*" in plain and "math.inf" in plain


def test_a_mean_alone_is_not_enough():
    assert "2" in remark("4.4.1", lambda alone, taught: lesson.gain(alone, taught)[0])
