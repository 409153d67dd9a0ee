"""The checks of lesson 3.4 accept the reference and name each plausible slip."""

import numpy as np
import pytest
import torch
from remarks import remark
from torch.nn import functional as F

from course_utils import condense, distill
from course_utils.exercises import judge
from course_utils.exercises import lesson_3_4 as lesson


def test_solutions_do_what_the_package_does():
    student, teacher, labels = lesson._logits(0, 7, 10)
    for temperature, alpha in ((4.0, 0.9), (1.0, 0.0), (9.0, 1.0)):
        ours = lesson.student_loss(student, teacher, labels, temperature, alpha)
        theirs = distill.distillation_loss(
            student, teacher, labels, temperature=temperature, alpha=alpha
        )
        assert ours.item() == pytest.approx(theirs.item(), abs=1e-5)
    points = lesson._points(5, 40, 3)
    assert lesson.farthest_first(points, 9) == one_class(points, 9).tolist()


def one_class(points, count):
    return condense.k_centre(points, torch.zeros(len(points), dtype=torch.long), per_class=count)


def test_other_right_ways_are_accepted():
    def by_torch(s, t, y, temperature, alpha):
        soft = F.kl_div(
            F.log_softmax(s / temperature, 1), F.softmax(t / temperature, 1), reduction="batchmean"
        )
        return (alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(s, y)).item()

    assert judge("3.4.1", by_torch).state == "solved"
    double = lambda s, t, *rest: lesson.student_loss(s.double(), t.double(), *rest)  # noqa: E731
    assert judge("3.4.1", double).state == "solved"
    as_numpy = lambda *case: np.asarray(by_torch(*case))  # noqa: E731
    assert judge("3.4.1", as_numpy).state == "solved"
    assert judge("3.4.1", lambda *case: [by_torch(*case)][0]).state == "solved"
    floats = lambda p, n: [float(k) for k in lesson.farthest_first(p, n)]  # noqa: E731
    assert judge("3.4.2", floats).state == "solved"
    tensors = lambda p, n: [torch.tensor(k) for k in lesson.farthest_first(p, n)]  # noqa: E731
    assert judge("3.4.2", tensors).state == "solved"
    assert judge("3.4.2", one_class).state == "solved"
    assert judge("3.4.2", lambda p, n: tuple(lesson.farthest_first(p, n))).state == "solved"
    assert judge("3.4.2", lambda p, n: one_class(p, n).numpy()).state == "solved"


@pytest.mark.parametrize(("wrong", "words"), lesson.LOSSES)
def test_3_4_1_names_the_slip(wrong, words):
    assert words in remark("3.4.1", wrong)


@pytest.mark.parametrize(("wrong", "words"), lesson.CHOICES)
def test_3_4_2_names_the_slip(wrong, words):
    assert words in remark("3.4.2", wrong)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda p, n: p[lesson.farthest_first(p, n)], "*rows*"),
        (lambda p, n: one_class(p, n)[:, None], "one flat list"),
        (lambda p, n: torch.zeros(len(p), dtype=torch.bool), "True and false"),
        (lambda p, n: lesson.farthest_first(p, n)[::-1], "order of their choice"),
        (lambda p, n: None if len(p) else 0, "return"),
        (lambda p, n: p.zero_()[:, 0].argsort()[:n], "changed its input"),
    ],
)
def test_3_4_2_other_forms(wrong, words):
    assert words in remark("3.4.2", wrong)
