"""The checks of lesson 3.7 accept the reference and name each plausible slip."""

from fractions import Fraction
from itertools import permutations
from math import factorial

import numpy as np
import pytest
import torch
from remarks import remark

from course_utils import shapley
from course_utils.exercises import judge
from course_utils.exercises import lesson_3_7 as lesson


@pytest.mark.parametrize("worth", [lesson.gloves, lesson.bends])
def test_the_share_is_the_rooms_and_the_mean_over_orders(worth):
    def value(rows):
        return torch.tensor([worth({p for p, here in zip("ABCD", row) if here}) for row in rows])

    wanted = shapley.exact(value, 4).tolist()
    assert [lesson.share(worth, "ABCD", p) for p in "ABCD"] == pytest.approx(wanted)


def test_the_orders_needed_hold_the_error():
    gains = lesson._table(50, [0.5, 2.0], 7)
    count = lesson.orders_needed(gains, 0.1)
    worst = gains.std(0).max()
    assert worst / count**0.5 <= 0.1 < worst / (count - 1) ** 0.5


def by_orders(worth, players, player):
    total = Fraction(0)
    for order in permutations(players):
        before = set(order[: order.index(player)])
        total += Fraction(worth(before | {player}) - worth(before))
    return total / factorial(len(players))


@pytest.mark.parametrize(
    ("number", "right"),
    [
        ("3.7.1", by_orders),
        ("3.7.1", lambda w, ps, p: np.float64(lesson.share(w, ps, p))),
        ("3.7.1", lambda w, ps, p: torch.tensor(lesson.share(w, ps, p))),
        ("3.7.2", lambda g, e: max(2, np.ceil((np.asarray(g).std(0, ddof=1).max() / e) ** 2))),
        ("3.7.2", lambda g, e: torch.clamp((g.var(0).max() / e**2).ceil().int(), min=2)),
    ],
)
def test_other_right_ways_are_accepted(number, right):
    assert judge(number, right).state == "solved"


@pytest.mark.parametrize(("wrong", "words"), lesson.SHARES)
def test_3_7_1_names_the_slip(wrong, words):
    assert words.replace("*", "") in remark("3.7.1", wrong).replace("*", "")


@pytest.mark.parametrize(("wrong", "words"), lesson.NEEDED)
def test_3_7_2_names_the_slip(wrong, words):
    assert words.replace("*", "") in remark("3.7.2", wrong).replace("*", "")


@pytest.mark.parametrize(
    ("number", "wrong", "words"),
    [
        ("3.7.1", lambda w, ps, p: -lesson.share(w, ps, p), "other sign"),
        ("3.7.1", lambda w, ps, p: 8.0, "expected"),
        ("3.7.1", lambda w, ps, p: print(end=""), "return"),
        ("3.7.1", 8.0, "function was expected"),
        ("3.7.2", lambda g, e: 400, "expected"),
        ("3.7.2", lambda g, e: print(end=""), "return"),
        ("3.7.2", lambda g, e: (g.std(0) / e) ** 2, "one number was expected"),
    ],
)
def test_other_wrong_answers_get_the_numbers(number, wrong, words):
    assert words in remark(number, wrong)
