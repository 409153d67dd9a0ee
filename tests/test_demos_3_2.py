"""The pictures of lesson 3.2 say what the numbers say, and the widget follows its controls."""

import pytest
import torch

from course_utils import models, quantize, widgets
from course_utils.demos import figures_3_2 as figures
from course_utils.demos import lesson_3_2 as demo

LEVELS = (8, 5, 4, 3, 2, "ternary", "binary")
CURVES = {
    "one scale per tensor": dict(zip(LEVELS, (0.9, 0.9, 0.8, 0.5, 0.1, 0.7, 0.4), strict=True)),
    "one scale per channel": dict(zip(LEVELS, (0.9, 0.9, 0.85, 0.8, 0.2, 0.75, 0.5), strict=True)),
}


@pytest.fixture
def bench():
    torch.manual_seed(0)
    return demo.BitsBench(models.SimplifiedCNN(channels=(4, 4), hidden=8), CURVES, 0.91)


@pytest.mark.parametrize("grid", CURVES)
@pytest.mark.parametrize("bits", LEVELS)
def test_words_and_picture_hold_the_codes_and_the_accuracy(bench, bits, grid):
    rounded = quantize.round_weight(bench.weight, bits=bits, axis=demo.GRIDS[grid])
    words = bench.words(bits, grid, 2)
    codes = rounded.codes[2].flatten().tolist()
    assert str(codes) in words and f"{CURVES[grid][bits]:.1%} accuracy" in words
    _, picture, curve = bench.draw(bits, grid, 2).axes
    assert [int(text.get_text()) for text in picture.texts] == codes
    assert f"{CURVES[grid][bits]:.1%}" in curve.get_title()
    ring = curve.lines[-1]
    assert (ring.get_xdata()[0], ring.get_ydata()[0]) == (LEVELS.index(bits), CURVES[grid][bits])


def test_the_scale_shown_is_the_filters_own(bench):
    many = quantize.round_weight(bench.weight, bits=4, axis=0)
    for filter in range(4):
        title = bench.draw(4, "one scale per channel", filter).axes[1].get_title()
        assert title == f"as codes × {many.scale[filter].item():.3g}"


def test_the_widget_follows_its_controls(bench):
    live = widgets.live(
        bench.draw, alt=bench.words, bits=widgets.choice(LEVELS, start=4, slide=True),
        grid=list(CURVES), filter=widgets.slider(0, 3, start=1),
    )  # fmt: skip
    before = live.picture.value
    for name, value in (("bits", "ternary"), ("grid", "one scale per channel"), ("filter", 3)):
        live.controls[name].value = value
        assert live.error is None and live.picture.value != before
        before = live.picture.value


def test_grid_lines_and_words_of_the_weights():
    weight = torch.tensor([[0.9, 0.05], [0.1, -0.02]])
    figure = figures.weights_on_grid(weight, bits=2)
    lines = [line.get_xdata()[0] for line in figure.axes[0].lines]
    assert lines == pytest.approx([-0.9, 0, 0.9])
    assert figure.axes[0].get_title() == "75% of the weights round to 0"
    assert "75% of the weights" in figures.words_for_weights(weight, bits=2)


def test_ways_back_shows_every_seed_and_says_it():
    found = {"trained": [0.88, 0.9], "control": [0.74, 0.76], "codebook": 0.8}
    figure = figures.ways_back(CURVES, 0.91, **found)
    heights = {line.get_label(): list(line.get_ydata()) for line in figure.axes[0].lines}
    assert heights["ternary, trained through (a mark a seed)"] == [0.88, 0.9]
    assert heights["control: trained, then rounded"] == [0.74, 0.76]
    words = figures.words_for_ways_back(CURVES, 0.91, **found)
    assert "74.0% to 76.0%" in words and "88.0% to 90.0%" in words and "80.0%" in words


def test_words_stand_apart_from_whole_bits():
    figure = figures.ways_back(CURVES, 0.91, trained=[0.9], control=[0.7], codebook=0.8)
    joined = [line for line in figure.axes[0].lines if line.get_label() in CURVES]
    assert [len(line.get_xdata()) for line in joined] == [5, 5], "2 bits and ternary not joined"


def test_the_spike_is_counted_and_both_ranges_are_drawn():
    values = torch.tensor([-0.5, -0.5, -0.5, 1.0])
    ranges = {"min–max": (-0.5, 1.0), "KL": (-0.5, 0.5)}
    axis = figures.clipped_inputs(values, ranges).axes[0]
    assert axis.get_title() == "75% of the inputs are one number: black"
    assert {text.get_text() for text in axis.texts} == {"", *ranges}
    words = figures.words_for_clipped(values, ranges)
    assert "75% of the values" in words and "KL reaches from -0.50 to 0.50" in words


def test_rows_of_grids_by_hand():
    weight = torch.tensor([[3.0, 1.0], [0.3, -0.1]])
    grids = {"one": quantize.symmetric(weight, bits=2),
             "two": quantize.symmetric(weight, bits=2, axis=0)}  # fmt: skip
    one, two = demo.grid_rows(weight, grids)
    assert one == pytest.approx({"grid": "one", "scales to store": 1, "become 0": 0.75,
                                 "error² / weight²": 1.1 / 10.1})  # fmt: skip
    assert two == pytest.approx({"grid": "two", "scales to store": 2, "become 0": 0.5,
                                 "error² / weight²": 1.01 / 10.1})  # fmt: skip


def test_with_weights_changes_a_copy_only():
    torch.manual_seed(0)
    network = models.SimplifiedCNN(channels=(4, 4), hidden=8)
    before = {name: t.clone() for name, t in network.state_dict().items()}
    changed = demo.with_weights(network, demo.best_uniform)
    assert all(torch.equal(t, before[name]) for name, t in network.state_dict().items())
    assert all(len(layer.weight.unique()) <= 4 for layer in (changed.conv1, changed.fc1))
    assert torch.equal(changed.fc1.bias, network.fc1.bias)


def test_best_uniform_is_no_worse_than_the_whole_range():
    weight = torch.randn(500, generator=torch.Generator().manual_seed(0))
    best, whole = demo.best_uniform(weight), quantize.affine(weight, bits=2)
    errors = [(grid.dequantize() - weight).square().sum() for grid in (best, whole)]
    assert errors[0] < errors[1]
