"""Explanations in words: claims that can fail, their truth counted, their parts in place."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from torch import nn

from course_utils import glassbox, words
from course_utils.glassbox import Condition
from course_utils.words import Claim, Trial, conditions, fillings, parts, shapes


class Always(nn.Module):
    """Says one class; notes the mode in which it is asked."""

    def __init__(self, label, classes=10):
        super().__init__()
        self.logits, self.modes = torch.eye(classes)[label], []

    def forward(self, images):
        self.modes.append(self.training)
        return self.logits.expand(len(images), -1)


class Brightest(nn.Module):
    """Says the number of the brightest of ten rows."""

    def forward(self, images):
        return images[:, 0, :10].mean(2)


def said(*trials, sure=0.0):
    return Claim("region", "A.", "甲。", trials, torch.zeros(1, 2, 2), sure)


def trial(answer, *, denied=False, image=None):
    shown = torch.zeros(1, 10, 10) if image is None else image
    return Trial(("x", "某"), shown, answer, denied)


def row_lit(row):
    image = torch.zeros(1, 10, 10)
    image[0, row] = 1
    return image


# ---- claims


def test_a_claim_holds_only_if_every_trial_comes_out():
    right, wrong = trial(3, image=row_lit(3)), trial(4, image=row_lit(3))
    assert said(right).holds(Brightest())
    assert not said(right, wrong).holds(Brightest())
    assert said(right, wrong).answers(Brightest()) == [3, 3]


def test_a_denied_trial_holds_when_anything_else_comes_out():
    assert said(trial(4, denied=True, image=row_lit(3))).holds(Brightest())
    assert not said(trial(3, denied=True, image=row_lit(3))).holds(Brightest())


def test_a_claim_without_a_trial_is_refused():
    with pytest.raises(ValueError, match="what would make it false"):
        said()


def test_a_claim_keeps_the_networks_mode_and_asks_in_eval_mode():
    network = Always(2).train()
    assert said(trial(2)).holds(network)
    assert network.training and network.modes == [False]


def test_a_text_claim_asks_predict():
    class Reader:
        def predict(self, texts):
            return np.array(["good" in text for text in texts])

    claim = said(Trial(("", ""), "a good film", 1), Trial(("", ""), "a film", 0))
    assert claim.holds(Reader()) and claim.answers(Reader()) == [1, 0]


# ---- truth


def test_verdicts_are_those_of_each_claim_alone():
    claims = [said(trial(k % 3, image=row_lit(k % 2)), trial(k % 2, image=row_lit(k % 2)))
              for k in range(12)]  # fmt: skip
    assert words.verdicts(Brightest(), claims).tolist() == [c.holds(Brightest()) for c in claims]


def test_silence_counts_in_the_coverage_and_not_in_the_truth():
    found = words.measure(Always(1), [said(trial(1)), None, said(trial(2)), None, said(trial(1))])
    assert (found.cases, found.spoken, found.true) == (5, 3, 2)
    assert (found.coverage, found.share) == (3 / 5, 2 / 3)
    assert "3 sentences in 5 cases (60%), 66.7%" in str(found)


def test_the_error_is_not_zero_where_all_held():
    assert words.Truth(10, 10, 10).error == pytest.approx(math.sqrt(12 / 14 * 2 / 14 / 14))
    assert words.Truth(10, 10, 10).error > words.Truth(1000, 1000, 1000).error > 0


def test_nothing_said_is_told():
    nothing = words.measure(Always(1), [None, None])
    assert math.isnan(nothing.share) and str(nothing) == "nothing said in 2 cases"


def threshold(sure, held, **options):
    return words.threshold(torch.tensor(sure), torch.tensor(held), **options)


def test_threshold_is_the_lowest_that_will_do():
    assert threshold([4.0, 1.0, 3.0, 2.0], [True, False, True, True], goal=0.75, fewest=1) == 1
    assert threshold([4.0, 1.0, 3.0, 2.0], [True, False, True, True], goal=0.8, fewest=1) == 2
    assert threshold([4.0, 3.0, 2.0], [False, True, True], goal=0.6, fewest=1) == 2


def test_threshold_never_parts_equals():
    assert threshold([2.0, 1.0, 1.0], [True, True, False], goal=0.9, fewest=1) == 2


def test_threshold_is_silence_where_nothing_will_do():
    assert threshold([2.0, 1.0], [False, True], goal=0.9, fewest=1) == math.inf
    assert threshold([2.0, 1.0], [True, True], goal=0.9, fewest=3) == math.inf
    claims = [said(trial(1), sure=2.0), None]
    assert words.surest(claims, math.inf) == [None, None]
    assert words.surest(claims, 2.0)[0] is claims[0]


def test_threshold_takes_shares():
    with pytest.raises(ValueError, match="Did you mean 0.95"):
        threshold([1.0], [True], goal=95)
    with pytest.raises(ValueError, match="n numbers each"):
        threshold([1.0, 2.0], [True], goal=0.9)


# ---- fillings


@pytest.fixture
def image():
    return torch.rand(2, 1, 8, 9, generator=torch.Generator().manual_seed(0)) + 0.1


BOX = torch.tensor([[2, 5, 3, 6], [0, 8, 0, 9]])
ALL = (fillings.black, fillings.across, fillings.down, fillings.blurred, fillings.dimmed,
       fillings.faded)  # fmt: skip


@pytest.mark.parametrize("fill", ALL, ids=lambda fill: fill.__name__)
def test_a_filling_changes_the_box_and_nothing_else(fill, image):
    before = image.clone()
    changed = fill(image, BOX) != image
    assert torch.equal(image, before)
    assert changed[0, 0, 2:5, 3:6].all() and changed[0].sum() == 9
    assert changed[1].all()


def test_fillings_by_hand():
    ramp = torch.arange(6.0).expand(1, 1, 4, 6).clone()  # each row 0, 1, 2, 3, 4, 5
    box = torch.tensor([[1, 3, 2, 5]])
    spoiled = ramp.clone()
    spoiled[..., 1:3, 2:5] = 9
    for fill in (fillings.across, fillings.down, fillings.faded):
        assert torch.allclose(fill(spoiled, box), ramp, atol=1e-4), fill.__name__
    assert fillings.black(spoiled, box)[0, 0, 1:3, 2:5].sum() == 0
    assert (fillings.dimmed(spoiled, box)[0, 0, 1:3, 2:5] == 9 / 4).all()


def test_a_blur_is_17_pixels_wide_and_a_pixel_at_its_rim_weighs_least():
    image = torch.zeros(1, 1, 31, 31)
    image[..., 15, 15] = 81.0
    soft = fillings.blurred(image, torch.tensor([[0, 31, 0, 31]]))[0, 0]
    assert (soft > 0).nonzero().amin(0).tolist() == [7, 7]
    assert soft[15, 15].item() == pytest.approx(1) and soft[7, 7].item() == pytest.approx(1 / 81)


def test_across_and_down_are_not_exchanged():
    image = torch.zeros(1, 1, 5, 5)
    image[..., 0, :] = image[..., 4, :] = 1  # light above and below, dark at the sides
    box = torch.tensor([[1, 4, 1, 4]])
    assert fillings.across(image, box)[0, 0, 2, 2] == 0
    assert fillings.down(image, box)[0, 0, 2, 2] == 1


def test_outside_the_image_it_is_black():
    image = torch.ones(1, 1, 3, 3)
    row = fillings.across(image, torch.tensor([[0, 3, 1, 3]]))[0, 0, 0]
    assert torch.allclose(row, torch.tensor([1, 2 / 3, 1 / 3]))


def test_moved_boxes_stay_inside():
    image = torch.ones(1, 1, 6, 6)
    grown = fillings.moved(fillings.black, (-1, 1, -1, 1))
    assert (grown(image, torch.tensor([[2, 4, 2, 4]])) == 0).sum() == 16
    assert (grown(image, torch.tensor([[0, 6, 0, 2]])) == 0).sum() == 18


# ---- parts


def test_boxes_follow_the_garment():
    images = torch.zeros(2, 1, 20, 20)
    images[0, 0, 4:14, 2:12] = 1
    assert parts.bounding_boxes(images).tolist() == [[4, 14, 2, 12], [0, 0, 0, 0]]
    sole = next(part for part in parts.PARTS[7] if part.english == "sole")
    assert parts.boxes(images[:1], sole).tolist() == [[12, 14, 2, 12]]


def test_every_class_has_parts_with_names_in_both_languages():
    assert len(parts.PARTS) == len(parts.CHINESE) == 10
    for some in parts.PARTS:
        assert len({part.english for part in some}) == len({p.chinese for p in some}) == len(some)
        for part in some:
            assert 0 <= part.top < part.bottom <= 1 and 0 <= part.left < part.right <= 1
            assert part.english.isascii() and not part.chinese.isascii()


# ---- features and conditions


def column(images, name):
    return shapes.measure(images)[:, shapes.ENGLISH.index(name)]


def test_features_by_hand():
    images = torch.zeros(2, 1, 32, 32)
    images[0, 0, 4:24, 6:16] = 0.5  # 20 high, 10 wide
    images[1, 0, 4:24, 6:16] = 0.5
    images[1, 0, 14:24, 10:12] = 0  # trousers
    for name, hand in (("height", [20, 20]), ("width", [10, 10]), ("height / width", [2, 2]),
                       ("filling between the legs", [1, 0]), ("asymmetry", [0, 0]),
                       ("contrast", [0, 0]), ("width at the top", [1, 1]),
                       ("width at the bottom", [1, 0.8])):  # fmt: skip
        assert column(images, name).tolist() == pytest.approx(hand), name


def test_contrast_is_a_standard_deviation_and_all_is_rounded():
    images = torch.zeros(1, 1, 32, 32)
    images[..., 4:14, 6:16], images[..., 14:24, 6:16] = 0.4, 0.8
    assert column(images, "contrast").item() == pytest.approx(0.2)
    found = shapes.measure(torch.rand(5, 1, 32, 32, generator=torch.Generator().manual_seed(0)))
    assert torch.allclose(100 * found, (100 * found).round(), atol=1e-3)


def test_edges_down_the_middle_are_upright_and_in_the_middle():
    images = torch.full((3, 1, 32, 32), 0.0)
    images[..., 6:26, 6:26] = 0.4
    images[0, 0, 6:26, 16:26] = images[1, 0, 6:26, 23:26] = images[2, 0, 16:26, 6:26] = 0.8
    middle, side, level = column(images, "edges down the middle").tolist()
    assert middle > 0.04 and side == level == 0


def test_features_do_not_care_where_the_garment_lies():
    image = torch.zeros(1, 1, 32, 32)
    image[..., 5:20, 5:15] = torch.rand(15, 10, generator=torch.Generator().manual_seed(0)) + 0.2
    moved = image.roll((6, 7), (2, 3))
    assert torch.equal(shapes.measure(image), shapes.measure(moved))
    assert len(shapes.NAMES) == shapes.measure(image).shape[1] == len(set(shapes.CHINESE)) == 36
    assert torch.isfinite(shapes.measure(torch.zeros(1, 1, 32, 32))).all()
    with pytest.raises(ValueError, match="n x 1 x"):
        shapes.measure(image[0])


def test_conditions_in_words_are_true_of_the_row():
    row = np.zeros(36, dtype=np.float32)
    row[:3] = 20.004, 9, 2.2
    three = (Condition(0, 20.0039, math.inf), Condition(1, -math.inf, 9.4), Condition(2, 1, 3.14))
    assert conditions.english(three, row) == (
        "height above 20; width at most 9.4; height / width from 1 to 3.1"
    )
    assert conditions.chinese(three, row) == "高度大于20；宽度不超过9.4；高宽比在1与3.1之间"
    row[0] = 19.998  # "above 20" would not be true of it
    assert conditions.english((Condition(0, 19.996, math.inf),), row) == "height above 19.996"
    assert conditions.english((), row) == "always"


def test_a_bound_belongs_to_the_rows_below_it():
    rows = np.array([[1.0], [1.5], [2.0], [2.5]])
    assert conditions.meets(rows, Condition(0, 1, 2)).tolist() == [False, True, True, False]


def test_shortening_drops_what_adds_nothing_and_keeps_the_precision():
    chance = np.random.default_rng(0)
    rows = chance.random((500, 3))
    right = rows[:, 1] > 0.5
    whole = [Condition(0, 0.2, math.inf), Condition(1, 0.5, math.inf), Condition(2, -1, 2)]
    assert conditions.shortened(whole, rows, right, goal=1.0) == (whole[1],)
    assert len(conditions.shortened(whole[:2], rows, right | (rows[:, 0] > 0.9), goal=0.0)) == 1
    both = right & (rows[:, 0] > 0.2)
    assert set(conditions.shortened(whole, rows, both, goal=1.0)) == set(whole[:2])
    assert conditions.shortened((), rows, right, goal=1.0) == ()  # a tree of one leaf


def test_the_claim_is_frozen_and_glassbox_agrees_on_conditions():
    from sklearn.tree import DecisionTreeClassifier

    rows = np.random.default_rng(1).random((200, 4)).astype(np.float32)
    tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(rows, rows[:, 0] > rows[:, 1])
    for row in rows[:20]:
        path = glassbox.path(tree, row)
        met = np.logical_and.reduce([conditions.meets(rows, each) for each in path])
        assert (met == (tree.apply(rows) == tree.apply(row[None])[0])).all()
    with pytest.raises(dataclasses.FrozenInstanceError):
        said(trial(1)).english = "B."
