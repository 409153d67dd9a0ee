"""The checks of lesson 4.5 accept the reference and name each plausible slip."""

from math import lgamma, log

import numpy as np
import pytest
import torch
from remarks import remark

from course_utils.exercises import judge
from course_utils.exercises import lesson_4_5 as lesson


def test_an_index_can_be_read_back():
    def entries(mask, longest):
        """Write the entries out and walk along them."""
        written, zeros = [], 0
        for kept in mask.tolist():
            zeros += 1
            if kept or zeros == longest:
                written.append((zeros, kept))
                zeros = 0
        while written and not written[-1][1]:
            written.pop()  # behind the last weight
        return written

    generator = torch.Generator().manual_seed(0)
    for longest in (1, 2, 5, 16):
        mask = torch.rand(300, generator=generator) < 0.1
        written = entries(mask, longest)
        assert len(written) == lesson.index_entries(mask, longest)
        places = np.cumsum([gap for gap, _ in written]) - 1
        kept = [place for place, (_, kept) in zip(places, written, strict=True) if kept]
        assert kept == mask.nonzero().flatten().tolist()


def test_adaptive_bits_are_the_closed_form():
    for answers in ([0, 0, 1, 0, 1], [1] * 20, [], [0, 1] * 6):
        yes, no = sum(answers), len(answers) - sum(answers)
        form = 2 * lgamma(0.5) + lgamma(yes + no + 1) - lgamma(yes + 0.5) - lgamma(no + 0.5)
        assert lesson.adaptive_bits(answers) == pytest.approx(form / log(2), abs=1e-9)


def test_other_right_ways_are_accepted():
    def by_numpy(mask, longest):
        gaps = np.diff(np.flatnonzero(mask.numpy()), prepend=-1)
        return np.ceil(gaps / longest).sum()

    def by_form(answers):
        yes, no = sum(answers), len(answers) - sum(answers)
        form = 2 * lgamma(0.5) + lgamma(yes + no + 1) - lgamma(yes + 0.5) - lgamma(no + 0.5)
        return form / log(2)

    assert judge("4.5.1", by_numpy).state == "solved"
    assert judge("4.5.2", by_form).state == "solved"
    assert judge("4.5.2", lambda x: torch.tensor(lesson.adaptive_bits(x))).state == "solved"


@pytest.mark.parametrize(("wrong", "words"), lesson.INDEX)
def test_4_5_1_names_the_slip(wrong, words):
    assert words in remark("4.5.1", wrong)


@pytest.mark.parametrize(("wrong", "words"), lesson.BITS)
def test_4_5_2_names_the_slip(wrong, words):
    assert words in remark("4.5.2", wrong)
