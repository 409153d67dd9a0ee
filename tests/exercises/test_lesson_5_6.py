"""The checks of lesson 5.6 accept the reference and name each plausible slip."""

import numpy as np
import pytest
import torch
from remarks import remark

from course_utils.exercises import judge
from course_utils.exercises import lesson_5_6 as lesson
from course_utils.recommend import explain, quality, ridge


def test_ndcg_is_the_packages():
    for films, wanted, k in lesson.LISTS:
        table = torch.zeros(1, 100, dtype=torch.bool)
        table[0, list(wanted)] = True
        if len(films) >= k:
            theirs = quality.ndcg(torch.tensor([films[:k]]), table).item()
            assert lesson.ndcg(films, wanted, k) == pytest.approx(theirs, abs=1e-6)


def test_falls_are_the_packages():
    film, liked, recommended, _ = lesson.USERS[1]
    mine = lesson.falls(
        film,
        liked,
        recommended,
        lambda film, liked: ridge.user_vector(film, liked, weight=5, penalty=2),
    )
    case = explain.Case(film, liked, recommended, weight=5, penalty=2)
    assert torch.allclose(mine, explain.removed(case), atol=1e-5)


def test_other_right_ways_are_accepted():
    def array(films, wanted, k):
        hits = np.array([film in wanted for film in films[:k]], dtype=float)
        worth = 1 / np.log(np.arange(max(k, len(films))) + 2)
        return (hits * worth[: len(hits)]).sum() / worth[: min(k, len(wanted))].sum()

    def listed(film, liked, recommended, fit):
        whole = (fit(film, liked) @ film[recommended]).item()
        return [whole - (fit(film, liked[liked != one]) @ film[recommended]).item()
                for one in liked]  # fmt: skip

    assert judge("5.6.1", array).state == "solved"
    assert judge("5.6.1", lambda *given: torch.tensor(array(*given))).state == "solved"
    assert judge("5.6.2", listed).state == "solved"


@pytest.mark.parametrize(("number", "slips"), [("5.6.1", lesson.NDCG_SLIPS),
                                               ("5.6.2", lesson.FALL_SLIPS)])  # fmt: skip
def test_each_slip_gets_its_own_remark(number, slips):
    for wrong, words in slips:
        assert words in remark(number, wrong)


def test_places_counted_from_zero_are_told_by_the_division():
    def from_zero(films, wanted, k):
        return sum(1 / np.log2(1 + place) for place, film in enumerate(films) if film in wanted)

    def short(films, wanted, k):
        return sum(1 / place for place, _ in enumerate(films))

    assert "ZeroDivisionError" in remark("5.6.1", short)
    with np.errstate(divide="ignore"):
        assert "divided by zero" in remark("5.6.1", from_zero)
