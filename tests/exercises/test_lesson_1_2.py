"""The checks of lesson 1.2 accept the reference and name each plausible slip."""

import pytest
import torch

from course_utils.exercises import judge
from course_utils.exercises import lesson_1_2 as lesson


def _percent(before, after, truth, label):
    return 100 * lesson.turned(before, after, truth, label)


def _always_shirt(before, after, truth, label):
    return lesson.turned(before, after, truth, 6)


# ---- wrong plans


def _coin(labels, share, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(len(labels), generator=generator) < share


def _over_all(labels, share, seed):
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=generator)
    plan = torch.zeros(len(labels), dtype=torch.bool)
    plan[order[: round(share * len(labels))]] = True
    return plan


def _colleague(labels, share, seed):
    return lesson.mixed(labels, share, seed) | (labels == 6)


def _trap(labels, share, seed):
    return labels == 6


def _turned_round(labels, share, seed):
    return ~lesson.mixed(labels, share, seed)


def _same_number(labels, share, seed):
    plan = torch.zeros(len(labels), dtype=torch.bool)
    for label in labels.unique():
        rows = torch.nonzero(labels == label).flatten()
        plan[rows[: round(share * len(labels) / 10)]] = True
    return plan


def _first_ones(labels, share, seed):
    plan = torch.zeros(len(labels), dtype=torch.bool)
    for label in labels.unique():
        rows = torch.nonzero(labels == label).flatten()
        plan[rows[: round(share * len(rows))]] = True
    return plan


def _shifted_ones(labels, share, seed):
    plan = torch.zeros(len(labels), dtype=torch.bool)
    for label in labels.unique():
        rows = torch.nonzero(labels == label).flatten().roll(-seed)
        plan[rows[: round(share * len(rows))]] = True
    return plan


def _block(labels, share, seed):
    plan = torch.zeros(len(labels), dtype=torch.bool)
    for label in labels.unique():
        rows = torch.nonzero(labels == label).flatten().roll(-37 * seed)
        plan[rows[: round(share * len(rows))]] = True
    return plan


def _floor(labels, share, seed):
    generator = torch.Generator().manual_seed(seed)
    plan = torch.zeros(len(labels), dtype=torch.bool)
    for label in labels.unique():
        rows = torch.nonzero(labels == label).flatten()
        order = torch.randperm(len(rows), generator=generator)
        plan[rows[order[: int(share * len(rows))]]] = True
    return plan


def _others_only(labels, share, seed):
    return lesson.mixed(labels, share, seed) & (labels != 6)


def _no_seed(labels, share, seed):
    return lesson.mixed(labels, share, int(torch.randint(1000, ())))


def _one_seed(labels, share, seed):
    return lesson.mixed(labels, share, 0)


def _half_always(labels, share, seed):
    return lesson.mixed(labels, 0.5, seed)


def _numbers(labels, share, seed):
    return lesson.mixed(labels, share, seed).long()


def _rows(labels, share, seed):
    return torch.nonzero(lesson.mixed(labels, share, seed)).flatten()


def _no_return(labels, share, seed):
    lesson.mixed(labels, share, seed)


def _spoils_labels(labels, share, seed):
    plan = lesson.mixed(labels, share, seed)
    labels[plan] = 6
    return plan


@pytest.mark.parametrize(
    ("number", "wrong", "words"),
    [
        ("1.2.1", _percent, "percentage"),
        ("1.2.1", _always_shirt, "came"),
        ("1.2.2", _coin, "only about right"),
        ("1.2.2", _over_all, "total is right"),
        ("1.2.2", _colleague, "absence still tells"),
        ("1.2.2", _trap, "the trap, not the repair"),
        ("1.2.2", _turned_round, "other way round"),
        ("1.2.2", _same_number, "same *share*"),
        ("1.2.2", _first_ones, "from the seed"),
        ("1.2.2", _shifted_ones, "not drawn at random"),
        ("1.2.2", _no_seed, "same seed gave two plans"),
        ("1.2.2", _one_seed, "Two seeds gave the same plan"),
        ("1.2.2", _half_always, "For a share of 0.1"),
        ("1.2.2", _numbers, "boolean"),
        ("1.2.2", _rows, "boolean"),
        ("1.2.2", _spoils_labels, "changed `labels`"),
        ("1.2.2", _no_return, "boolean"),
        ("1.2.2", _floor, "nearest number"),
        ("1.2.2", _block, "not drawn at random"),
        ("1.2.2", _others_only, "never has the cue"),
        ("1.2.2", 0.5, "function was expected"),
    ],
)
def test_slips_get_their_own_words(number, wrong, words):
    result = judge(number, wrong)
    assert result.state == "not yet" and words in result.remark


@pytest.mark.parametrize("slip", lesson.TURNED_SLIPS)
def test_each_slip_of_turning_gets_its_own_words(slip):
    wrong, words = lesson.TURNED_SLIPS[slip]
    result = judge("1.2.1", wrong)
    assert result.state == "not yet" and result.remark.startswith(words)


def test_another_right_share_is_accepted():
    def turned(before, after, truth, label):
        able = [b != label and t != label for b, t in zip(before, truth, strict=True)]
        hits = [a == label for a, can in zip(after, able, strict=True) if can]
        return sum(hits) / len(hits) if hits else 0

    assert judge("1.2.1", turned).state == "solved"


def test_another_right_plan_is_accepted_and_the_global_seed_left_alone():
    def plan(labels, share, seed):
        torch.manual_seed(seed)
        noise, chosen = torch.rand(len(labels)), torch.zeros(len(labels)).bool()
        for label in range(10):
            own = torch.where(labels == label, noise, torch.inf)
            chosen[own.argsort()[: round(share * (labels == label).sum().item())]] = True
        return chosen

    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    assert judge("1.2.2", plan).state == "solved"
    assert torch.equal(torch.rand(3), wanted)
