"""Lesson 3.1's networks compute what they say, and its pictures say what the numbers say."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import models, plots, structure, training, widgets
from course_utils.demos import factored, lesson_3_1, stacks
from course_utils.demos import figures_3_1 as figures


@pytest.fixture
def images():
    return torch.rand(12, 1, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def labels():
    return torch.arange(12) % 10


def test_a_plain_stack_is_a_sequence(images):
    deep = stacks.Deep(6)
    parts = [deep.first] + [p for layer in (*deep.body, deep.last) for p in (nn.ReLU(), layer)]
    assert torch.allclose(nn.Sequential(*parts)(stacks.flat(images)), deep(images))


def test_a_skip_adds_what_came(images):
    deep = stacks.Deep(4, skip=True, share=0.5)
    h = deep.first(stacks.flat(images))
    for layer in deep.body:
        h = h + 0.5 * layer(h.relu())
    assert torch.allclose(deep(images), deep.last(h.relu()), atol=1e-6)


def test_a_norm_stands_before_each_relu(images):
    deep = stacks.Deep(4, norm=True).train()
    h = deep.first(stacks.flat(images))
    for layer in deep.body:
        h = layer(((h - h.mean(0)) / (h.var(0, unbiased=False) + 1e-5).sqrt()).relu())
    assert torch.allclose(deep(images), deep.last(h.relu()), atol=1e-5)


@pytest.mark.parametrize("depth", [3, 10])
def test_depth_counts_the_linear_layers(depth):
    assert sum(isinstance(m, nn.Linear) for m in stacks.Deep(depth).modules()) == depth


def test_he_doubles_the_variance_of_the_usual_width():
    torch.manual_seed(0)
    weights = torch.cat([layer.weight.flatten() for layer in stacks.Deep(40, start="He").body])
    assert weights.var().item() == pytest.approx(2 / 32, rel=0.05)


def test_a_deep_network_that_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="depth is 3 or more"):
        stacks.Deep(2)
    with pytest.raises(ValueError, match="got 5 and 'he'"):
        stacks.Deep(5, start="he")


def test_gradient_norms_are_those_of_the_loss(images, labels):
    deep = stacks.Deep(5, norm=True).eval()
    found = stacks.gradient_norms(deep, images, labels)
    assert not deep.training and deep.first.weight.grad is None
    deep.train()
    F.cross_entropy(deep(images), labels).backward()
    wanted = [layer.weight.grad.norm().item() for layer in (deep.first, *deep.body, deep.last)]
    assert found == pytest.approx(wanted)


def test_spreads_by_hand(images):
    deep = stacks.Deep(5)
    found = stacks.spreads(deep, images)
    h = deep.first(stacks.flat(images))
    assert len(found) == 4 and found[0] == pytest.approx(h.std(0).mean().item())
    assert stacks.spreads(deep, images[:1].expand(3, 1, 32, 32)) == pytest.approx([0] * 4, abs=1e-6)


def test_a_study_has_every_kind_depth_and_seed(images, labels):
    runs = stacks.study((images, labels), (images, labels), depths=(3, 4), seeds=(0, 1))
    assert set(runs) == set(stacks.KINDS)
    for kind, by_depth in runs.items():
        assert {depth: len(several) for depth, several in by_depth.items()} == {3: 2, 4: 2}
        one = by_depth[4][1]
        torch.manual_seed(1)
        again = stacks.Deep(4, **stacks.KINDS[kind])
        assert one.gradients == stacks.gradient_norms(again, images, labels)
        assert len(one.losses) == 3 and 0 <= one.accuracy <= 1
    assert stacks.first_gradients(runs, "skip")[3] == [r.gradients[0] for r in runs["skip"][3]]
    assert stacks.accuracies(runs, "skip")[3] == [r.accuracy for r in runs["skip"][3]]
    demo_bench(runs)


def demo_bench(runs):
    bench = lesson_3_1.DepthBench(runs)
    live = widgets.live(
        bench.draw, alt=bench.words, depth=widgets.choice((3, 4)),
        skip=widgets.switch(False), norm=widgets.switch(False),
    )  # fmt: skip
    for name, value in (("depth", 4), ("skip", True), ("norm", True)):
        before = live.picture.value
        live.controls[name].value = value
        assert live.error is None and live.picture.value != before
    assert "4 layers, skip + norm" in live.picture.value
    drawn = bench.draw(4, True, True).axes[0].lines
    assert [list(line.get_ydata()) for line in drawn] == [
        one.gradients for one in runs["skip + norm"][4]
    ]


def test_inside_shows_gradients_spreads_and_losses():
    run = stacks.Run([1.0, 2.0], [3.0, 0.0], [2.3, 2.0, 1.0], 0.5)
    axes = figures.inside([run], kind="skip", title="x").axes
    drawn = [list(axis.lines[0].get_ydata()) for axis in axes]
    assert drawn == [run.gradients, run.spreads, run.losses]


@pytest.fixture
def network():
    torch.manual_seed(0)
    return models.SimplifiedCNN(channels=(4, 6), hidden=12).eval()


def test_pieces_by_lot_are_pieces_of_the_layer(network):
    left, strength, right = torch.linalg.svd(network.fc1.weight.detach(), full_matrices=False)
    changed = factored.by_lot(network.fc1, 3, seed=0)
    assert torch.equal(changed.bias, network.fc1.bias)
    kept = (left.T @ changed.weight @ right.T).diagonal()
    share = kept / strength
    assert share.round().sum() == 3
    assert torch.allclose(share, share.round(), atol=1e-4)
    others = [factored.by_lot(network.fc1, 3, seed=seed).weight for seed in (0, 1)]
    assert torch.equal(others[0], changed.weight) and not torch.equal(others[1], changed.weight)
    every = factored.by_lot(network.fc1, 12, seed=0).weight
    assert torch.allclose(every, network.fc1.weight, atol=1e-5)


def test_rank_curves_measure_each_way(network, images, labels):
    head, x = network[8:], training.predict(network[:8], images)
    curves = factored.rank_curves([head, head], [x, x], labels, (2, 4))
    small = structure.low_rank(head, {"fc1": 2})
    assert curves["SVD"][2] == [training.evaluate(small, x, labels)] * 2
    wanted = []
    for seed in (0, 1):
        drawn = copy.deepcopy(head)
        drawn.fc1 = factored.by_lot(head.fc1, 4, seed=seed)
        wanted.append(training.evaluate(drawn, x, labels))
    assert curves["by lot"][4] == wanted
    assert set(curves) == set(figures.WAYS)


def test_terms_curve_and_its_control(network, images, labels):
    tail, x = network[4:], training.predict(network[:4], images)
    curve = factored.term_curve([tail], [x], labels, (1, 6))
    assert curve[6] == [training.evaluate(network, images, labels)]
    fresh = factored.fresh_separable(tail, seed=0)
    near = structure.separable(tail, {"conv2": 1})
    assert fresh.conv2.depthwise.weight.shape == near.conv2.depthwise.weight.shape
    assert torch.equal(fresh.fc1.weight, tail.fc1.weight)
    assert not torch.allclose(fresh.conv2.depthwise.weight, near.conv2.depthwise.weight)


def test_training_leaves_the_network_alone(network, images, labels):
    before = network.fc2.weight.clone()
    again = factored.trained(network, (images, labels), seed=0)
    assert torch.equal(network.fc2.weight, before)
    assert not torch.equal(again.fc2.weight, before)


def test_figures_show_the_numbers():
    curves = {way: {2: [0.1, 0.3, 0.2], 4: [0.5, 0.6, 0.9]} for way in figures.WAYS}
    trained = [torch.tensor([8.0, 1.0]), torch.tensor([8.0, 2.0])]
    spectra = {"untrained": [torch.tensor([4.0, 2.0])], "trained": trained}
    left, right = figures.ranks(spectra, curves, 0.9, title="x").axes
    assert [list(line.get_ydata())[1] for line in left.lines] == [0.5, 0.125, 0.25]
    assert [text.get_text() for text in left.get_legend().texts] == ["untrained", "trained"]
    assert list(right.lines[0].get_ydata()) == [0.2, 0.6]
    assert "SVD: 20% at 2, 60% at 4" in figures.words_for_ranks(curves, 0.9)
    axis = figures.terms({1: [0.5], 9: [0.9]}, 0.9, title="x").axes[0]
    assert list(axis.lines[0].get_ydata()) == [0.5, 0.9]
    assert "50% with 1, 90% with 9" in figures.words_for_terms({1: [0.5], 9: [0.9]})


def test_by_depth_draws_each_kind():
    kinds = {"plain": {5: [1.0, 3.0, 2.0], 50: [1e-3] * 3}, "skip": {5: [4.0], 50: [2.0]}}
    (axis,) = figures.by_depth(kinds, title="x", what="y", logarithmic=True).axes
    lines = {line.get_label(): line for line in axis.lines}
    assert list(lines["plain"].get_ydata()) == [2.0, 1e-3] and axis.get_yscale() == "log"
    assert lines["skip"].get_color() == plots.COLOURS["structure"]
    assert "plain: 2e+00 at 5, 1e-03 at 50" in figures.words_for_depth(kinds)
    assert "50% at 5" in figures.words_for_depth({"plain": {5: [0.5]}}, share=True)


def test_inside_has_the_looks_of_its_kind():
    (one,) = [stacks.Run([1.0, 2.0], [3.0, 4.0], [2.3, 2.2, 2.1], 0.5)]
    for kind, (method, style) in figures.LOOKS.items():
        line = figures.inside([one], kind=kind, title="x").axes[0].lines[0]
        assert (line.get_color(), line.get_linestyle()) == (plots.colour(method), style)


def test_several_hands_on_the_settings(images, labels):
    pair = images, labels
    found = stacks.several(4, pair, pair, seeds=(0, 1), start="He", skip=True, share=0.5)
    torch.manual_seed(1)
    again = stacks.Deep(4, start="He", skip=True, share=0.5)
    assert found[1].gradients == stacks.gradient_norms(again, images, labels)
    assert found[0].gradients != found[1].gradients


def test_the_middle_is_the_middle():
    assert stacks.middle([3.0, 1.0, 2.0]) == 2.0
