"""Lesson 2.2's demos: maps, worths and trees do what their words say."""

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.colors import to_hex

from course_utils import glassbox, models, plots
from course_utils.demos import figures_2_2, guide_2_2, lesson_2_2, patients


class Corner(torch.nn.Module):
    """Class 1 wins by the light of the upper left ninth."""

    def forward(self, images):
        light = images[:, 0, :2, :2].mean((1, 2))
        return torch.stack([0.5 - 2.5 * light, 2.5 * light - 0.5], 1)


IMAGES = torch.ones(2, 1, 6, 6)


def title_of(axis):
    """An axis's title, wherever the style of an earlier test puts it."""
    return axis.get_title() or axis.get_title("left")


def test_the_tables_are_what_they_say():
    table, progress = patients.diabetes()
    assert table.shape == (442, 10) and patients.CHOLESTEROL in table and len(progress) == 442
    assert table["body mass"].between(15, 45).all(), "in its own unit, not scaled"
    cells, malignant = patients.breast_cancer()
    assert cells.shape == (569, 30) and malignant.sum() == 212
    assert cells["worst radius"][malignant == 1].mean() > cells["worst radius"].mean()


def test_a_column_switched_off_has_its_mean():
    rows, row = np.array([[0.0, 0.0], [2.0, 10.0]]), np.array([1.0, 4.0])
    score = patients.switched(lambda x: x.sum(1), row, rows)
    assert score(torch.tensor([[1.0, 0.0], [0.0, 0.0]])).tolist() == [1 + 5, 1 + 5]


def test_shapley_of_regions_sums_to_the_log_odds():
    found = lesson_2_2.region_shapley(Corner(), IMAGES[:1], 1)
    assert found.shape == (1, 1, 6, 6)
    assert found[..., :2, :2].unique().item() == pytest.approx(5)
    assert found[..., 2:, :].abs().max() < 1e-6 and found[..., 2:].abs().max() < 1e-6


def test_four_explainers_point_to_the_corner_and_say_so():
    four = lesson_2_2.FourExplainers({"it": Corner()}, IMAGES, torch.tensor([0, 1]), [1, 0])
    right, mistaken = "trouser, recognised", "T-shirt taken for trouser"
    assert four.choices == {right: 1, mistaken: 0}
    asked = [four.asked("it", mistaken, what) for what in ("the answer", "the label")]
    assert asked == [1, 0]
    assert set(four.maps("it", right, "the answer")) == set(lesson_2_2.EXPLAINERS)
    words = four.words("it", right, "the answer")
    assert words.count("top left") == 4 and "Explained for trouser" in words and right in words
    figure = four.draw("it", mistaken, "the label")
    assert len(figure.axes) == 5 and title_of(figure.axes[0]) == "T-shirt, named trouser"
    for found in four.maps("it", mistaken, "the label").values():
        assert found[0, 0, 0] < 0, "the corner speaks against the other class"


def test_images_of_one_kind_are_counted():
    four = lesson_2_2.FourExplainers(
        {"it": Corner()}, torch.ones(4, 1, 6, 6), torch.tensor([0, 0, 1, 0]), [0, 2, 1, 3]
    )
    name = "T-shirt taken for trouser"
    assert list(four.choices) == [name, "trouser, recognised", f"{name} (2)", f"{name} (3)"]
    assert list(four.choices.values()) == [0, 2, 1, 3]


def test_maps_beside_their_control():
    maps = lesson_2_2.beside_control(
        {"a": Corner(), "b": Corner()}, torch.ones(2, 1, 8, 8), torch.tensor([1, 0])
    )
    assert list(maps) == ["IG, a", "LIME, a", "IG, b", "LIME, b"]
    for found in maps.values():
        assert found[0, 0, 0, 0] > 0 > found[1, 0, 0, 0], "each for its own class"


def test_measurements_select_the_choice():
    mean, error = lesson_2_2.with_error(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    assert mean == 2.5 and error == pytest.approx((5 / 3) ** 0.5 / 2)
    found = [lesson_2_2.decide(x, 0.5, "abc") for x in (-1, -0.5, 0.2, 0.5, 0.6)]
    assert "".join(found) == "abbbc"


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


class Always(torch.nn.Module):
    """Says class 3 whatever it sees."""

    def forward(self, images):
        return torch.eye(10)[3].expand(len(images), 10)


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


def test_painted_holds_every_fall():
    images, classes = torch.full((2, 1, 8, 8), 0.5), torch.tensor([1, 1])
    paints = {"black": 0.0, "white": 1.0}
    found = lesson_2_2.painted(Square(), images, classes, paints)
    scores = lesson_2_2.square_scores(Square(), images, classes, paints)
    assert list(found) == list(scores)
    for name, paint in (("LIME, black", "white"), ("random squares", "black")):
        by_hand = lesson_2_2.falls(Square(), images, classes, scores[name], paints[paint])
        assert torch.equal(found[name][paint], by_hand)
    assert found["LIME, black"]["black"].min() > 0 > found["LIME, black"]["white"].max()
    rows = lesson_2_2.means({"m": {"black": torch.tensor([0.1, 0.2])}})
    assert rows == [{"map, made with": "m", "painted black": "0.15 ± 0.05"}]


def test_who_is_ahead_image_by_image():
    numbers = {"a": ([0.5, 0.7], [0.1, 0.1]), "b": ([0.4, 0.5], [0.3, 0.6]),
               "none": ([0.0, 0.1], [0.0, 0.1])}  # fmt: skip
    fall = {name: {"black": torch.tensor(black), "grey": torch.tensor(grey)}
            for name, (black, grey) in numbers.items()}  # fmt: skip
    assert lesson_2_2.ahead(fall, "a", "b") == pytest.approx([0.15 / 0.05, -0.35 / 0.15])
    assert lesson_2_2.lead(fall, over="none") == pytest.approx(0.05)


def test_a_line_on_pixels_learns_something(monkeypatch):
    images, labels = lesson_2_2.data.fashion_mnist("train", limit=500)
    monkeypatch.setattr(lesson_2_2.data, "fashion_mnist", lambda part, limit: (images, labels))
    line = lesson_2_2.line_on_pixels()
    assert sum(p.numel() for p in line.parameters()) == 1024 * 10 + 10
    right = (line(images).argmax(1) == labels).double().mean().item()
    assert right > 0.4
    nothing = lesson_2_2.price_on_pixels(Always(), images, labels)
    share = (labels == 3).double().mean().item()
    assert nothing.difference == pytest.approx(share - right), "network minus line"
    assert torch.equal(lesson_2_2.line_on_pixels()[1].weight, line[1].weight), "same seed"
    assert not torch.equal(lesson_2_2.line_on_pixels(1)[1].weight, line[1].weight)


TABLE = pd.DataFrame({"a": np.arange(40.0), "b": np.arange(40.0) % 7})
LABELS = pd.Series((TABLE["a"] > 19).astype(int))


def test_spreads_are_means_and_sample_deviations():
    scores = {"m": [np.array([0.1, 0.2, 0.3]), np.array([1.0, 1.0, 1.0])]}
    assert patients.spreads(scores, columns=("x", "y")) == [
        {"model": "m", "x": "0.200 ± 0.100", "y": "1.000 ± 0.000"}
    ]


def test_explained_after_the_fact():
    rows = np.array([[0.0, 0.0], [2.0, 10.0]])
    found = patients.after_the_fact(lambda x: x[:, 0] * x[:, 1], np.array([1.0, 4.0]), rows)
    by_hand = [((5 - 10) + (4 - 4)) / 2, ((4 - 10) + (4 - 5)) / 2]
    assert found["Shapley"].tolist() == pytest.approx(by_hand)
    line = patients.after_the_fact(lambda x: x @ [3.0, -1.0], np.array([1.0, 4.0]), rows)
    for values in line.values():
        assert values.tolist() == pytest.approx([3 * (1 - 1), -1 * (4 - 5)])


def test_largest_contributions_and_their_sum():
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit(TABLE, 2 * TABLE["a"] - TABLE["b"] + 1)
    base, a, b = TABLE["a"] * 2 - TABLE["b"] + 1, TABLE["a"].mean(), TABLE["b"].mean()
    told = patients.largest(model, TABLE, row=3, count=1)
    assert told == f"a {2 * (3 - a):+.1f} … sum {base[3]:+.1f}"
    two = patients.largest(model, TABLE, row=3, count=2)
    assert two.index("a ") < two.index("b ") and f"b {-(3 - b):+.1f}" in two


def test_rounds_are_means_of_unseen_folds():
    from sklearn.dummy import DummyRegressor
    from sklearn.linear_model import LinearRegression

    exact = patients.rounds(LinearRegression(), TABLE, 2 * TABLE["a"] - TABLE["b"])
    assert exact.shape == (3,) and np.allclose(exact, 1)
    assert (patients.rounds(DummyRegressor(), TABLE, TABLE["a"], count=2) <= 0).all()
    line = patients.line_on(TABLE, 2 * TABLE["a"] - TABLE["b"])
    assert np.allclose(line.r2, 1)
    deviations = TABLE.std(ddof=0)
    assert line.weights == pytest.approx({"a": 2 * deviations["a"], "b": -deviations["b"]})


def test_a_line_with_a_column_and_without_it():
    table, progress = patients.diabetes()
    whole, fewer = patients.with_and_without("LDL cholesterol", table, progress)
    by_hand = patients.line_on(table.drop(columns="LDL cholesterol"), progress)
    assert list(fewer.values()) == [
        "without LDL cholesterol", round(by_hand.weights[patients.CHOLESTEROL], 1),
        f"{by_hand.r2.mean():.3f}",
    ]  # fmt: skip
    assert (
        whole["columns"] == "all columns" and len(patients.line_on(table, progress).weights) == 10
    )


def test_contest_is_between_the_same_four(monkeypatch):
    small = patients.diabetes()[0][:60], patients.diabetes()[1][:60]
    tumours = tuple(part[:60] for part in patients.breast_cancer())
    monkeypatch.setattr(patients, "diabetes", lambda: small)
    monkeypatch.setattr(patients, "breast_cancer", lambda: tumours)
    scores = patients.contest()
    assert list(scores) == ["the line", "the tree", "boosting", "the forest"]
    assert all(r.shape == (3,) for pair in scores.values() for r in pair)
    assert np.allclose(scores["the line"][0], patients.line_on(*small).r2)
    assert all(0.5 < pair[1].mean() <= 1 for pair in scores.values()), "accuracies come second"


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
    count, same = trees.reasons(6, depth=2)
    assert count == len({trees.columns(k, 2) for k in range(1, 7)})
    agreed = [np.mean(trees.answers(k, 2) == trees.answers(0, 2)) for k in range(1, 7)]
    assert same == pytest.approx(np.mean(agreed))
    said = glassbox.sentence(trees.tree(3, 2), TABLE.to_numpy()[30], names=["a", "b"])
    assert said in trees.tell(3, 2)


def test_figures_draw_what_they_are_given():
    maps = {"one": torch.rand(2, 1, 4, 4) - 0.5, "two": torch.rand(2, 1, 4, 4)}
    figure = figures_2_2.controls(torch.rand(2, 1, 4, 4), maps, rows=["x, y", "z"], title="T")
    assert len(figure.axes) == 6 and title_of(figure.axes[1]) == "one"
    bars = figures_2_2.stories(["a", "b"], {"m": [1, -2], "n": [3, 4]}, unit="u", title="T",
                               methods=["shap", "lime"])  # fmt: skip
    assert [bar.get_width() for bar in bars.axes[0].patches] == [1, -2, 3, 4]
    shades = [to_hex(bar.get_facecolor()) for bar in bars.axes[0].patches]
    assert shades == [plots.colour(m).lower() for m in ("shap", "shap", "lime", "lime")]
    one = figures_2_2.stories(["a"], {"m": [1]}, methods=["reference"], unit="u", title="T")
    assert bars.legends and not one.legends
    words = figures_2_2.words_for_stories(["a", "b"], {"m": [1, -2], "n": [3, 4]})
    assert words == "m: a 1, b -2; n: a 3, b 4"
    drawn = np.array([[1.0, -5.0], [2.0, 5.0], [3.0, 1.0]])
    dots = figures_2_2.weights(["a", "b"], drawn, unit="u", title="T")
    steady, crossing = dots.axes[0].lines[1], dots.axes[0].lines[3]
    assert steady.get_color() == plots.colour("reference")
    assert crossing.get_color() == plots.colour("random")
    assert list(steady.get_xdata()) == pytest.approx([1.05, 2.95])
    assert "a 1 to 3; b -5 to 5" in figures_2_2.words_for_weights(["a", "b"], drawn)


def test_the_guide_is_complete():
    assert len(guide_2_2.guide()) == len(guide_2_2.GUIDE) >= 4
    assert {row["method"] for row in guide_2_2.methods()} >= {"LIME", "SHAP", "decision tree"}
    assert all(all(row.values()) for row in guide_2_2.guide() + guide_2_2.methods())
