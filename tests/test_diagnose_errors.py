"""Laws of error kinds: confused pairs, shared errors, images that nobody gets right."""

import pytest
import torch

from course_utils import diagnose

LABELS = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2])
FIRST = torch.tensor([0, 1, 1, 1, 2, 2, 0, 2])


def test_most_confused_by_hand_without_the_diagonal():
    found = diagnose.most_confused(diagnose.count(FIRST, LABELS, classes=3))
    assert [(one.true, one.answer, one.images) for one in found] == [
        (0, 1, 2), (1, 2, 1), (2, 0, 1)]  # fmt: skip
    assert [one.share for one in found] == [0.5, 0.25, 0.25]


def test_no_errors_no_kinds():
    assert diagnose.most_confused(torch.eye(3).long()) == []


def test_recall_reads_rows():
    matrix = torch.tensor([[3, 1], [2, 2]])
    assert diagnose.recall(matrix).tolist() == [0.75, 0.5]


def test_same_errors_by_hand():
    other = torch.tensor([0, 1, 2, 0, 1, 2, 0, 2])  # of four errors: same, wrong, right, same
    assert diagnose.same_errors(FIRST, other, LABELS) == (0.75, 0.5)
    assert diagnose.same_errors(FIRST, FIRST, LABELS) == (1, 1)
    assert diagnose.same_errors(FIRST, LABELS, LABELS) == (0, 0)


def test_same_errors_of_a_network_without_errors_are_not_a_number():
    assert all(one != one for one in diagnose.same_errors(LABELS, FIRST, LABELS))


def test_nobody_right_needs_all_wrong():
    other = torch.tensor([0, 2, 0, 0, 2, 1, 0, 2])
    assert diagnose.nobody_right([FIRST, other], LABELS).nonzero()[:, 0].tolist() == [1, 4, 6]


def test_expected_nobody_is_the_product_in_each_group():
    groups = torch.tensor([0, 0, 0, 0, 1, 1, 1, 1])
    other = torch.tensor([1, 0, 0, 1, 0, 0, 2, 2])  # wrong: 1 of 4, and 2 of 4
    assert diagnose.expected_nobody([FIRST, other], LABELS, groups) == pytest.approx(
        4 * (2 / 4) * (1 / 4) + 4 * (2 / 4) * (2 / 4)
    )


def test_independent_errors_are_as_many_as_expected():
    chance = torch.Generator().manual_seed(0)
    labels = torch.zeros(40_000).long()
    groups = torch.arange(40_000) % 2
    rate = torch.tensor([0.2, 0.6])[groups]
    answers = [(torch.rand(40_000, generator=chance) < rate).long() for _ in range(3)]
    counted = diagnose.nobody_right(answers, labels).sum().item()
    assert counted == pytest.approx(diagnose.expected_nobody(answers, labels, groups), rel=0.05)
    blunt = diagnose.expected_nobody(answers, labels, labels)
    assert blunt < 0.7 * counted  # one group hides that some images are harder


def test_messages():
    with pytest.raises(ValueError, match=r"class x class; got \(2, 3\)"):
        diagnose.most_confused(torch.zeros(2, 3))
    with pytest.raises(ValueError, match="8 labels came with 3 answers"):
        diagnose.nobody_right([FIRST[:3]], LABELS)
