"""Laws of slices: expected errors within classes, luck, the second look."""

import pytest
import torch
from scipy.stats import hypergeom

from course_utils import diagnose


def world(count=4000, seed=0, weak=0.0):
    """Values, labels and errors: class 1 is hard; `weak` more errors where "real" is high."""
    chance = torch.Generator().manual_seed(seed)
    labels = torch.randint(3, (count,), generator=chance)
    values = {name: torch.rand(count, generator=chance) for name in ("real", "dull", "other")}
    values["of class"] = labels + 0.1 * torch.rand(count, generator=chance)
    rate = torch.tensor([0.05, 0.3, 0.1])[labels] + weak * (values["real"] > 0.8)
    return values, labels, torch.rand(count, generator=chance) < rate


def test_one_class_is_hypergeometric():
    labels = torch.zeros(50).long()
    wrong = torch.arange(50) < 12
    member = (torch.arange(50) % 3 == 0).double()
    rule = diagnose.Rule("thirds", "in", low=0.5)
    found = diagnose.weakness(rule, {"in": member}, labels, wrong)
    theirs = hypergeom(50, 12, int(member.sum()))
    count = (wrong & (member > 0)).sum().item()
    assert found.z == pytest.approx((count - theirs.mean()) / theirs.std())
    assert found.expected == pytest.approx(theirs.mean() / found.images)


def test_a_slice_of_a_hard_class_is_not_weak_for_that():
    values, labels, wrong = world()
    rule = diagnose.Rule("class 1", "of class", low=1.0, high=2.0)
    found = diagnose.weakness(rule, values, labels, wrong)
    assert found.errors > 0.25 and found.errors == pytest.approx(found.expected)
    assert found.z == 0  # the whole class: nothing is left to compare with


def test_random_slices_have_z_of_mean_0_and_spread_1():
    _, labels, wrong = world()
    noise = {str(k): torch.rand(4000, generator=torch.Generator().manual_seed(k))
             for k in range(60)}  # fmt: skip
    made = diagnose.rules(noise, labels)
    z = torch.tensor([diagnose.weakness(one, noise, labels, wrong).z for one in made])
    assert abs(z.mean()) < 0.25 and 0.85 < z.std() < 1.15


def test_rules_hold_a_fifth_of_all_or_of_a_class():
    values, labels, _ = world()
    made = diagnose.rules(values, labels, ["a", "b", "c"])
    assert len(made) == 4 * 2 * 4
    assert {one.name for one in made} >= {"all, low real", "c, high dull"}
    for one in made:
        inside = one.members(values, labels)
        total = len(labels) if one.label is None else (labels == one.label).sum()
        assert inside.sum() / total == pytest.approx(0.2, abs=0.01)
        assert one.label is None or (labels[inside] == one.label).all()


def test_limits_come_from_the_images_they_were_sought_on():
    values, labels, _ = world()
    made = diagnose.rules(values, labels)[0]
    assert made.members({"real": torch.full((5,), -1.0)}, torch.zeros(5).long()).all()


def test_a_planted_weakness_is_found_and_confirmed():
    first, second = world(weak=0.2), world(seed=1, weak=0.2)
    found = diagnose.weakest(diagnose.rules(*first[:2]), *first)
    assert found[0].rule.of == "real" and found[0].rule.low > 0.7
    assert found[0].z == max(one.z for one in found)
    assert diagnose.confirm(found[:3], *second)[0].holds


def test_luck_is_confirmed_in_about_one_search_of_twenty():
    fooled = 0
    for seed in range(60):
        first, second = world(800, seed=seed), world(800, seed=1000 + seed)
        found = diagnose.weakest(diagnose.rules(*first[:2]), *first)[:5]
        fooled += any(one.holds for one in diagnose.confirm(found, *second))
    assert fooled <= 8


def test_p_is_multiplied_by_the_slices_tried_and_one_sided():
    first, second = world(weak=0.1), world(seed=1, weak=0.1)
    found = diagnose.weakest(diagnose.rules(*first[:2]), *first)
    alone, among = (diagnose.confirm(found[:k], *second)[0].p for k in (1, 4))
    assert among == pytest.approx(4 * alone)
    worst = diagnose.confirm(found[-1:], *first)[0]  # better than expected
    assert worst.again.z < 0 and worst.p > 0.5 and not worst.holds


def test_small_slices_are_left_out():
    values, labels, wrong = world(300)
    found = diagnose.weakest(diagnose.rules(values, labels), values, labels, wrong, least=40)
    assert found and min(one.images for one in found) >= 40


def test_properties_by_hand():
    bar = torch.zeros(4, 1, 32, 32)
    bar[0, 0, 4:28, 14:18] = 0.5  # upright
    bar[1, 0, 14:18, 4:28] = 1.0  # level
    line = torch.arange(4, 28)
    bar[2, 0, line, line] = 1.0  # at 45 degrees
    found = diagnose.properties(bar)  # bar[3] is black
    assert found["brightness"].tolist() == [0.5, 1, 1, 0]
    assert found["contrast"].tolist() == pytest.approx([0, 0, 0, 0])
    assert found["size"].tolist() == pytest.approx([96 / 1024, 96 / 1024, 24 / 1024, 0])
    assert found["tilt"].tolist()[:3] == pytest.approx([0, 0, 45])
    assert found["slimness"].tolist() == pytest.approx([6, 1 / 6, 1, 0])
    assert found["lopsided"][0] == 0 and found["lopsided"][2] > 1
    assert all(values.isfinite().all() for values in found.values())


def test_messages():
    values, labels, wrong = world(50)
    with pytest.raises(ValueError, match="share must be above 0 and at most 0.5; got 20"):
        diagnose.rules(values, labels, share=20)
    with pytest.raises(ValueError, match="50 values, 50 labels and 9 answers"):
        diagnose.weakness(diagnose.rules(values, labels)[0], values, labels, wrong[:9])
