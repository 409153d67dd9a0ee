"""Lesson 1.1's networks, bills and figures: hand-counted answers, and a widget that moves."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from course_utils import measure, models, widgets
from course_utils.demos import famous_networks, figures_1_1, lesson_1_1

ONE_MORE = 9 * 32 * 32  # weights of one more convolution


@pytest.fixture(scope="module")
def workshop():
    return lesson_1_1.Workshop(models.load_network("SimplifiedCNN"), torch.rand(1, 1, 32, 32))


@pytest.mark.parametrize("layers", [0, 1, 3])
def test_depth_adds_the_same_each_time(layers):
    base, network = models.SimplifiedCNN(), lesson_1_1.deeper(layers=layers)
    assert measure.parameters(network) == 268_362 + layers * (ONE_MORE + 32)
    assert measure.macs(network) == measure.macs(base) + layers * ONE_MORE * 16 * 16
    assert network(torch.rand(2, 1, 32, 32)).shape == (2, 10)


def test_without_more_layers_it_is_the_documents_network():
    assert type(lesson_1_1.deeper()) is models.SimplifiedCNN


def test_separable_by_hand_and_by_torchs_counter():
    network = lesson_1_1.separable()
    macs = measure.macs_by_layer(network)
    assert (macs["depthwise"], macs["pointwise"]) == (9 * 16 * 256, 16 * 32 * 256)
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, 1, 32, 32))
    assert counter.get_total_flops() == 2 * sum(macs.values())


def test_negative_depth_is_told():
    with pytest.raises(ValueError, match="0 or more; got -1"):
        lesson_1_1.deeper(layers=-1)


def test_bill_of_the_reference_by_hand():
    network = models.load_network("SimplifiedCNN")
    bill = lesson_1_1.bill(network, torch.rand(1, 1, 32, 32))
    assert (bill.parameters, bill.macs) == (268_362, 1_590_528)
    assert bill.file == measure.file_bytes("SimplifiedCNN")
    assert bill.memory == 4 * 268_362 + 131_072
    assert bill.joules == pytest.approx(1_590_528 * 4.6e-12 + 268_362 * 640e-12)
    assert bill.wait is None


def test_counted_costs_on_the_references_shape_are_its_own(workshop):
    rows = workshop.rows(16, 0, 32)
    assert [ratio for _, ratio, _ in rows[:5]] == [1.0] * 5


def test_growth_laws_in_the_widget(workshop):
    wide, large = workshop.measured(32, 0, 32), workshop.measured(16, 0, 64)
    fixed = workshop.fixed
    assert wide.parameters > 2 * fixed.parameters and wide.macs > 3 * fixed.macs
    assert large.memory - 4 * large.parameters == 4 * 131_072
    assert large.wait.low <= large.wait.median <= large.wait.high


def test_widget_moves_and_says_what_it_shows(workshop):
    live = widgets.live(workshop.draw, alt=workshop.words, width=(4, 32, 4), depth=(0, 8),
                        side=[16, 32, 64])  # fmt: skip
    before = live.picture.value
    live.controls["depth"].value = 1
    assert live.error is None and live.picture.value != before
    assert "multiply-accumulates" in live.picture.value


def test_lumped_shares_sum_to_one():
    shares = figures_1_1.lumped({"conv1": 1, "fc1": 2, "relu1": 3, "pool1": 4})
    assert shares == pytest.approx({"conv1": 0.1, "conv2": 0, "fc1": 0.2, "fc2": 0,
                                    figures_1_1.REST: 0.7})  # fmt: skip


def test_no_label_of_the_roof_lies_on_another_layers_point():
    ends = {"conv1": (2.1, 1.1e10), "conv2": (24, 5.7e10), "fc1": (20, 5e10), "fc2": (2.2, 1.6e10)}
    points = [
        {"layer": name, "batch": n, "intensity": x / (256 / n) ** 0.5, "rate": y}
        for n in (1, 256) for name, (x, y) in ends.items()
    ]  # fmt: skip
    (axis,) = figures_1_1.roof(points, peak=8e10, memory=3e10, cache=8e10).axes
    sides = {text.get_text(): text.get_ha() for text in axis.texts if text.get_text() in ends}
    assert sides == {"conv1": "left", "conv2": "left", "fc1": "right", "fc2": "left"}


@pytest.mark.parametrize(("times", "wanted"), [([0.5, 2.0], 1.0), ([2.0, 0.5], -1.0)])
def test_rank_correlation_with_the_reference_at_one(times, wanted):
    points = [
        {"MACs": macs, **dict.fromkeys(figures_1_1.BATCHES, measure.Spread.of([time] * 3))}
        for macs, time in zip((0.25, 4.0), times, strict=True)
    ]
    found = figures_1_1.rank_correlation(points)
    assert found == pytest.approx(dict.fromkeys(figures_1_1.BATCHES, wanted))


def test_famous_networks_cost_what_torchvision_publishes():
    for row in famous_networks.rows():
        assert row["parameters"] == row["published parameters"], row["network"]
        assert round(row["MACs"] / 1e9, 3) == row["published GFLOPS"], row["network"]
