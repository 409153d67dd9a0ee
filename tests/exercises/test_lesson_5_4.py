"""The checks of lesson 5.4 accept the reference and name each plausible slip."""

import numpy as np
import pytest
import torch
from remarks import remark

from course_utils.exercises import judge
from course_utils.exercises import lesson_5_4 as lesson
from course_utils.language import Bag, Reader, Vocabulary, compress, explain


def test_fold_is_the_packages():
    torch.manual_seed(0)
    bag = Bag(7, size=4)
    reader = Reader(Vocabulary(tuple("abcde")), bag)
    mine = lesson.fold(bag.word.weight, bag.out.weight[0])[2:]
    assert torch.allclose(mine, compress.word_weights(reader), atol=1e-6)


def test_effects_are_the_packages():
    torch.manual_seed(0)
    reader = Reader(Vocabulary(tuple("abc")), Bag(5, size=4))
    mine = lesson.effects(list("abac"), lambda words: reader([" ".join(words)]).item())
    found = dict(zip("abc", explain.leave_one_out(reader, "a b a c").tolist()))
    assert mine == pytest.approx([found[word] for word in "abac"], abs=1e-5)


def test_other_right_ways_are_accepted():
    def array(vectors, weights):
        return (vectors.numpy() * weights.numpy()[None]).sum(1)

    def looped(vectors, weights):
        return [sum(a * b for a, b in zip(row, weights)) for row in vectors]

    def column(vectors, weights):
        return vectors @ weights[:, None]

    def joined(words, score):
        return np.array([score(words) - score([w for w in words if w is not k and w != k])
                         for k in words])  # fmt: skip

    def row(vectors, weights):
        return weights[None] @ vectors.T

    def numbers(vectors, weights):
        return [[float(one @ weights)] for one in vectors]

    for right in (array, looped, column, row, numbers):
        assert judge("5.4.1", right).state == "solved"
    assert judge("5.4.2", joined).state == "solved"
    assert judge("5.4.2", lambda *given: torch.tensor(joined(*given))).state == "solved"
    assert judge("5.4.2", lambda *given: (one for one in joined(*given))).state == "solved"


def test_what_is_no_number_is_told():
    assert "None" in remark("5.4.2", lambda words, score: [None for _ in words])
    assert "'x'" in remark("5.4.1", lambda vectors, weights: "x")
    assert "list" in remark("5.4.1", lambda vectors, weights: ["x"] * len(vectors))


@pytest.mark.parametrize(("number", "slips"), [("5.4.1", lesson.FOLD_SLIPS),
                                               ("5.4.2", lesson.EFFECT_SLIPS)])  # fmt: skip
def test_each_slip_gets_its_own_remark(number, slips):
    twice = 1 if number == "5.4.2" else 0  # one slip in two spellings
    assert len({words for _, words in slips}) == len(slips) - twice
    for wrong, words in slips:
        assert words in remark(number, wrong)
