"""Lesson 1.3's races and figures: they draw what they measured, and say it in words."""

import math

import pytest
import torch

from course_utils import models, optimize
from course_utils.demos import figures_1_3, lesson_1_3


def test_the_valleys_are_lowest_where_they_say():
    for function, start, bottom in lesson_1_3.VALLEYS.values():
        place = torch.tensor(bottom, requires_grad=True)
        (slope,) = torch.autograd.grad(function(place), place)
        assert function(place).item() == 0 and not slope.any()
        assert function(torch.tensor(start)) > 1


@pytest.mark.parametrize(("rate", "winner"), [
    (0.03, "momentum"), (0.1, "gradient descent"), (0.3, "Adam"),
])  # fmt: skip
def test_the_valley_race_names_the_lowest(rate, winner):
    race = lesson_1_3.ValleyRace()
    heights = race.heights("straight", rate, 40)
    walk = race.run("straight", rate, 40)[winner]
    assert heights[winner] == lesson_1_3.straight(walk[-1]).item() == min(heights.values())
    figure = race.draw("straight", rate, 40)
    assert figure.axes[0].get_title() == f"Lowest after 40 steps: {winner}"
    assert f"learning rate {rate:g}" in race.words("straight", rate, 40)


def test_a_walk_that_leaves_every_map_is_told():
    race = lesson_1_3.ValleyRace()
    assert "gradient descent ∞, momentum ∞" in race.words("bent", 0.1, 40)
    assert race.draw("bent", 0.1, 40).axes[0].get_title().endswith("Adam")


def test_the_race_of_a_network_really_trains_and_leaves_it_alone():
    torch.manual_seed(0)
    net = models.Net(hidden=(8, 8), size=4)
    before = [p.clone() for p in net.parameters()]
    images, labels = torch.rand(20, 1, 4, 4), torch.arange(20) % 10
    race = lesson_1_3.NetRace(net, images, labels, steps=4)
    losses = race.losses(0.01)
    again = optimize.train(
        net, images, labels, rule=optimize.adam, learning_rate=0.01, epochs=5
    ).losses
    assert losses["Adam"] == again and len(again) == 5
    assert len({curve[0] for curve in losses.values()}) == 1
    assert all(torch.equal(p, old) for p, old in zip(net.parameters(), before))
    assert f"Adam from {again[0]:.2f}" in race.words(0.01)
    assert len(race.draw(0.01).axes[0].lines) == 4
    assert race.draw(1e12).axes[0].get_title()


def test_rates_are_drawn_as_means_of_the_seeds():
    scores = {"SGD": {0.1: [0.5, 0.7], 1.0: [0.1, 0.1]}, "Adam": {0.1: [0.2, 0.2], 1.0: [0.0, 0.2]}}
    figure = figures_1_3.rates(scores, title="A finding")
    sgd, adam = figure.axes[0].lines[:2]
    assert list(sgd.get_ydata()) == pytest.approx([60, 10])
    assert list(adam.get_ydata()) == pytest.approx([20, 10])
    assert "SGD: 60% at 0.1, 10% at 1" in figures_1_3.words_for_rates(scores)


def test_effect_counts_answers():
    net = models.Net(hidden=(4, 4), size=2, classes=2, bias=False)
    images, labels = torch.rand(10, 1, 2, 2), torch.zeros(10, dtype=torch.long)

    def turned(net):
        other = models.Net(**net.settings)
        other.load_state_dict(net.state_dict() | {"fc3.weight": 2 * net.fc3.weight.flip(0)})
        return other

    row = figures_1_3.effect("x", [net], turned, (images, labels))
    now = turned(net)(images).argmax(1)
    assert row["divided"] == "x" and set(row) == {"divided", *figures_1_3.FORMATS}
    assert row["accuracy before"] == pytest.approx(1 - row["after"])
    assert row["same answer"] == 0 and row["largest logit, after ÷ before"] == pytest.approx(2)
    assert row["commonest answer"] == pytest.approx(now.bincount().max().item() / 10)


def test_dead_units_are_those_that_no_image_opens():
    net = models.Net(hidden=(4, 2), size=2, classes=2, mean=0.0, std=1.0)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
        net.fc1.weight[0, 0] = 1.0  # open for one image of two
        net.fc2.bias[1] = 1.0  # open for all
    images = torch.zeros(2, 1, 2, 2)
    images[0, 0, 0, 0] = 1.0
    assert figures_1_3.dead_units(net, images) == pytest.approx(4 / 6)
    assert math.isclose(figures_1_3.dead_units(net, images[1:]), 5 / 6, rel_tol=1e-6)
