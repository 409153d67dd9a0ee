"""What lesson 6 measures for its answers."""

import math

import pytest
import torch
from torch import nn

from course_utils import data, models
from course_utils.demos import figures_6 as figures
from course_utils.demos import lesson_6 as demo


@pytest.fixture(scope="module")
def network():
    return models.load_network("SimplifiedCNN")


@pytest.fixture(scope="module")
def few():
    return data.fashion_mnist("validation", limit=60)


def test_unit_norms_divides_each_tensor_and_leaves_the_network_alone(network):
    before = [one.clone() for one in network.parameters()]
    changed = demo.unit_norms(network)
    for one, was, now in zip(network.parameters(), before, changed.parameters(), strict=True):
        assert torch.equal(one, was)
        assert torch.allclose(now * was.norm(), was, atol=1e-6)


def test_account_measures_the_file_that_was_written(network, few):
    plain = demo.account(network, few)
    packed = demo.account(network, few, bits=8)
    assert plain["bytes"] == models.network_path("SimplifiedCNN").stat().st_size
    assert plain["bytes"] / packed["bytes"] > 3.9
    assert plain["multiplications"] == packed["multiplications"] == 1_590_528
    coarse = demo.account(network, few, bits="binary")
    assert coarse["accuracy"] < plain["accuracy"]  # what was written is what is judged


def test_training_briefly_gives_a_copy(few):
    fresh = models.SimplifiedCNN().eval()
    before = fresh.fc2.weight.clone()
    trained = demo.trained_briefly(fresh, few, few)
    assert torch.equal(fresh.fc2.weight, before)
    assert not torch.equal(trained.fc2.weight, before)


def test_lines_find_classes_that_a_line_parts_and_no_others():
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(600, 1, 4, 4, generator=generator)
    by_line = (images[:, 0, 0, 0] > 0).long()
    by_ring = (images.flatten(1).norm(dim=1) > 3.9).long()
    for labels, low, high in ((by_line, 0.9, 1.0), (by_ring, 0.3, 0.7)):
        fit, judge = (images[:400], labels[:400]), (images[400:], labels[400:])
        assert low < demo.lines_on(nn.Flatten(), fit, judge, ridges=(1.0, 10.0)) <= high


def test_lines_ignore_the_features_scale_and_shift(few):
    fit, judge = tuple(part[:40] for part in few), tuple(part[40:] for part in few)
    one = demo.lines_on(nn.Flatten(), fit, judge)
    assert demo.lines_on(lambda x: 1e3 * x.flatten(1) + 7, fit, judge) == pytest.approx(one)


def test_recalls_are_counted_within_each_class():
    labels = torch.tensor([0, 0, 1, 1])
    before, after = torch.eye(2)[torch.tensor([0, 0, 0, 1])], torch.eye(2)[[0, 1, 1, 1]]
    moved = demo.recall_moves(before, {"other": after}, labels)["other"]
    assert [one.difference for one in moved] == [-0.5, 0.5]
    assert [one.images for one in moved] == [2, 2]


def test_costs_count_the_pictures_that_the_network_saw(network, few):
    rows = {row["explainer"]: row for row in demo.costs(network, few[0][:2], few[1][:2])}
    assert rows["integrated gradients"]["pictures shown"] == 33  # 32 steps, and the class
    assert rows["LIME"]["pictures shown"] >= 200 > rows["gradient"]["pictures shown"] >= 1
    assert not network._forward_pre_hooks


def test_the_luckiest_of_one_has_no_luck_and_of_two_the_expected():
    for candidates, images in ((1, 1000), (2, 400)):
        lead = demo.luckiest(candidates, images=images, right=0.5, repeats=20_000)
        wanted = 0.0 if candidates == 1 else 0.5 / math.sqrt(images) / math.sqrt(math.pi)
        assert lead.mean().item() == pytest.approx(wanted, abs=4e-4)
    assert demo.luckiest(3, images=10, right=1.0).abs().max() == 0


@pytest.fixture(scope="module")
def chooser(few):
    return demo.Chooser(few)


def test_the_choice_needs_least_and_loses_no_more_than_allowed(chooser):
    for scarce, column in demo.SCARCE.items():
        for loss in (0, 0.02, 0.05):
            row = chooser.choose(scarce, loss=loss)
            allowed = chooser.table[chooser.table.accuracy >= chooser.whole - loss]
            assert row["accuracy"] >= chooser.whole - loss - 1e-6
            assert row[column] == allowed[column].min()
    with pytest.raises(ValueError, match="one of bytes, time, multiplications; got 'size'"):
        chooser.choose("size", loss=0)


def test_the_choosers_picture_says_what_it_chose(chooser, few):
    asked = {"scarce": "bytes", "points": 5.0}
    name = chooser.choose("bytes", loss=0.05)["name"]
    assert name in figures.words_for_chosen(chooser, **asked)
    made = figures.chosen(chooser, few[0][0], few[1][0], **asked)
    assert made.axes[0].get_title() == name


def test_figures_are_told_in_words(few):
    assert "pixels 81.0%" in figures.words_for({"pixels": [0.8, 0.82]})
    assert figures.words_for_left([0.5], [[0.9], [0.8]]) == "50% zeros: 90%, 80%."
    ten = torch.eye(10)[torch.arange(10).repeat(2)]
    moved = demo.recall_moves(ten, {"other": ten.flip(0)}, torch.arange(10).repeat(2))
    assert "other: T-shirt" in figures.words_for_recalls(moved)
    figures.recalls({"one": moved["other"], "another seed": moved["other"]})
    figures.left([0.5, 0.9], [[0.9, 0.3]])
    figures.features({"pixels": [0.8], "untrained: filters": [0.8, 0.7]})
    figures.pair(few[0][0], few[0][1], few[0][2])
