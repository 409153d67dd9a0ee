"""The checks of lesson 2.3 accept the reference and name each plausible slip."""

import pytest
import torch
from remarks import remark
from scipy.stats import spearmanr

from course_utils import fusion
from course_utils.exercises import judge
from course_utils.exercises import lesson_2_3 as lesson


def test_solutions_do_what_the_package_and_scipy_do():
    for a, b in lesson.MAPS:
        a, b = torch.tensor(a), torch.tensor(b)
        ours = lesson.spearman(a, b)
        assert ours == pytest.approx(fusion.agreement(a[None], b[None]).item(), abs=1e-6)
        if len(a.unique()) > 1 and len(b.unique()) > 1:
            assert ours == pytest.approx(spearmanr(a, b).statistic, abs=1e-6)
    a, g = lesson._tensors(0, 6, 8, 3)
    wanted = fusion.taylor_scores(a, g).argsort()[:4]
    assert torch.equal(lesson.least_useful(a, g, 4), wanted)


def test_other_right_ways_are_accepted():
    def by_scipy(a, b):
        constant = len(a.unique()) == 1 or len(b.unique()) == 1
        return 0.0 if constant else float(spearmanr(a, b).statistic)

    assert judge("2.3.1", by_scipy).state == "solved"
    assert judge("2.3.1", lambda a, b: fusion.agreement(a[None], b[None])[0]).state == "solved"
    flat = lambda a, g, n: (a * g).flatten(2).sum(2).abs().sum(0).topk(n, largest=False).indices  # noqa: E731
    assert judge("2.3.2", flat).state == "solved"
    as_list = lambda a, g, n: lesson.least_useful(a, g, n).tolist()[::-1]  # noqa: E731
    assert judge("2.3.2", as_list).state == "solved"
    as_set = lambda a, g, n: set(lesson.least_useful(a, g, n).tolist())  # noqa: E731
    assert judge("2.3.2", as_set).state == "solved"


@pytest.mark.parametrize(("wrong", "words"), lesson.RANKS)
def test_2_3_1_names_the_slip(wrong, words):
    assert words in remark("2.3.1", wrong)


@pytest.mark.parametrize(("wrong", "words"), lesson.FILTERS)
def test_2_3_2_names_the_slip(wrong, words):
    assert words in remark("2.3.2", wrong)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda a, g, n: (lesson.least_useful(a, g, n)[:, None] == torch.arange(a.shape[1])).any(0),
         "indices"),
        (lambda a, g, n: None if (a * g).sum() else 0, "return"),
        (lambda a, g, n: torch.arange(n), "expected"),
        (lambda a, g, n: lesson.least_useful(a, g, n + 1), "expected"),
        (lambda a, g, n: lesson.least_useful(a, g, n - 1), "expected"),
        (lambda a, g, n: lesson.least_useful(a.abs_().mul_(2), g, n), "changed its input"),
    ],
)  # fmt: skip
def test_2_3_2_names_other_slips(wrong, words):
    assert words in remark("2.3.2", wrong)


def test_the_first_case_parts_all_slips_from_each_other_and_from_the_answer():
    a, g = lesson._tensors(*lesson.CASES[0][:4])
    answers = [wrong(a, g, lesson.CASES[0][4]).tolist() for wrong, _ in lesson.FILTERS[:11]]
    answers.append(lesson.least_useful(a, g, lesson.CASES[0][4]).tolist())
    assert len({frozenset(answer) for answer in answers}) == len(answers)
