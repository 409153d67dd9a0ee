"""The checks of lesson 5.2 accept the reference and name each plausible slip."""

import numpy as np
import pytest
import torch
from remarks import remark

from course_utils import sparse_head
from course_utils.exercises import judge
from course_utils.exercises import lesson_5_2 as lesson


def test_solutions_by_hand():
    weight, bias = lesson.leave_means(*lesson.LAYERS[0])
    assert weight.tolist() == [[1.0], [0.0]]
    assert bias.tolist() == [10 + 2 * 5 + 3 * 2, 20 - 5 + 4 * 2]
    assert lesson.read(*lesson.IMAGES[0]).tolist() == [0, 0, 1]


def test_the_reader_is_the_packages():
    weight, bias, values, count = lesson.IMAGES[2]
    zero = torch.zeros(values.shape[1])
    head = sparse_head.Head(weight, bias, zero, zero + 1, zero + 1 > 0)
    answers = sparse_head.read(head, values, count)
    assert torch.equal(answers, lesson.read(weight, bias, values, count))


def test_other_right_ways_are_accepted():
    def folded(weight, bias, means, gone):
        kept = [k for k in range(weight.shape[1]) if k not in gone.tolist()]
        for k in gone:
            bias = bias + weight[:, k] * means[k]
        return [weight[:, kept], bias]

    def loop(weight, bias, values, count):
        answers = []
        for row in values:
            parts = (weight * row).numpy()
            told = np.argsort(-parts.std(0))[:count]  # n instead of n − 1: the same order
            answers.append(int((parts[:, told].sum(1) + bias.numpy()).argmax()))
        return np.array(answers)

    def by_list(*given):
        return lesson.read(*given).tolist()

    def in_arrays(weight, bias, means, gone):
        weight, bias, means, gone = (x.numpy() for x in (weight, bias, means, gone))
        return np.delete(weight, gone, 1), bias + weight[:, gone] @ means[gone]

    def in_lists(*given):
        return [x.tolist() for x in lesson.leave_means(*given)]

    for way in (folded, in_arrays, in_lists):
        assert judge("5.2.1", way).state == "solved", judge("5.2.1", way).remark
    for way in (loop, by_list):
        assert judge("5.2.2", way).state == "solved", judge("5.2.2", way).remark


@pytest.mark.parametrize(("wrong", "words"), lesson.LEFT)
def test_5_2_1_names_the_slip(wrong, words):
    assert words in remark("5.2.1", wrong)


@pytest.mark.parametrize(("wrong", "words"), lesson.READERS)
def test_5_2_2_names_the_slip(wrong, words):
    assert words in remark("5.2.2", wrong)
