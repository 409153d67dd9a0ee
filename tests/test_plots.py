"""The look: one style, told-apart colours, zero in the middle; and the few plots by their data."""

import itertools

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb

from course_utils import plots


def lab(rgb):
    """CIE L*a*b* of an sRGB colour."""
    rgb = np.where(
        np.array(rgb) <= 0.04045, np.array(rgb) / 12.92, ((np.array(rgb) + 0.055) / 1.055) ** 2.4
    )
    xyz = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ rgb
    )
    f = np.cbrt(xyz / [0.9505, 1.0, 1.089])
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


# Machado, Oliveira, Fernandes 2009, severity 1.0, on linear RGB
BLINDNESS = {
    "none": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


def seen(colour, kind):
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(BLINDNESS[kind]) @ linear, 0, 1)
    return lab(np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055))


@pytest.mark.parametrize("kind", BLINDNESS)
def test_methods_are_told_apart_by_every_eye(kind):
    for one, other in itertools.combinations(sorted(set(plots.COLOURS.values())), 2):
        gap = np.linalg.norm(seen(one, kind) - seen(other, kind))
        assert gap > 10, f"{one} and {other} look alike ({gap:.0f}) with {kind} vision"


def test_the_contracts_methods_have_colours():
    names = "reference structure quantization pruning distillation data gradient saliency lime shap"
    assert set(f"{names} random control".split()) == set(plots.COLOURS)
    assert plots.COLOURS["saliency"] == plots.COLOURS["gradient"]
    assert plots.COLOURS["control"] == plots.COLOURS["random"]


def test_an_unknown_method_is_told():
    with pytest.raises(ValueError, match="unknown method 'prunning'; the methods are reference"):
        plots.colour("prunning")


def test_the_style_needs_no_font_of_its_own():
    with matplotlib.rc_context():
        plots.use_style()
        assert matplotlib.rcParams["font.family"] == ["DejaVu Sans"]
        assert not matplotlib.rcParams["axes.spines.top"]


def test_figures_have_the_look_and_are_unknown_to_pyplot():
    before = plt.get_fignums()
    with matplotlib.rc_context({"axes.spines.top": True, "font.size": 30}):
        figure, axes = plots.figure(rows=2, columns=3, sharey=True)
        assert matplotlib.rcParams["font.size"] == 30, "the learner's own settings stay"
    assert axes.shape == (2, 3)
    assert not axes[0, 0].spines["top"].get_visible()
    assert figure.get_figwidth() == 7
    assert plt.get_fignums() == before


def test_images_share_one_scale():
    dark, light = torch.full((1, 4, 4), 0.2), np.full((4, 4), 0.9)
    figure = plots.image_row([dark, light], ["dark", "light"], title="Two")
    pictures = [axis.images[0] for axis in figure.axes]
    assert [p.get_clim() for p in pictures] == [(0, 1), (0, 1)]
    assert [float(p.get_array().mean()) for p in pictures] == pytest.approx([0.2, 0.9])
    assert [axis.get_title() for axis in figure.axes] == ["dark", "light"]


def test_images_without_titles_and_with_too_few():
    assert len(plots.image_row(torch.rand(3, 1, 4, 4)).axes) == 3
    with pytest.raises(ValueError, match="2 images and 1 titles"):
        plots.image_row([np.zeros((4, 4))] * 2, ["one"])
    with pytest.raises(ValueError, match="0 images"):
        plots.image_row([])
    with pytest.raises(ValueError, match=r"height x width is needed, got shape \(3, 4, 4\)"):
        plots.image_row([np.zeros((3, 4, 4))])


@pytest.mark.parametrize("limit", [None, 5.0])
def test_zero_is_the_middle_of_an_attribution(limit):
    _, axis = plots.figure()
    values = torch.tensor([[-2.0, 0.0], [0.5, 1.0]])
    picture = plots.draw_attribution(axis, values, limit=limit)
    low, high = picture.get_clim()
    assert (low, high) == (-(limit or 2.0), limit or 2.0)
    red, green, blue, _ = picture.to_rgba(0.0)
    assert min(red, green, blue) > 0.95, "zero is white"
    assert picture.to_rgba(high)[0] > picture.to_rgba(high)[2], "for is orange"
    assert picture.to_rgba(low)[2] > picture.to_rgba(low)[0], "against is purple"


def test_an_attribution_over_its_image():
    _, axis = plots.figure()
    values = np.array([[0.0, -2.0], [1.0, 2.0]])
    picture = plots.draw_attribution(axis, values, over=np.ones((2, 2)))
    assert len(axis.images) == 2
    alpha = np.asarray(picture.get_alpha())
    assert alpha[0, 1] == alpha[1, 1] == 1
    assert alpha[0, 0] < alpha[1, 0] < 1, "what counts little lets the image through"
    plots.draw_attribution(axis, np.zeros((2, 2)), over=np.ones((2, 2)))


def test_bars_show_the_mean_and_every_seed():
    figure = plots.bars({"a": [1.0, 2.0, 6.0], "b": 4}, unit="points", title="A finding",
                        methods=["pruning", "random"])  # fmt: skip
    (axis,) = figure.axes
    assert [bar.get_width() for bar in axis.patches] == [3, 4]
    assert sorted(axis.lines[0].get_xdata()) == [1, 2, 6]
    assert len(axis.lines) == 1, "one value needs no dot"
    assert [t.get_text() for t in axis.get_yticklabels()] == ["a", "b"]
    assert to_rgb(axis.patches[0].get_facecolor()[:3]) == to_rgb(plots.COLOURS["pruning"])
    with pytest.raises(ValueError, match=r"zip\(\)|shorter"):
        plots.bars({"a": 1, "b": 2}, unit="x", title="y", methods=["pruning"])


def test_the_front_by_hand():
    points = [(1, 5), (2, 4), (2, 6), (2, 7), (3, 7), (4, 9), (5, 8)]
    assert plots.pareto_front(points) == [(1, 5), (2, 7), (4, 9)]
    assert plots.pareto_front(list(reversed(points))) == [(1, 5), (2, 7), (4, 9)]
    assert plots.pareto_front([]) == []


def test_no_point_beats_one_on_the_front():
    points = [
        tuple(p) for p in torch.rand(60, 2, generator=torch.Generator().manual_seed(0)).tolist()
    ]
    front = plots.pareto_front(points)
    for cost, worth in points:
        beaten = any(c <= cost and w >= worth and (c, w) != (cost, worth) for c, w in points)
        assert ((cost, worth) in front) != beaten


def test_the_pareto_plot_has_every_network():
    rows = [{"name": n, "method": m, "kB": k, "accuracy": a}
            for n, m, k, a in [("A", "reference", 1000, 92), ("B", "pruning", 10, 91)]]  # fmt: skip
    (axis,) = plots.pareto(rows, x="kB", y="accuracy", title="B is smaller").axes
    assert [t.get_text() for t in axis.texts] == ["A", "B"]
    assert axis.get_xscale() == "log"
    assert axis.get_xlabel() == "kB"
    assert to_rgb(axis.lines[1].get_color()) == to_rgb(plots.COLOURS["pruning"])


def test_names_in_the_pareto_plot_do_not_cover_each_other():
    rows = [{"name": f"a network called {n}", "method": "pruning", "kB": 100 + n,
             "accuracy": 90 + n / 20}
            for n in range(5)]  # fmt: skip
    (axis,) = plots.pareto(rows, x="kB", y="accuracy", title="Crowded").axes
    boxes = [text.get_window_extent() for text in axis.texts]
    assert len(boxes) == 5
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)
