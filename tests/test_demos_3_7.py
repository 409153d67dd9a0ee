"""What lesson 3.7 shows: games to edit, waterfalls, sampling on trial, torn rows, squares."""

import numpy as np
import pytest
import torch

from course_utils import plots, shapley, widgets
from course_utils.demos import figures_3_7 as figures
from course_utils.demos import lesson_3_7 as demo
from course_utils.demos import shuffling, squares, trials, tumours

pytest_plugins = ["stand_ins"]


@pytest.fixture(scope="module")
def cells():
    return tumours.tumours()


@pytest.fixture(scope="module")
def network(cells):
    return tumours.trained(cells.rows, cells.malignant, epochs=60)


# ---- a game to edit

GLOVES = {"A": 0, "B": 0, "C": 0, "AB": 12, "AC": 12, "BC": 0, "ABC": 12}
ALL = {"A_plays": True, "B_plays": True, "C_plays": True}


def test_gains_of_every_order_by_hand():
    players, gains = demo.party(**ALL, **GLOVES)
    assert players == ["A", "B", "C"] and len(gains) == 6
    assert gains["A B C"] == [0, 12, 0] and gains["C B A"] == [12, 0, 0]
    assert demo.words_for_party(**ALL, **GLOVES) == "A gets 8.00, B gets 2.00, C gets 2.00"


def test_who_stays_at_home_gets_nothing_and_the_others_share():
    home = ALL | {"C_plays": False}
    assert demo.party(**home, **GLOVES) == (["A", "B"], {"A B": [0, 12], "B A": [12, 0]})
    nobody = dict.fromkeys(ALL, False)
    assert "nothing to share" in demo.draw_party(**nobody, **GLOVES)
    assert demo.words_for_party(**nobody, **GLOVES) == "Nobody takes part"


def test_the_party_is_drawn_live_from_the_game_of_gloves():
    purses = demo.purses()
    assert {group: purse.value for group, purse in purses.items()} == GLOVES
    live = widgets.live(demo.draw_party, alt=demo.words_for_party, **ALL, **purses)
    assert live.error is None and "A gets 8.00" in live.picture.value
    live.controls["BC"].value = 12
    assert live.error is None and "A gets 4.00, B gets 4.00" in live.picture.value
    live.controls["AB"].value = 0  # some gains are negative now
    assert live.error is None


def test_a_bar_is_as_long_as_the_gain():
    axis = figures.orders({"A B": [1, 5], "B A": [4, 2]}, ["A", "B"], title="t").axes[0]
    widths = [bar.get_width() for bar in axis.patches][:6]
    assert widths == [1, 5, 2, 4, 2.5, 3.5]  # in the order of arrival, then the means


# ---- a row of one's own


def test_the_waterfall_ends_at_the_prediction(cells, network):
    log_odds = tumours.reading(network)
    own = demo.OwnRow(log_odds, {"all": cells.rows[:40], "few": cells.rows[40:60]})
    row = dict(zip(tumours.COLUMNS, cells.held_rows[3].tolist(), strict=True))
    for absent in ("any values", "usual values"):
        values, base = own.shares("few", absent, **row)
        assert base == pytest.approx(log_odds(cells.rows[40:60]).mean().item())
        assert base + values.sum() == pytest.approx(log_odds(cells.held_rows[3:4]).item())
    any_values = own.shares("few", "any values", **row)[0]
    assert not torch.allclose(any_values, values)
    live = widgets.live(own.draw, alt=own.words, background=["all", "few"],
                        absent=["any values", "usual values"],
                        **demo.sliders(cells.rows, cells.held_rows[3]))  # fmt: skip
    assert live.error is None and "benign" in live.picture.value
    live.controls["radius"].value = live.controls["radius"].max
    live.controls["concavity"].value = live.controls["concavity"].max
    live.controls["absent"].value = "usual values"
    assert live.error is None and "malignant" in live.picture.value


def test_a_waterfall_steps_from_the_base_largest_first():
    axis = figures.waterfall(["a", "b"], [1.0, -3.0], 2.0, unit="u", title="t").axes[0]
    bars = [(bar.get_x(), bar.get_width()) for bar in axis.patches]
    assert bars == [(2.0, -3.0), (-1.0, 1.0)]
    assert [bar.get_y() > 0 for bar in axis.patches] == [True, True]
    labels = [text.get_text() for text in axis.get_yticklabels()]
    assert labels == ["background", "b", "a", "this prediction"]
    words = figures.words_for_waterfall(["a", "b"], [1.0, -3.0], 2.0)
    assert words == "From 2.00 to 0.00 in steps: b -3.00, a +1.00"


def test_shares_side_by_side_end_in_their_sum():
    rows = demo.side_by_side({"x": torch.arange(7.0), "y": -torch.ones(7)})
    assert rows[1] == {"measurement": "perimeter", "x": "+1.00", "y": "-1.00"}
    assert rows[-1] == {"measurement": "sum", "x": "+21.00", "y": "-7.00"}


def test_the_controls_cover_all_backgrounds(cells):
    own = demo.OwnRow(tumours.reading(tumours.trained(cells.rows, cells.malignant, epochs=2)),
                      tumours.backgrounds(cells))  # fmt: skip
    found = own.controls(cells.held_rows[6])
    assert found["background"] == ["both kinds", "malignant", "benign"]
    assert [*found][2:] == list(tumours.COLUMNS)
    assert found["radius"].value == pytest.approx(cells.held_rows[6, 0].item(), abs=0.1)


def test_in_arrays_as_the_libraries_call():
    ask = demo.on_arrays(lambda rows: rows.sum(1))
    assert np.array_equal(ask(np.ones((2, 3))), [3.0, 3.0])
    (found,) = demo.in_float32(torch.tensor([[0.1]], dtype=torch.float64))
    assert found.dtype == np.float64 and found[0, 0] == np.float32(0.1)


# ---- tumours


def test_backgrounds_hold_one_kind_each(cells):
    found = tumours.backgrounds(cells, count=50)
    assert [rows.shape for rows in found.values()] == [(50, 7)] * 3
    for kind, label in (("malignant", 1), ("benign", 0)):
        same = (cells.rows[:, None] == found[kind][None]).all(2).any(1)
        assert (cells.malignant[same] == label).all()
    assert 0.2 < cells.malignant[:100].double().mean() < 0.6  # both kinds are mixed


def test_the_tumours_are_split_and_their_columns_named(cells):
    assert cells.rows.shape == (379, 7) and cells.held_rows.shape == (190, 7)
    assert cells.malignant.sum() + cells.held_malignant.sum() == 212
    around = cells.rows[:, 1] / (2 * torch.pi * cells.rows[:, 0])
    assert around.min() > 0.95 and around.max() < 1.15  # a perimeter fits its radius


def test_the_network_learns_and_its_seed_decides(cells, network):
    score = tumours.scorer(network, cells.held_malignant)
    assert score(cells.held_rows.numpy()) > 0.9
    again = tumours.trained(cells.rows, cells.malignant, epochs=60)
    assert torch.equal(again(cells.rows), network(cells.rows))
    log_odds = tumours.reading(network)(cells.held_rows)
    assert log_odds.shape == (190,) and not log_odds.requires_grad
    assert score(cells.held_rows.numpy()) == pytest.approx(
        ((log_odds > 0) == cells.held_malignant.bool()).double().mean().item()
    )


def test_a_column_measured_again_is_nearly_the_same(cells):
    more = tumours.repeated(cells, 3, copies=2)
    assert more.rows.shape == (379, 9) and torch.equal(more.rows[:, :7], cells.rows)
    for rows in (more.rows, more.held_rows):
        r = torch.corrcoef(rows[:, [3, 7, 8]].T)
        assert 0.98 < r.min() < 0.9999
    assert not torch.equal(more.rows[:, 7], more.rows[:, 8])


# ---- shuffling


def test_shuffled_and_the_three_questions(cells, monkeypatch):
    monkeypatch.setattr(shuffling, "trained", lambda *args, seed: tumours.trained(
        *args, seed=seed, epochs=60))  # fmt: skip
    falls = shuffling.shuffled(cells, {"size": [0, 1, 2], "one": [1]}, seeds=2)
    assert falls["size"].shape == (2,) and falls["size"].min() > falls["one"].max()
    answers = shuffling.three_questions(cells, {"one": [1], "size": [0, 1, 2]}, seeds=2)
    assert answers["one"].shape == (3, 2)  # question x network
    assert answers["size"][0].min() > 0.1 > answers["size"][1:].min()
    learners = [tumours.learner(cells, seed=seed) for seed in (0, 1)]
    wanted = [learn([*range(7)]) - learn([0, 2, 3, 4, 5, 6]) for learn in learners]
    assert np.allclose(answers["one"][2], wanted)
    (row,) = shuffling.rows({"one": np.array([[0.01, 0.03], [0.0, 0.0], [-0.02, -0.02]])})
    assert row == {"columns": "one", "shuffled": "2.0 ± 1.4", "what only it tells": "0.0 ± 0.0",
                   "trained without": "-2.0 ± 0.0"}  # fmt: skip
    assert shuffling.lost({"x": np.array([0.01, 0.03])}) == [
        {"columns": "x", "accuracy lost": "2.0 ± 1.0 points"}]  # fmt: skip
    assert shuffling.points(np.array([0.01, 0.03])) == "2.0 ± 1.0 points"


def test_sizes_are_added_before_their_sign_is_dropped():
    shares = torch.zeros(2, 7)
    shares[:, 0], shares[:, 1] = torch.tensor([3.0, -1.0]), torch.tensor([-1.0, -1.0])
    found = shuffling.sizes(shares)
    assert (found["radius"], found["perimeter"], found["the three added"]) == (2, 1, 2)
    falls = {name: np.array([k, 1.0]) for k, name in enumerate(tumours.COLUMNS)}
    assert shuffling.one_by_one(falls).tolist() == [3, 3]


def test_falls_are_drawn_in_points_and_the_control_in_grey():
    found = {"a": [0.01, 0.03], "a + b": [0.2, 0.2], "control: c": [0.05, 0.05]}
    axis = figures.falls(found, title="t").axes[0]
    assert [bar.get_width() for bar in axis.patches] == pytest.approx([2, 20, 5])
    assert [text.get_text() for text in axis.texts] == ["2.0", "20.0", "5.0"]
    (label,) = figures.falls({"a": [0.0001, -0.0005]}, title="t").axes[0].texts
    assert label.get_text() == "0.0"
    from matplotlib.colors import to_hex

    shades = [to_hex(bar.get_facecolor()) for bar in axis.patches]
    assert shades[2] == plots.COLOURS["random"] and shades[1] == plots.COLOURS["shap"].lower()
    assert figures.words_for_falls(found) == "Points lost: a 2.0, a + b 20.0, control: c 5.0"


# ---- trials

WORTH = torch.rand(16, generator=torch.Generator().manual_seed(2)).double()


def game(rows):
    return WORTH[(rows * 2 ** torch.arange(4)).sum(1)]


def test_a_remembered_game_is_asked_once_for_each_coalition():
    asked = []

    def counting(rows):
        asked.append(len(rows))
        return game(rows)

    known = trials.remembered(counting, 4)
    rows = torch.rand(50, 4) < 0.5
    assert torch.equal(known(rows), game(rows)) and asked == [16]


def test_off_compares_with_the_truth():
    truth = shapley.exact(game, 4)
    near, wrong = (trials.off(game, t, 64) for t in (truth, truth + 1))
    assert near.true == pytest.approx(near.reported, rel=0.2) and near.covered > 0.9
    assert wrong.true == pytest.approx(1, rel=0.1) and wrong.covered == 0
    assert wrong.reported == near.reported
    found = trials.measured(game, truth, counts=(4, 16))
    assert list(found) == ["single orders", "pairs"] and list(found["pairs"]) == [4, 16]
    axis = figures.errors(found, title="t").axes[0]
    assert list(axis.lines[0].get_ydata()) == [found["single orders"][m].true for m in (4, 16)]
    assert f"16 orders {found['pairs'][16].true:.3f}" in figures.words_for_errors(found)


def test_fever_is_credited_and_cools_nobody():
    credit, ill, cooled = trials.fever()
    assert credit[1] > credit[0] > 0.5 and ill == cooled and 0.1 < ill < 0.4


def test_all_credit_goes_to_the_one_column_that_is_read(cells):
    rows, background = cells.held_rows[:4], cells.rows[:20]
    torn, whole = trials.credit(lambda x: x[:, 3], rows, background)
    for parts in (torn, whole):
        assert parts == pytest.approx({"texture": 1, "symmetry": 0, "size": 0, "the rest": 0})
    torn, whole = trials.credit(lambda x: x[:, 0] - x[:, 6] + x[:, 5], rows, background)
    assert sum(torn.values()) == pytest.approx(1) and torn["texture"] == 0
    assert torn == pytest.approx(whole) and min(torn["size"], torn["symmetry"]) > 0
    assert trials.split({"x": {"a": 0.25, "b": 0.75}}) == [{"players": "x", "a": "25%", "b": "75%"}]


def test_costs_are_medians_of_real_calls():
    calls = []
    (row,) = trials.costs({"x": lambda: calls.append(1)})
    assert row["explanation"] == "x" and float(row["ms"]) < 50 and len(calls) == 3


# ---- squares


def test_squares_are_read_in_order():
    maps = torch.arange(9.0).view(1, 1, 3, 3).repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert squares.by_square(maps).tolist() == [list(map(float, range(9)))]


def test_above_black_is_the_logit_gained():
    def bright(images):
        return torch.stack([images.sum((1, 2, 3)), -images.sum((1, 2, 3)) + 5], 1)

    found = squares.above_black(bright, torch.ones(2, 1, 2, 2), torch.tensor([0, 1]))
    assert found.tolist() == [4, -4]


def test_random_places_keep_each_images_shares():
    shares = torch.rand(5, 9)
    dealt = squares.in_random_places(shares)
    assert torch.equal(dealt.sort(1).values, shares.sort(1).values)
    assert not torch.equal(dealt, shares)
    assert torch.equal(dealt, squares.in_random_places(shares))


def test_hiding_the_square_that_decides_costs_the_probability():
    def corner(images):  # class 1 by the light of the first square
        light = images[:, 0, :2, :2].mean((1, 2))
        return torch.stack([0 * light, 10 * light], 1)

    images, classes = torch.ones(2, 1, 6, 6), torch.tensor([1, 1])
    first = torch.zeros(2, 9)
    first[:, 0], first[:, 4] = 2, 1
    found = squares.falls(corner, images, classes, first)
    assert found.tolist() == pytest.approx([0.5, 0.5], abs=1e-3)
    assert squares.falls(corner, images, classes, -first).abs().max() == 0


def test_switched_once_is_what_each_square_adds_alone():
    def light(images):  # class 1 by the light of the first square
        return torch.stack([0 * images[:, 0, 0, 0], images[:, 0, 0, 0] + 1], 1)

    found = squares.switched_once(light, torch.ones(2, 1, 6, 6), torch.tensor([1, 1]))
    assert found.tolist() == [[1.0] + [0.0] * 8] * 2
    rivals = squares.rivals(light, torch.ones(2, 1, 6, 6), torch.tensor([1, 1]), found)
    assert list(rivals) == ["highest share", "each off once", "brightest", "random"]
    assert torch.equal(rivals["highest share"], rivals["each off once"])


def test_what_is_behind_is_compared_image_by_image():
    lost = {"a": torch.tensor([1.0, 2.0, 9.0]), "b": torch.tensor([0.5, 1.5, 0.0])}
    first, second = squares.compared(lost, counts=(2, 3))
    assert first == {"hidden": "a", "probability falls by": "4.00 ± 2.52",
                     "behind, 2 images": "", "behind, 3 images": ""}  # fmt: skip
    assert second["behind, 2 images"] == "0.50 ± 0.00"
    assert second["behind, 3 images"].startswith("3.33")


def test_decisions_need_two_errors():
    choices = ("less", "same", "more")
    noise = torch.tensor([1.0, -1.0] * 50)
    assert [squares.decide(noise + by, choices) for by in (-0.5, 0.1, 0.5)] == list(choices)
    assert squares.with_error(noise) == "0.00 ± 0.10"


def test_shares_are_shown_with_words(notebook):
    maps = torch.zeros(2, 1, 6, 6)
    maps[0, 0, 0, 5], maps[1, 0, 3, 3] = 1, 1
    squares.show(torch.rand(2, 1, 6, 6), torch.tensor([0, 9]), maps, torch.rand(5, 9))
    html = notebook[-1]["text/html"]
    assert "T-shirt: highest top right" in html and "middle centre" in html
