"""The checks of lesson 4.3 accept the reference and name each plausible slip."""

import numpy as np
import pytest
import torch
from remarks import remark

from course_utils import diagnose
from course_utils.exercises import judge
from course_utils.exercises import lesson_4_3 as lesson


def test_solutions_do_what_amdahl_and_the_package_say():
    for share, factor in ((0.75, 4.0), (0.2, 2.0)):
        left = lesson.time_left({"a": share, "b": 1 - share}, {"a": factor})
        assert left == pytest.approx(1 - share + share / factor)
    before, after, labels = lesson._answers(*lesson.CASES[0])
    images, ten = torch.arange(len(labels)), torch.eye(10)
    then, now = (diagnose.per_class(lambda i, a=a: ten[a[i]], images, labels)
                 for a in (before, after))  # fmt: skip
    change = (now - then).nan_to_num(9.0)
    assert lesson.hidden_loss(before, after, labels) == pytest.approx(
        (change.argmin().item(), change.min().item()), abs=1e-6
    )


def test_other_right_ways_are_accepted():
    assert judge("4.3.1", lambda s, f: 1 - sum(s[k] * (1 - 1 / f[k]) for k in f)).state == "solved"

    def by_numpy(before, after, labels):
        before, after, labels = (np.asarray(x) for x in (before, after, labels))
        with np.errstate(invalid="ignore", divide="ignore"):
            count = np.bincount(labels, minlength=10)
            rights = [np.bincount(labels[a == labels], minlength=10) for a in (before, after)]
            change = (rights[1] - rights[0]) / count
        return np.nanargmin(change), np.nanmin(change)

    assert judge("4.3.2", by_numpy).state == "solved"
    as_tensors = lambda b, a, y: [torch.tensor(x) for x in lesson.hidden_loss(b, a, y)]  # noqa: E731
    assert judge("4.3.2", as_tensors).state == "solved"
    for form in (np.array, torch.tensor, list):
        assert judge("4.3.2", lambda *x, form=form: form(lesson.hidden_loss(*x))).state == "solved"


@pytest.mark.parametrize(("wrong", "words"), lesson.TIMES)
def test_4_3_1_names_the_slip(wrong, words):
    assert words in remark("4.3.1", wrong)


@pytest.mark.parametrize(("wrong", "words"), lesson.LOSSES)
def test_4_3_2_names_the_slip(wrong, words):
    assert words in remark("4.3.2", wrong)


def with_empty_classes(before, after, labels):
    change = [lesson._change(before, after, labels, one) for one in range(int(labels.max()) + 1)]
    return int(torch.stack(change).argmin()), torch.stack(change).min()


def empty_ones_unchanged(before, after, labels):
    change = [lesson._change(before, after, labels, one).nan_to_num(0) for one in range(10)]
    return int(torch.stack(change).argmin()), torch.stack(change).min()


def place_for_class(before, after, labels):
    change = [lesson._change(before, after, labels, one) for one in labels.unique()]
    return int(torch.stack(change).argmin()), torch.stack(change).min()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (empty_ones_unchanged, "leave classes without images out"),
        (place_for_class, "a place in the list of classes"),
        (lambda b, a, y: None if y.sum() else 0, "return"),
        (lambda b, a, y: lesson.hidden_loss(b, a, y)[0], "Two things"),
        (lambda b, a, y: lesson.hidden_loss(b, a, y)[1], "Two things"),
        (lambda b, a, y: (y, a), "single numbers"),
        (with_empty_classes, "nan"),
        (lambda b, a, y: (0, 0.0), "s the class, for"),
        (lambda b, a, y: (lesson.hidden_loss(b, a, y)[0], 0.0), "s the change, for"),
        (lambda b, a, y: (b.fill_(0), lesson.hidden_loss(b, a, y))[1], "changed its input"),
    ],
)
def test_4_3_2_names_other_slips(wrong, words):
    assert words in remark("4.3.2", wrong)


def test_no_two_slips_give_one_answer_in_the_first_case():
    case = lesson._answers(*lesson.CASES[0])
    answers = [wrong(*case) for wrong, _ in lesson.LOSSES] + [lesson.hidden_loss(*case)]
    assert len({(round(float(a), 4), round(float(b), 4)) for a, b in answers}) == len(answers)
