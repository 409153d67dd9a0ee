"""Laws of lesson 5.3's helpers: what they choose and count, and their pictures in words."""

import warnings

import matplotlib
import pandas as pd
import pytest
import torch

from course_utils import data, models, plots, search
from course_utils.demos import figures_5_3 as figures
from course_utils.demos import lesson_5_3 as demo
from course_utils.recipes import searched

CHOICES = {"order": "L1", "conv1 kept": 8, "conv2 kept": 16, "fc1 kept": 32, "conv2 zeros": 0.5,
           "fc1 zeros": 0.8, "conv1 bits": 8, "conv2 bits": 4, "fc1 bits": 2,
           "fc2 bits": 3}  # fmt: skip


def row(size, accuracy, agreement, *, held=None, **more):
    held = held or (accuracy, agreement)
    return {"bytes": size, "accuracy": accuracy, "agreement": agreement, "held accuracy": held[0],
            "held agreement": held[1]} | more  # fmt: skip


def studies():
    """Two samplers, two seeds, four trials each; TPE is the better one."""
    rows = []
    for seed in range(2):
        for kind, more in (("TPE", 0.05), ("random", 0.0)):
            for k in range(4):
                aims = row(20_000 + 10_000 * k, 0.82 + 0.02 * k + more, 0.5 + 0.05 * k)
                known = {"sampler": kind, "seed": seed, "trial": k}
                rows.append(known | aims | CHOICES | {"fc1 kept": 16 * (k + 1)})
    return pd.DataFrame(rows)


def test_volumes_grow_and_are_compared_by_seed():
    curves = demo.grown(studies(), [1, 2, 4])
    assert list(curves) == ["TPE", "random"] and len(curves["TPE"]) == 2
    assert all(a < b < c for a, b, c in (*curves["TPE"], *curves["random"]))
    gain, error = demo.ahead(curves)["TPE"]
    assert gain > 0 and error == pytest.approx(0)
    assert "TPE: " in figures.words_for_growth(curves, [1, 2, 4])
    figures.growth(curves, [1, 2, 4], title="t")


def test_nothing_beyond_the_worst_counts():
    rows = pd.DataFrame([{"sampler": "TPE", "seed": 0} | row(300_000, 0.9, 0.9),
                         {"sampler": "TPE", "seed": 0} | row(25_000, 0.9, 0.2)])  # fmt: skip
    assert demo.grown(rows, [2]) == {"TPE": [[0.0]]}
    more = pd.concat([rows, pd.DataFrame([{"sampler": "TPE", "seed": 0} | row(25_000, 0.9, 0.4)])])
    assert demo.grown(more, [3])["TPE"][0][0] == pytest.approx(1 * 0.1 * 0.1)


def test_front_and_what_is_beaten_by_hand():
    rows = pd.DataFrame([row(10, 0.8, 0.5), row(20, 0.7, 0.6, held=(0.9, 0.9)), row(15, 0.8, 0.4)])
    assert list(demo.best(rows)["bytes"]) == [10, 20]
    assert list(demo.best(rows, demo.HELD)["bytes"]) == [10, 20]
    assert list(demo.best(rows, ("bytes", "accuracy"))["bytes"]) == [10]
    assert list(demo.beaten(rows, pd.DataFrame([row(10, 0.85, 0.5)]))) == [True, False, True]


def test_the_smallest_that_reaches_both_by_what_the_search_sees():
    rows = pd.DataFrame([row(10, 0.8, 0.9, held=(0.99, 0.9)), row(20, 0.9, 0.7), row(30, 0.9, 0.9)])
    assert demo.fewest_bytes(rows, accuracy=0.9, agreement=0.8)["bytes"] == 30
    assert demo.fewest_bytes(rows, accuracy=0.9, agreement=0.6)["bytes"] == 20
    with pytest.raises(ValueError, match="no network reaches 95%"):
        demo.fewest_bytes(rows, accuracy=0.95, agreement=0.8)


def test_a_networks_own_trial_is_found():
    table = studies()
    wanted = table[(table.sampler == "random") & (table.seed == 1) & (table.trial == 2)].iloc[0]
    assert demo.of_trial(table, wanted) == wanted.to_dict()


def test_pairs_are_of_the_front_and_what_it_dominates():
    aims = {"A": (20_000, 0.90, 0.6), "far": (27_000, 0.89, 0.6), "B": (24_000, 0.88, 0.5),
            "less": (25_000, 0.86, 0.55), "C": (40_000, 0.93, 0.8), "D": (45_000, 0.92, 0.7),
            "poor": (10_000, 0.84, 0.9), "alone": (9_000, 0.86, 0.3)}  # fmt: skip
    rows = [CHOICES | {"name": name, "fc1 kept": 16 * (k + 1)} | row(*one)
            for k, (name, one) in enumerate(aims.items())]  # fmt: skip
    table = pd.DataFrame([*rows, rows[0] | {"name": "A again"}])
    found = [(one["name"], two["name"]) for one, two in searched.pairs(table, points=2)]
    assert found == [("A", "B"), ("C", "D")]


def test_leads_are_on_the_images_held_back():
    known = [row(10, 0.9, 0.9, held=(0.8, 0.7), name="front 1", kind="front"),
             row(10, 0.8, 0.8, held=(0.85, 0.6), name="runner-up 1", kind="runner-up")]  # fmt: skip
    (one,) = demo.pairs(pd.DataFrame(known)).to_dict("records")
    assert one["accuracy lead"] == pytest.approx(-0.05)
    assert one["agreement lead"] == pytest.approx(0.1) and not one["still dominates"]


def test_stop_comes_in_the_middle_of_one_trial_only():
    study = search.open_study()
    calls = []
    pressed = demo.Pressed(lambda trial: calls.append(trial.number) or (1, 0.5, 0.5), at=2)
    search.run(study, pressed, 5, progress=False)
    assert calls == [0, 1] and set(study.trials[2].params) == set(search.SPACE)
    search.run(study, pressed, 5, progress=False)
    assert calls == [0, 1, 3, 4, 5]


def test_an_objective_without_learning_leaves_the_other_alone():
    whole = models.load_network("SimplifiedCNN")
    objective = search.Objective(whole, updates=1)
    quick = demo.without_learning(objective)
    assert (objective.build.updates, quick.build.updates) == (1, 0)
    plain = search.Builder(whole, updates=0)(CHOICES)
    assert torch.equal(quick.build(CHOICES).fc2.bias, plain.fc2.bias)
    assert not torch.equal(objective.build(CHOICES).fc2.bias, plain.fc2.bias)


def test_twins_are_not_made_smaller():
    rows = [row(10, 0.8, 0.5, name=name, kind=kind) for name, kind in
            (("A", "hand-made"), ("A-twin-2", "hand-made"), ("front 1", "front"))]  # fmt: skip
    assert list(demo.smaller_by_hand(pd.DataFrame(rows)).name) == ["A"]


def test_the_journal_begins_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_HOME", str(tmp_path))
    for name in ("search-5-3.journal", "search-5-3.journal.lock"):
        (tmp_path / name).write_text("old")
    assert not demo.fresh_journal().exists() and not list(tmp_path.glob("search*"))


def test_a_board_shows_each_point_with_its_own_choices(monkeypatch):
    table = studies()
    rows = table[table.sampler == "TPE"].iloc[:2].assign(kind="front")
    images, labels = data.fashion_mnist("validation")
    asked = []

    def kept(place):
        asked.append(place)
        return demo.models.load_network("SimplifiedCNN")

    monkeypatch.setattr(demo, "kept", kept)
    board = demo.Board(images, labels, rows, table)
    assert board.labels.tolist() == list(range(10))
    answers, maps, agreed = board.seen(2)
    assert asked == [2] and torch.allclose(agreed, torch.ones_like(agreed), atol=1e-5)
    assert torch.equal(answers, board.classes) and torch.allclose(maps, board.before, atol=1e-6)
    words = figures.words_for_chosen(board, 2, 1)
    assert "30.0 kB" in words and "fc1 kept 32" in words and "this network says trouser" in words
    with matplotlib.rc_context(), warnings.catch_warnings():
        plots.use_style()  # as in a lesson
        warnings.simplefilter("error")
        assert figures.chosen(board, 2, 1).get_layout_engine() is None  # fixed places
    assert asked == [2]  # known by then


def test_fronts_in_words():
    rows = pd.DataFrame([row(10_000, 0.9, 0.8, name="one")])
    groups = {"all trials": rows, "made by hand": rows}
    assert figures.words_for_fronts(groups) == "made by hand: 10 kB 90.0% agreement 0.80."
    made = figures.fronts(groups, title="t", named=["one"])
    assert [len(axis.texts) for axis in made.axes] == [0, 2]  # named once, where there is room
