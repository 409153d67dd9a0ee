"""Lesson 2.2's demos: maps, worths and trees do what their words say."""

import numpy as np
import pandas as pd
import pytest
import torch

from course_utils import glassbox, models, shapley
from course_utils.demos import figures_2_2, guide_2_2, lesson_2_2, patients


class Corner(torch.nn.Module):
    """Class 1 wins by the light of the upper left ninth."""

    def forward(self, images):
        light = images[:, 0, :2, :2].mean((1, 2))
        return torch.stack([0.5 - 2.5 * light, 2.5 * light - 0.5], 1)


IMAGES = torch.ones(2, 1, 6, 6)


def test_the_tables_are_what_they_say():
    table, progress = patients.diabetes()
    assert table.shape == (442, 10) and patients.CHOLESTEROL in table and len(progress) == 442
    assert table["body mass"].between(15, 45).all(), "in its own unit, not scaled"
    cells, malignant = patients.breast_cancer()
    assert cells.shape == (569, 30) and malignant.sum() == 212
    assert cells["worst radius"][malignant == 1].mean() > cells["worst radius"].mean()


def test_worth_is_the_mean_prediction_with_some_columns_known():
    rows, row = np.array([[0.0, 0.0], [2.0, 10.0]]), np.array([1.0, 4.0])
    value = patients.worth(lambda x: x[:, 0] * x[:, 1], row, rows)
    found = value(torch.tensor([[False, False], [True, False], [False, True], [True, True]]))
    assert found.tolist() == [10.0, 5.0, 4.0, 4.0]
    assert shapley.exact(value, 2).sum().item() == pytest.approx(4 - 10)
    score = patients.switched(lambda x: x.sum(1), row, rows)
    assert score(torch.tensor([[1.0, 0.0], [0.0, 0.0]])).tolist() == [1 + 5, 1 + 5]


def test_shapley_of_regions_sums_to_the_log_odds():
    found = lesson_2_2.region_shapley(Corner(), IMAGES[:1], 1)
    assert found.shape == (1, 1, 6, 6)
    assert found[..., :2, :2].unique().item() == pytest.approx(5)
    assert found[..., 2:, :].abs().max() < 1e-6 and found[..., 2:].abs().max() < 1e-6


def test_four_explainers_point_to_the_corner_and_say_so():
    four = lesson_2_2.FourExplainers({"it": Corner()}, IMAGES, torch.tensor([0, 1]))
    assert four.asked("it", 0, "the answer") == 1 and four.asked("it", 0, "the label") == 0
    assert set(four.maps("it", 1, "the answer")) == set(lesson_2_2.EXPLAINERS)
    words = four.words("it", 1, "the answer")
    assert words.count("top left") == 4 and "explained for trouser" in words
    figure = four.draw("it", 0, "the label")
    assert len(figure.axes) == 5 and figure.axes[0].get_title() == "T-shirt, named trouser"
    for found in four.maps("it", 0, "the label").values():
        assert found[0, 0, 0] < 0, "the corner speaks against the other class"


def test_who_needs_gradients_is_found_by_trying():
    rows = list(lesson_2_2.needs(models.load_network("IntegerQuantizedCNN"),
                                 torch.zeros(1, 1, 32, 32)))  # fmt: skip
    found = {row["explanation"]: row["on integers alone"] for row in rows}
    assert found["LIME"] == found["Shapley"] == found["confusion matrix"] == "works"
    assert found["gradient"].startswith("refuses: OnnxNetwork has no gradients")
    assert found["integrated gradients"] == found["gradient"]
    trained = lesson_2_2.needs(models.SimplifiedCNN(), torch.zeros(1, 1, 32, 32))
    assert all(row["on integers alone"] == "works" for row in trained)


def test_bands_are_executed():
    image = torch.ones(2, 1, 8, 8)
    image[1] = 0
    turned = lesson_2_2.bands_that_turn(Corner(), image)
    assert turned.tolist() == [[True, False, False, False], [False] * 4]
    assert (image[0] == 1).all()


class Square(torch.nn.Module):
    """Class 1 wins by the light of the first of 16 squares."""

    def forward(self, images):
        light = images[:, 0, :2, :2].mean((1, 2))
        return torch.stack([1 - light, light], 1)


def test_falls_by_hand():
    images, classes = torch.ones(2, 1, 8, 8), torch.tensor([1, 1])
    scores = torch.zeros(2, 16)
    scores[0, :4], scores[1, 4:8] = 1, 1
    fall = lesson_2_2.falls(Square(), images, classes, scores, 0.0)
    high, low = torch.tensor([0.0, 1.0]).softmax(0)[1], torch.tensor([1.0, 0.0]).softmax(0)[1]
    assert fall.tolist() == pytest.approx([(high - low).item(), 0])
    assert lesson_2_2.falls(Square(), images, classes, scores, 1.0).abs().max() < 1e-6


def test_square_scores_know_what_nothing_means():
    images, classes = torch.full((1, 1, 8, 8), 0.5), torch.tensor([1])
    paints = {"black": 0.0, "same": 0.5}
    scores = lesson_2_2.square_scores(Square(), images, classes, paints)
    assert list(scores)[-1] == "random squares" and len(scores) == 5
    for method in ("integrated gradients", "LIME"):
        assert scores[f"{method}, black"].argmax() == 0
        assert scores[f"{method}, same"].abs().max() < 1e-6


TABLE = pd.DataFrame({"a": np.arange(40.0), "b": np.arange(40.0) % 7})
LABELS = pd.Series((TABLE["a"] > 19).astype(int))


def test_spreads_are_means_and_sample_deviations():
    scores = {"m": [np.array([0.1, 0.2, 0.3]), np.array([1.0, 1.0, 1.0])]}
    assert patients.spreads(scores, columns=("x", "y")) == [
        {"model": "m", "x": "0.200 ± 0.100", "y": "1.000 ± 0.000"}
    ]


def test_resamples():
    trees = patients.Resamples(TABLE, LABELS, row=30, words=("low", "high"))
    assert trees.tell(0, 3).startswith("high, because a > 19.5. (Same")
    assert "100% of rows" in trees.tell(0, 3)
    assert trees.columns(0, 3) == {0} and np.array_equal(trees.answers(0, 3), LABELS)
    one, again = (patients.Resamples(TABLE, LABELS, row=30, words=("low", "high")).tell(4, 2)
                  for _ in range(2))  # fmt: skip
    assert one == again and "a &gt; 19.5" in trees.draw(0, 3)
    drawn = {trees.tree(k, 1).tree_.threshold[0] for k in range(1, 9)}
    assert len(drawn) > 1, "resamples differ"
    said = glassbox.sentence(trees.tree(3, 2), TABLE.to_numpy()[30], names=["a", "b"])
    assert said in trees.tell(3, 2)


def test_figures_draw_what_they_are_given():
    maps = {"one": torch.rand(2, 1, 4, 4) - 0.5, "two": torch.rand(2, 1, 4, 4)}
    figure = figures_2_2.controls(torch.rand(2, 1, 4, 4), maps, rows=["x, y", "z"], title="T")
    assert len(figure.axes) == 6 and figure.axes[1].get_title() == "one"
    bars = figures_2_2.stories(["a", "b"], {"m": [1, -2], "n": [3, 4]}, unit="u", title="T")
    assert [bar.get_width() for bar in bars.axes[0].patches] == [1, -2, 3, 4]
    drawn = np.array([[1.0, -5.0], [2.0, 5.0], [3.0, 1.0]])
    dots = figures_2_2.weights(["a", "b"], drawn, unit="u", title="T")
    steady, crossing = dots.axes[0].lines[1], dots.axes[0].lines[3]
    assert steady.get_color() != crossing.get_color()
    assert list(steady.get_xdata()) == pytest.approx([1.05, 2.95])
    assert "a 1 to 3; b -5 to 5" in figures_2_2.words_for_weights(["a", "b"], drawn)


def test_the_guide_is_complete():
    assert len(guide_2_2.guide()) == len(guide_2_2.GUIDE) >= 4
    assert {row["method"] for row in guide_2_2.methods()} >= {"LIME", "SHAP", "decision tree"}
    assert all(all(row.values()) for row in guide_2_2.guide() + guide_2_2.methods())
