"""The checks of lesson 5.3 accept the reference and name each plausible slip."""

from itertools import pairwise

import numpy as np
import pytest
from remarks import remark

from course_utils import search
from course_utils.exercises import judge
from course_utils.exercises import lesson_5_3 as lesson


def test_solutions_by_hand():
    assert lesson.area(*lesson.FRONTS[0]) == pytest.approx(30 * 0.3 + 20 * 0.1)
    assert lesson.area(*lesson.FRONTS[3]) == 0
    assert lesson.luck_of_the_best(*lesson.TRIED[0]) == pytest.approx((0.04 + 0.01) / 2)


def test_the_area_is_the_packages():
    for points, worst in lesson.FRONTS:
        wanted = search.hypervolume(points, worst, ("minimize", "maximize"))
        assert lesson.area(points, worst) == pytest.approx(wanted)


def test_other_right_ways_are_accepted():
    def stairs(points, worst):
        front = [p for p in points if p[0] < worst[0] and p[1] > worst[1]]
        edges = sorted({x for x, _ in front} | {worst[0]})
        return sum((right - left) * (max(y for x, y in front if x <= left) - worst[1])
                   for left, right in pairwise(edges))  # fmt: skip

    def tables(seen, held, count):
        groups = len(seen) // count
        seen, held = (np.array(x[: groups * count]).reshape(groups, count) for x in (seen, held))
        best = seen.argmax(1)
        return (seen.max(1) - held[np.arange(groups), best]).mean()

    assert judge("5.3.1", stairs).state == "solved"
    assert judge("5.3.2", tables).state == "solved"


@pytest.mark.parametrize("wrong, words", lesson.AREAS)
def test_slips_in_the_area(wrong, words):
    assert words in remark("5.3.1", wrong)


@pytest.mark.parametrize("wrong, words", lesson.LUCK)
def test_slips_in_the_luck(wrong, words):
    assert words in remark("5.3.2", wrong)
