"""Paired counts: by hand, and with the plain formula of the standard error as witness."""

import math

import pytest
import torch

from course_utils import paired


def test_by_hand():
    labels = torch.tensor([0, 1, 2, 3, 4])
    before = torch.tensor([0, 1, 9, 9, 9])  # right, right, wrong, wrong, wrong
    after = torch.tensor([0, 8, 2, 9, 8])  # right, lost, won, the same slip, another slip
    found = paired.compare(before, after, labels)
    assert (found.images, found.lost, found.won, found.changed) == (5, 1, 1, 3)
    assert found.difference == 0


def test_sign_is_after_minus_before():
    labels = torch.zeros(4, dtype=torch.int64)
    better = paired.compare(torch.ones(4, dtype=torch.int64), labels, labels)
    assert better.difference == 1 and better.won == 4 and better.error == 0


@pytest.mark.parametrize("seed", range(5))
def test_error_is_the_standard_error_of_the_differences(seed):
    random = torch.Generator().manual_seed(seed)
    labels, before, after = torch.randint(3, (3, 200), generator=random)
    differences = (after == labels).double() - (before == labels).double()
    found = paired.compare(before, after, labels)
    assert found.difference == pytest.approx(differences.mean().item())
    assert found.error == pytest.approx(differences.std().item() / math.sqrt(200))


def test_logits_and_classes_count_the_same():
    logits = torch.randn(2, 50, 10, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(50) % 10
    classes = logits.argmax(2)
    assert paired.compare(*logits, labels) == paired.compare(*classes, labels)


def test_swapping_the_networks_turns_the_sign():
    random = torch.Generator().manual_seed(1)
    labels, one, other = torch.randint(3, (3, 100), generator=random)
    there, back = paired.compare(one, other, labels), paired.compare(other, one, labels)
    assert (there.lost, there.won, there.error) == (back.won, back.lost, back.error)
    assert there.difference == -back.difference


def test_different_images_are_refused():
    with pytest.raises(ValueError, match=r"3 and 4 answers came with 4 labels"):
        paired.compare(torch.zeros(3), torch.zeros(4), torch.zeros(4))
