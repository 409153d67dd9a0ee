"""Lesson 3.6's demos: runs of LIME, the package `lime` as it is called, traps and figures."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from torch import nn

from course_utils import surrogate
from course_utils.demos import (
    figures_3_6,
    lime_against,
    lime_package,
    lime_runs,
    lime_traps,
)
from course_utils.demos import lesson_3_6 as demo

pytest_plugins = ["stand_ins"]
LINE = demo.Setting(4, samples=60, log_odds=True, merged=True)


class Corners(nn.Module):
    """Two classes; log-odds 4 · (upper left - lower right) + bend · (upper left · lower right)."""

    def __init__(self, bend=0.0):
        super().__init__()
        self.bend, self.asked = bend, 0

    def forward(self, images):
        self.asked += len(images)
        half = images.shape[-1] // 2
        one, two = images[:, 0, :half, :half].mean((1, 2)), images[:, 0, half:, half:].mean((1, 2))
        odds = 4 * (one - two) + self.bend * one * two
        return torch.stack([odds, torch.zeros_like(odds)], 1)


@pytest.fixture
def images():
    return torch.rand(3, 1, 32, 32, generator=torch.Generator().manual_seed(0)) * 0.8 + 0.2


@pytest.fixture
def reader():
    texts = ["The good film", "the bad film", "very good", "very bad", "good good plot", "bad plot"]
    return make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts, [1, 0, 1, 0, 1, 0])


def runs(images, bend=0.0, **options):
    return demo.Runs(Corners(bend), images, torch.zeros(len(images), dtype=torch.long), **options)


# ---- text


def test_written_in_counts_words_and_knows_none_that_is_new(reader):
    found = demo.written_in(reader, "Good plot, good gnu")
    weights, places = reader[-1].coef_[0], reader[0].vocabulary_
    expected = [2 * weights[places["good"]], weights[places["plot"]], 0]
    assert found.tolist() == pytest.approx(expected)


def test_recovered_finds_the_line_and_not_the_control(reader):
    found, error = demo.recovered(reader, ["very good film and bad plot", "the good plot"])
    assert list(found) == ["probability", "log-odds", "random order"]
    assert (found["log-odds"] > 0.95).all() and error < 0.01
    assert found["random order"].min() < 0.95


# ---- runs


def test_runs_are_the_packages_lime(images):
    setting = demo.Setting(4, samples=80, log_odds=True, width=0.4)
    mine = runs(images).line(1, setting, seed=3).weights
    grid = surrogate.grid_segments(32, 32, 4)
    theirs = surrogate.lime(Corners(), images[1:2], 0, segments=grid, log_odds=True, samples=80,
                            kernel_width=0.4, seed=3)[0, 0]  # fmt: skip
    assert torch.allclose(mine[grid].float(), theirs, atol=1e-6)


def test_each_masked_image_is_asked_once(images):
    some = runs(images)
    for samples in (60, 100, 80):
        some.line(0, demo.Setting(4, samples=samples), 0)
        some.line(0, demo.Setting(4, samples=samples, log_odds=True, width=1.0), 0)
    assert some.network.asked == 100
    some.line(0, demo.Setting(4, samples=60), 1)
    some.line(1, demo.Setting(4, samples=60), 0)
    assert some.network.asked == 220
    once = runs(images).line(0, demo.Setting(4, samples=100)).weights
    assert torch.allclose(some.line(0, demo.Setting(4, samples=100)).weights, once)


def test_a_line_is_steady_and_a_bend_is_not(images):
    setting = demo.Setting(4, samples=40, log_odds=True)
    chances = runs(images).by_chance(setting)
    straight, bent = (runs(images, bend).agreement(setting) for bend in (0.0, 40.0))
    assert straight.shape == (3,) and (straight > bent).all()
    assert chances.mean() < 0.7
    own, fresh = runs(images).fits(setting)
    assert (own > 0.999).all() and (fresh > 0.999).all()
    own, fresh = runs(images, 40.0).fits(demo.Setting(4, samples=20))
    assert (own > fresh + 0.1).all()


def test_agreement_compares_each_pair_of_seeds(images):
    setting = demo.Setting(4, samples=40)
    some = runs(images, 40.0)
    lines = [some.line(2, setting, seed).weights for seed in (0, 1, 2)]
    pairs = [lime_runs.alike(lines[a], lines[b]) for a, b in ((0, 1), (0, 2), (1, 2))]
    assert some.agreement(setting)[2].item() == pytest.approx(np.mean(pairs))


def test_the_blank_segment_is_not_ranked(images):
    dark = images.clone()
    dark[0, :, :, 16:] = 0
    setting = demo.Setting(4, samples=60, merged=True)
    some = runs(dark)
    assert len(some.ranked(0, setting)) == 8 and len(some.line(0, setting).weights) == 9
    assert len(some.ranked(1, setting)) == 16  # nothing is blank there
    assert len(some.ranked(0, setting._replace(merged=False))) == 16


def test_r2_by_hand():
    scores, weight = torch.tensor([0.0, 1.0, 2.0]), torch.ones(3)
    assert lime_runs.r2(scores, scores, weight) == 1
    assert lime_runs.r2(scores, torch.ones(3), weight) == 0
    assert lime_runs.r2(scores, 2 - scores, weight) == -3
    assert lime_runs.r2(scores, torch.tensor([0.0, 1.0, 9.0]), torch.tensor([1.0, 1, 0])) == 1


def test_the_ladder_changes_one_thing_at_a_time():
    rungs = list(demo.LADDER.values())
    for before, after in pairwise(rungs):
        assert sum(a != b for a, b in zip(before, after, strict=True)) == 1
    assert rungs[0] == demo.Setting(7, 500, False, False, 0.25)


def test_steps_are_paired():
    found = {"a": torch.tensor([1.0, 2.0]), "b": torch.tensor([2.0, 2.0]), "c": torch.zeros(2)}
    assert {k: v.tolist() for k, v in demo.steps(found).items()} == {"b": [1, 0], "c": [-2, -2]}


def test_in_squares_paints_each_score():
    grid = surrogate.grid_segments(32, 32, 4)
    found = demo.in_squares({"a": torch.arange(32.0).reshape(2, 16)}, grid)["a"]
    assert found.shape == (2, 1, 32, 32)
    assert found[1, 0, 0, 0] == 16 and found[1, 0, -1, -1] == 31


def test_clear_counts_standard_errors():
    values = torch.tensor([1.0, 2.0, 3.0])  # mean 2, error 1 / √3
    assert demo.clear(values, 3) and not demo.clear(values, 3.5) and not demo.clear(-values, 0)


def test_standing_in_words():
    own = torch.tensor([0.9, 0.8])
    for fresh, words in (([0.9, 0.8], "about"), ([0.5, 0.5], "half"), ([-3.0, -4.0], "worse")):
        assert demo.standing(own, torch.tensor(fresh)).startswith(words)
    assert demo.standing(own, torch.tensor([-9.0, 2.0])).startswith("half")  # not most of them
    one_rules = torch.tensor([-40.0, -0.3, -0.2, 0.1])  # its mean is within two errors of 0
    assert demo.standing(own, one_rules).startswith("worse")
    assert demo.standing(own, torch.tensor([-90.0, 0.9, 0.8])).startswith("half")
    (row,) = demo.fit_rows({"x": (own, one_rules)})
    assert row["line"] == "x" and row["fresh below 0"] == "3 of 4"


def test_filled_leaves_out_what_is_empty(images):
    dark = images.clone()
    dark[0, :, :, 16:] = 0
    some, setting = runs(dark, 40.0), demo.Setting(4, samples=60)
    left = [0, 1, 4, 5, 8, 9, 12, 13]
    assert torch.equal(some.filled(0, setting), some.line(0, setting).weights[left])
    assert torch.equal(some.filled(1, setting), some.line(1, setting).weights)
    assert torch.allclose(some.agreement(setting, filled=True)[1:], some.agreement(setting)[1:])


def test_the_widget_draws_and_speaks(images, no_widgets):
    two = demo.TwoRuns(runs(images, 40.0), demo.named([0, 9, 0]))
    assert two.choices == {"T-shirt": 0, "ankle boot": 1}
    controls = {"image": "ankle boot", "explain": "log-odds", "squares": 4, "samples": 60,
                "width": 0.25, "empty": True}  # fmt: skip
    maps, rho, (own, fresh, count) = two.measured(**controls)
    assert len(maps) == 3 and maps[0].shape == (32, 32)
    assert torch.equal(maps[0].unique(), maps[2].unique())
    assert all(f"{x:.2f}" in two.words(**controls) for x in (rho, own, fresh))
    line, (masks, scores, near) = (two.runs.line(1, LINE), two.runs.samples(1, LINE, 1))
    assert own == line.fit and count == line.effective and fresh < own
    assert fresh == lime_runs.r2(scores, line.intercept + masks @ line.weights, near)
    assert len(two.draw(**controls).axes) == 4


# ---- the package lime


def test_the_library_goes_on_with_its_bars_afterwards():
    from lime import lime_image

    bars = lime_image.tqdm
    with pytest.raises(RuntimeError), lime_package.without_bars():
        assert lime_image.tqdm is not bars
        raise RuntimeError
    assert lime_image.tqdm is bars


def test_in_order_fills_what_is_left_out():
    class Told:
        local_exp, top_labels = {7: [(2, 0.5), (0, -1.0)]}, [7]

    assert lime_package.in_order(Told, 4).tolist() == [-1, 0, 0.5, 0]
    Told.local_exp = {0: [(0, 1.0)], 1: [(0, -1.0)]}
    assert lime_package.in_order(Told, 1).tolist() == [-1]
    assert lime_package.in_order(Told, 1, label=0).tolist() == [1]


def test_waits_are_medians_of_each_way():
    calls = []
    rows = lime_package.waits({"x": {"a": lambda: calls.append("a"),
                                     "b": lambda: calls.append("b")}}, runs=2)  # fmt: skip
    assert calls == ["a", "b"] * 3
    assert list(rows[0]) == ["explained", "a (ms)", "b (ms)"] and rows[0]["a (ms)"] >= 0


def test_images_traps_are_measured(images):
    rows = lime_traps.images(Corners(3.0), images[:2])
    assert [row["instead"] for row in rows] == [
        "your own segments", "hide_color=0", "random_state=0 in the explainer",
        "one class at a time",
    ]  # fmt: skip


def test_texts_traps_are_measured(reader):
    long = ["The plot of the film was very good and very bad was the end of it"]
    rows = lime_traps.texts(reader, long)
    assert rows[0]["what came"].startswith("10 of 11")
    assert "“The”" in rows[1]["what came"] and "“the”" in rows[1]["what came"]
    assert lime_traps.twice_written(reader, [*long, "Good is good"]) == ("Good is good", "good")


def test_tables_traps_and_two_patients():
    chance = np.random.default_rng(0)
    rows = chance.normal(size=(80, 3)) + [0, 5, 1.5]
    rows[:, 2] = 1 + (rows[:, 2] > 1.5)
    names = ["age", "total cholesterol", "sex"]
    model = LinearRegression().fit(rows, rows @ [1.0, -6.0, 2.0])
    found = lime_traps.tables(model.predict, rows[rows[:, 1].argmin()], rows, names)
    assert found[0]["what came"].endswith("the slope is -6")
    assert found[0]["what came"].startswith("“total cholesterol <=")
    assert "adds +" in found[0]["what came"]
    assert "cholesterol +6" in found[1]["what came"] and "sex <=" in found[2]["what came"]

    def curved(some):
        return some[:, 0] ** 2 + some[:, 1]

    told = lime_against.two_patients(curved, rows[:3], rows, {"around": {
        "sample_around_instance": True}})  # fmt: skip
    assert [row["explainer"] for row in told] == ["around", "ours: slopes, half a spread"]
    assert all(row["R²"] > 0.5 for row in told)


def test_near_is_one_for_the_true_slopes():
    row, spread = np.zeros(2), np.array([1.0, 10.0])

    def line(rows):
        return rows @ [3.0, 0.2]

    assert lime_against.near(line, row, np.array([3.0, 2.0]), spread) == pytest.approx(1)
    assert lime_against.near(line, row, np.array([-3.0, -2.0]), spread) == pytest.approx(-3)


def test_painted_out_ranks_by_each_map(images):
    classes = torch.zeros(3, dtype=torch.long)
    scores = lime_against.square_scores(Corners(), images, classes)
    by_paint = lime_against.painted_out(Corners(), images, classes, scores)
    assert list(by_paint) == ["black", "a piece of another image"]
    fall = by_paint["black"]
    assert [kind.partition(",")[0] for kind in fall] == [
        "LIME", "each square off once", "brightness", "at random",
    ]  # fmt: skip
    best, once, _, chance = fall.values()
    assert (best >= chance).all() and best.min() > 0.2
    assert torch.allclose(best, once)  # on a line, one at a time is enough
    rows = demo.fall_rows(by_paint)
    assert len(rows) == 4 and rows[0]["black"] == demo.told(best)


def test_a_square_filled_with_itself_changes_nothing(images):
    classes, scores = torch.zeros(3, dtype=torch.long), torch.arange(48.0).reshape(3, 16)
    assert lime_against.falls(Corners(), images, classes, scores, images).abs().max() == 0
    assert lime_against.highest(scores)[0].nonzero().flatten().tolist() == [12, 13, 14, 15]


def test_the_librarys_line_is_ours(images):
    grid = surrogate.grid_segments(32, 32, 4)
    assert lime_against.gap_to_library(Corners(9.0), images[0], 0, grid) < 1e-6


def test_blamed_counts_the_columns():
    import pandas

    chance = np.random.default_rng(0)
    table = pandas.DataFrame(chance.normal(size=(40, 3)), columns=["a", "b", "c"])
    found = lime_against.blamed(lambda rows: 9 * rows[:, 1], table)
    assert found == {"ours": "b 30 of 30", "library": "b 10 of 10"}


# ---- figures


def test_figures_draw_and_speak(images):
    bars = {"true weight": [1.0, -2.0], "LIME": [0.9, -2.1], "random order": [-2.0, 1.0]}
    assert len(figures_3_6.words(["good", "bad"], bars, title="t").axes) == 3
    assert "bad -2.00" in figures_3_6.words_for_words(["good", "bad"], bars)
    made = figures_3_6.maps(images, {"a": images, "b": -images}, title="t")
    assert len(made.axes) == 9
    ladder = {"plain": torch.tensor([0.5, 0.7]), "control": torch.tensor([0.0, 0.1])}
    axis = figures_3_6.ladder(ladder, title="t").axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["plain", "control"]
    assert "plain 0.60" in figures_3_6.words_for_ladder(ladder)
