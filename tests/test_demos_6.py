"""What lesson 6 measures for its answers."""

import copy
import math

import pytest
import torch
from matplotlib.colors import to_hex
from torch import nn

from course_utils import data, models, plots, training
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


def test_one_matrix_misses_nothing_of_straight_layers_and_half_of_a_bend():
    torch.manual_seed(0)
    straight = nn.Sequential(nn.Linear(20, 9), nn.Linear(9, 3))
    assert demo.missed_by_one_matrix(straight) < 1e-5
    assert demo.missed_by_one_matrix(nn.Sequential(straight, nn.ReLU())) > 0.2
    assert demo.missed_by_one_matrix(torch.abs) > 0.8  # a line through |x| is flat


def test_account_measures_the_file_that_was_written(network, few):
    plain = demo.account(network, few)
    packed = demo.account(network, few, bits=8)
    assert plain["bytes"] == models.network_path("SimplifiedCNN").stat().st_size
    assert plain["bytes"] / packed["bytes"] > 3.9
    assert plain["MACs"] == packed["MACs"] == 1_590_528
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


def test_the_ridge_is_chosen_on_the_last_fifth_and_not_on_the_judge():
    told_apart = 0
    for seed in range(12):
        generator = torch.Generator().manual_seed(seed)
        images = torch.randn(200, 1, 5, 5, generator=generator)
        labels = (images[:, 0, 0, 0] + torch.randn(200, generator=generator) > 0).long()
        fit, judge = (images[:100], labels[:100]), (images[100:], labels[100:])
        tail = images[80:100], labels[80:100]
        by_tail, by_judge = (
            [demo.lines_on(nn.Flatten(), fit, on, ridges=(r,)) for r in (0.01, 500.0)]
            for on in (tail, judge)
        )
        chosen = demo.lines_on(nn.Flatten(), fit, judge, ridges=(0.01, 500.0))
        assert chosen == by_judge[by_tail.index(max(by_tail))]
        told_apart += chosen < max(by_judge)
    assert told_apart


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


def test_agreements_of_sizes_forget_the_sign_and_inside_forgets_the_rest():
    ours = torch.tensor([[1.0, -2, 3, -4], [4, 3, 2, 1]]).view(2, 1, 2, 2)
    turned, swapped = -ours, ours.clone()
    swapped[..., 0, :] = ours[..., 0, :].flip(-1)  # the upper two change places
    inside = torch.zeros(2, 1, 2, 2, dtype=torch.bool)
    inside[..., 0, :] = True
    found = demo.agreements(ours, [turned, swapped], inside=inside)
    assert found["sizes"].tolist() == pytest.approx([1, 0.8])
    assert found["sizes within the garment"].tolist() == pytest.approx([1, -1])
    assert found["with signs"][0] == pytest.approx(-1)


def test_costs_are_for_one_map(network, few, monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr(demo.time, "perf_counter", lambda: next(clock))
    assert {row["seconds"] for row in demo.costs(network, few[0][:4], few[1][:4])} == {1 / 4}


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
    with pytest.raises(ValueError, match="one of bytes, time, MACs; got 'size'"):
        chooser.choose("size", loss=0)


def test_accuracies_are_those_of_the_images_that_came(chooser, few, network):
    row = chooser.table.set_index("name").loc["SimplifiedCNN"]
    assert row["accuracy"] == chooser.whole == training.evaluate(network, *few)
    assert chooser.table["accuracy"].nunique() > 2


def test_of_equals_the_more_accurate_is_chosen(chooser):
    small = copy.copy(chooser)
    small.table = chooser.table.head(3).assign(bytes=5, accuracy=[0.8, 0.9, 0.85])
    small.whole = 0.9
    assert small.choose("bytes", loss=0.2)["name"] == chooser.table["name"][1]


def test_the_choosers_picture_says_what_it_chose(chooser):
    asked = {"scarce": "bytes", "points": 5.0}
    name = chooser.choose("bytes", loss=0.05)["name"]
    assert name in figures.words_for_chosen(chooser, **asked)
    one = figures.words_for_chosen(chooser, scarce="time", points=1.0)
    assert one.startswith("Least time within 1 point: ")
    axis = figures.chosen(chooser, **asked).axes[0]
    assert axis.get_title() == f"Least bytes within 5 points: {name}"
    ring = axis.lines[-2]  # the last line is the limit
    row = chooser.choose("bytes", loss=0.05)
    assert (ring.get_xdata()[0], ring.get_ydata()[0]) == (row["bytes"], 100 * row["accuracy"])
    assert axis.lines[-1].get_ydata()[0] == pytest.approx(100 * chooser.whole - 5)
    drawn = sum(len(line.get_xdata()) for line in axis.lines[:-2])
    assert drawn == len(chooser.table) and axis.get_xlabel() == "bytes of the file"


def test_figures_are_told_in_words(few):
    assert "pixels 81.0%" in figures.words_for({"pixels": [0.8, 0.82]})
    assert figures.words_for_left([0.5], [[0.9], [0.8]]) == "50% zeros: 90%, 80%."
    ten = torch.eye(10)[torch.arange(10).repeat(2)]
    moved = demo.recall_moves(ten, {"other": ten.flip(0)}, torch.arange(10).repeat(2))
    assert "other: T-shirt" in figures.words_for_recalls(moved)


def test_figures_show_per_cent_in_the_methods_colours(few):
    right, wrong = torch.eye(10)[torch.arange(10)], torch.eye(10)[torch.zeros(10).long()]
    moved = demo.recall_moves(right, {"other": wrong}, torch.arange(10))["other"]
    one, seed = figures.recalls({"one": moved, "another seed": moved}).axes
    assert [bar.get_width() for bar in one.patches] == [0] + [-100] * 9
    assert {to_hex(bar.get_facecolor()) for bar in one.patches} == {
        plots.COLOURS["pruning"].lower()
    }
    assert {to_hex(bar.get_facecolor()) for bar in seed.patches} == {plots.COLOURS["random"]}
    line = figures.left([0.5, 0.9], [[0.9, 0.3]]).axes[0].lines[0]
    assert line.get_xdata().tolist() == [50, 90] and line.get_ydata().tolist() == [90, 30]
    bars = figures.features({"pixels": [0.8], "untrained: filters": [0.8, 0.7]}).axes[0].patches
    assert [to_hex(bar.get_facecolor()) for bar in bars] == [
        plots.COLOURS["reference"], plots.COLOURS["random"]]  # fmt: skip
    assert [bar.get_width() for bar in bars] == pytest.approx([80, 75])
    figures.pair(few[0][0], few[0][1], few[0][2])
