"""Laws of lesson 5.5's helpers: tables, what is read, other worlds, the desk, films."""

import base64
import re
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from course_utils.control import physics, policy, tree, viper
from course_utils.demos import figures_5_5 as figures
from course_utils.demos import lesson_5_5 as demo
from course_utils.demos import pole_desk, pole_film
from course_utils.recipes import control

LEAN = policy.linear((0, 0, 1, 0.5))
SMALL = tree.Tree((
    tree.Node(3, 0.0, 1, 2), tree.Node(2, 0.03, 3, 4), tree.Node(2, -0.03, 5, 6),
    *(tree.Node(action=k) for k in (0, 1, 0, 1)),
))  # fmt: skip
"""Four leaves: turn decides which way to lean, then the angle."""


@pytest.fixture(scope="module")
def network():
    return policy.cross_entropy(1, generations=8, tried=32, kept=6, episodes=2).network


def table():
    rows = [{"seed": seed, "way": way, "leaves": leaves, "fidelity": 0.8 + seed / 100,
             "reach 500": seed / 10, "steps": 400.0, "reach 5000": 0.1, "long": 1000.0 + seed,
             "tree": SMALL.edited(0, threshold=float(seed)).text()}
            for seed in (1, 0) for way in ("cloned", "VIPER", "margin")
            for leaves in (3, 6)]  # fmt: skip
    return pd.DataFrame(rows)


def test_trees_come_back_in_the_teachers_order():
    found = demo.trees(table(), way="VIPER", leaves=6)
    assert [one.nodes[0].threshold for one in found] == [0.0, 1.0]
    assert found[0] == SMALL
    rows = demo.ways(table())
    assert [row["way"] for row in rows] == ["cloned", "VIPER", "margin"]
    assert rows[0]["reach 500"] == "0 · 10 %" and rows[0]["fidelity"] == "80 · 81 %"


def test_in_gymnasium_as_in_our_physics():
    ours = physics.run(LEAN, physics.starts(3, seed=4), steps=60).steps.tolist()
    assert demo.in_gymnasium(LEAN, seeds=range(4, 7), steps=60) == ours
    quick = physics.run(policy.constant(0), physics.starts(3, seed=4)).steps.tolist()
    assert demo.in_gymnasium(policy.constant(0), seeds=range(4, 7)) == quick


def test_off_track_counts_the_ends_by_what_ended_them():
    begun = physics.starts(4, seed=0)
    assert demo.off_track(policy.constant(1), begun) == 0
    assert demo.off_track(LEAN, begun, steps=50) == 0
    begun[0] = 2.39, 1.5, 0, 0
    assert demo.off_track(policy.constant(1), begun) == 0.25
    assert demo.off_track(LEAN, begun, steps=50) == 1


def test_what_is_not_read_counts_nothing():
    states = np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32)
    angle = policy.linear((0, 0, 1, 0))
    shares = demo.permuted(angle, states)
    assert shares[2] == pytest.approx(0.5, abs=0.1) and shares[[0, 1, 3]].tolist() == [0, 0, 0]
    lost = demo.blinded(LEAN, physics.starts(5, seed=0))
    assert lost[:2].tolist() == [0, 0] and lost[2] > 0.5 and lost[3] > 0.8


def test_attributed_is_exact_for_a_line(network):
    numbers = np.zeros(policy.SIZE)
    numbers[[2 * 16, 3 * 16]] = 1e-3, 3e-3  # so small that tanh is straight
    numbers[5 * 16], numbers[5 * 16 + 1] = -1, 1
    states = np.ones((10, 4), dtype=np.float32)
    found = demo.attributed(policy.network(numbers), states)
    assert found == pytest.approx([0, 0, 0.25, 0.75], abs=1e-4)


def test_blind_to_one_column_only():
    seen = []
    demo._without(lambda states: seen.append(states) or LEAN(states), 1)(np.ones((2, 4)))
    assert seen[0].tolist() == [[1, 0, 1, 1]] * 2


def test_other_worlds_change_what_they_say():
    assert demo.CHANGES["pole, m"][0](2.0) == physics.World(length=1.0)
    assert demo.CHANGES["push, N"][0](20.0) == physics.World(force=20.0)
    found = demo.worlds({"one line": [LEAN, policy.constant(0)]}, episodes=2)
    assert found["pole, m"]["one line"][1] == [1.0, 0.0]
    assert len(figures.worlds(found, title="a").axes) == 2
    assert "pole, m, one line: 0.25" in figures.words_for_worlds(found)


def test_costs_name_each_policy_and_count_the_bytes(network):
    found = demo.costs(network, {"tree": SMALL})
    assert set(found) == {"network", "network in numpy", "tree", *demo.LINES}
    assert found["tree"]["bytes"] == len(SMALL.code(digits=4)) < found["network"]["bytes"]
    assert found["network"]["bytes"] > 4 * policy.SIZE
    assert all(row["time"] > 0 for row in found.values())
    for code, weights in zip(demo.LINES.values(), [(0, 0, 1, 0.5), (0.05, 0.1, 1, 0.5)]):
        act = demo._function(code)
        for state in np.random.default_rng(0).normal(size=(20, 4)):
            assert act(*state) == policy.linear(weights)(state[None])[0]


def test_the_desk_edits_what_its_controls_say(network):
    desk = pole_desk.Desk(SMALL, network, episodes=6)
    values = {name: control.value for name, control in desk.controls().items()}
    assert desk.edited(values) == SMALL
    assert desk.edited(values | {"threshold_3": 0.01}) == SMALL.edited(2, threshold=0.01)
    turned = desk.edited(values | {"turn_round": 1})
    assert turned == SMALL.edited(SMALL.leaves[1], action=0)
    assert "6 of 6 starts reach 500 steps" in desk.found(values)
    assert "0 of 6 starts reach 500" in desk.words(**values | {"turn_round": 1, "start": 2})
    assert "data:image/svg+xml" in desk.draw(**values)


def test_an_untouched_slider_keeps_the_exact_threshold(network):
    fine = SMALL.edited(1, threshold=0.0301234567)
    desk = pole_desk.Desk(fine, network, episodes=2)
    values = {name: control.value for name, control in desk.controls().items()}
    assert desk.edited(values) == fine


# ---- films


def svgs(film):
    """The drawing for those who asked for less motion, and the one that moves."""
    codes = re.findall(r"base64,([^\"]+)", film)
    return [base64.b64decode(code).decode() for code in codes]


def test_a_film_is_valid_moves_and_stands_still_at_its_end():
    states, fell = pole_film.episode(LEAN, physics.starts(1, seed=0)[0], steps=150)
    assert len(states) == 151 and not fell
    film = pole_film.film(states, fell=fell, caption="a < b")
    still, drawing = svgs(film)
    ET.fromstring(drawing)
    assert '<source media="(prefers-reduced-motion: reduce)" srcset=' in film
    assert re.sub("<style>.*</style>", "<style></style>", drawing) == still
    assert "a &lt; b" in drawing and "<style></style>" not in drawing
    assert drawing.count("@keyframes") == 3 and "animation:cart 3.02s linear 2" in drawing
    last = pole_film._across(states[-1, 0])
    assert f'class="cart" transform="translate({last:.1f} 0)"' in drawing
    assert f"100.00%{{transform:translateX({last:.1f}px)}}" in drawing
    assert "http" not in drawing.replace("http://www.w3.org/2000/svg", "")


def test_a_film_tells_how_it_ended():
    states, fell = pole_film.episode(policy.constant(1), physics.starts(1, seed=0)[0])
    assert fell and physics.fallen(states[-1:])[0] and not physics.fallen(states[:-1]).any()
    words = pole_film.words(states, fell=fell)
    assert words.startswith(f"A pole on a cart for {len(states) - 1} steps; then the pole falls.")
    assert "animation:cart 2.00s" in svgs(pole_film.film(states, fell=fell))[1]
    off = np.zeros((5, 4))
    off[-1, 0] = 2.41
    assert "the cart leaves the track" in pole_film.words(off, fell=True)
    assert "for 4 steps; then it stands" in pole_film.words(off, fell=False)
    assert f'alt="{words}"' in pole_film.film(states, fell=fell)


# ---- figures


def test_the_tree_is_drawn_as_it_is_asked():
    made = figures.tree(SMALL, title="a", share={3: 0.25})
    texts = {text.get_text(): text.get_position() for text in made.axes[0].texts}
    assert texts["turn ≤ 0 rad/s?"] == (1.5, 0.0)
    assert texts["angle ≤ 0.03 rad?"] == (0.5, -1.0)
    assert texts["left\n25%"] == (0.0, -2.0)
    words = figures.words_for_tree(SMALL)
    assert words.startswith("if turn is at most 0: [if angle is at most 0.03: [left], else [right]")


def test_figures_are_drawn_and_told():
    some = table()
    assert len(figures.by_leaves(some, title="a").axes) == 2
    assert "VIPER, reach 500 and 5,000 steps: 3 leaves 5% and 10%" in figures.words_for_leaves(some)
    assert len(figures.fidelity(some, title="b").axes[0].get_lines()) == 3
    assert "margin of teacher 0: fidelity 80%, 1000 steps" in figures.words_for_fidelity(some)
    by = {"a": [0.1, 0.2, 0.3, 0.4], "b": [0, 0, 0, 1]}
    assert len(figures.bars(by, title="c", unit="share").axes[0].patches) == 8
    assert "b: x 0%, speed 0%, angle 0%, turn 100%" in figures.words_for_bars(by)


# ---- the recipe


def test_trees_by_lot_have_their_leaves_and_are_by_lot():
    states, draw = np.random.default_rng(0).normal(size=(50, 4)), np.random.default_rng(1)
    made = [control.by_lot(states, draw, leaves=6) for _ in range(20)]
    assert {len(one.leaves) for one in made} == {6} and len(set(made)) == 20
    asked = {one.nodes[q].column for one in made for q in one.questions}
    assert asked == {0, 1, 2, 3}
    acts = [one.nodes[leaf].action for one in made for leaf in one.leaves]
    assert 0.3 < np.mean(acts) < 0.7


def test_the_study_judges_what_validation_chose(monkeypatch):
    wrong = SMALL.edited(3, action=1)
    monkeypatch.setattr(control, "SEEDS", [1])
    plain = policy.Trained(policy.network(np.ones(policy.SIZE)), [])
    monkeypatch.setattr(control.policy, "cross_entropy", lambda seed: plain)
    choose = viper.choose
    monkeypatch.setattr(viper, "choose", lambda trees: choose(trees, limit=550))
    monkeypatch.setattr(control, "judged", lambda acting: {"reach 500": acting == SMALL})
    few = [("cloned", 6, [wrong]), ("VIPER", 6, [wrong, SMALL]), ("VIPER", 8, [wrong])]
    monkeypatch.setattr(control, "candidates", lambda network, seed: iter(few))
    rows = control.study()
    assert [row["way"] for row in rows] == ["network", "cloned", "VIPER", "VIPER", "VIPER, up to 6"]
    assert [row["reach 500"] for row in rows] == [False, False, True, False, True]
    assert rows[-1]["leaves"] == 4 and tree.read(rows[2]["tree"]) == SMALL
