"""The checks of lesson 0 accept the reference and name each plausible slip."""

import pytest
import torch

from course_utils.exercises import judge
from course_utils.exercises import lesson_0 as lesson

NUMBERS = ("0.1", "0.2")


@pytest.mark.parametrize("number", NUMBERS)
def test_untouched_is_not_tried(number):
    def stub(before, after): ...

    assert judge(number, stub).state == "not tried"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lesson._inverse, "Turn the fraction over"),
        (lesson._saved, "share that is saved"),
        (lesson._percent_saved, "percentage saved"),
        (lesson._percent, "not 400"),
        (lesson._percent_left, "percentage that is left"),
        (lesson._relative, "whole size before"),
        (lesson._difference, "bytes saved. How"),
        (lesson._whole, "whole numbers"),
        (lambda before, after: round(before / after), "came, 3.33333 was expected"),
        (lambda before, after: print(before / after), "Is a `return` missing?"),
        (lambda size: size, "could not be used"),
        (4.0, "A function was expected"),
    ],
)
def test_ratio_slips(wrong, words):
    result = judge("0.1", wrong)
    assert result.state == "not yet" and words in result.remark


@pytest.mark.parametrize(
    "right",
    [
        lambda a, b: (a.argmax(1) != b.argmax(1)).float().mean(),
        lambda a, b: 1 - (a.argmax(dim=1) == b.argmax(dim=1)).double().mean(),
        lambda a, b: (
            sum(int(x) != int(y) for x, y in zip(a.argmax(1), b.argmax(1), strict=True)) / len(a)
        ),
        lambda a, b: (a.softmax(1).argmax(1) != b.softmax(1).argmax(1)).sum() / len(a),
    ],
)
def test_other_right_answers(right):
    assert judge("0.2", right).state == "solved"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lesson._unchanged, "share that changed"),
        (lesson._percent_changed, "a fraction"),
        (lesson._count, "Divide by how many"),
        (lesson._any_logit, "You compare the logits"),
        (lesson._highest_logit, "`argmax`, not `max`"),
        (lesson._over_images, "Each row is an image"),
        (lesson._one_answer, "an answer of its own"),
        (lesson._distance, "whether they differ"),
        (lambda a, b: (a.argmin(1) != b.argmin(1)).float().mean(), "was expected"),
        (lambda a, b: a.argmax(1) != b.argmax(1), "one number was expected"),
        (lambda a, b: 0.4, "was expected"),
        (lambda a, b: (a.argmax(1) != b.argmax(1)).mean(), "Your code stopped with"),
    ],
)
def test_changed_share_slips(wrong, words):
    result = judge("0.2", wrong)
    assert result.state == "not yet" and words in result.remark


def test_reference_by_hand():
    before = torch.tensor([[1.0, 2.0], [3.0, 0.0], [0.0, 1.0], [5.0, 4.0]])
    after = torch.tensor([[1.0, 0.5], [9.0, 0.0], [0.0, 1.0], [5.0, 4.9]])
    assert lesson.changed_share(before, after) == 0.25
    assert lesson.compression_ratio(1_000_000, 25_000) == 40
