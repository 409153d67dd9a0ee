"""Laws of the control room: physics beside gymnasium, policies, trees, VIPER."""

import numpy as np
import pytest
import torch
from sklearn.tree import DecisionTreeClassifier

from course_utils.control import physics, policy, tree, viper

LEAN = policy.linear((0, 0, 1, 0.5))
"""The one-line rule: it balances."""


@pytest.fixture(scope="module")
def network():
    """A quickly trained policy, good for some hundred steps at least."""
    return policy.cross_entropy(1, generations=8, tried=32, kept=6, episodes=2).network


@pytest.fixture
def some():
    """States all over the track, some beyond its ends, and actions."""
    draw = np.random.default_rng(0)
    return draw.uniform(-1, 1, (300, 4)) * (2.6, 3, 0.25, 3), draw.integers(0, 2, 300)


# ---- physics


def environment():
    import gymnasium

    return gymnasium.make("CartPole-v1").unwrapped


def test_a_step_is_gymnasiums(some):
    theirs = environment()
    states, actions = some
    ours = physics.step(states, actions)
    for before, action, after in zip(states, actions, ours):
        theirs.reset(seed=0)
        theirs.state = before.copy()
        _, _, ended, _, _ = theirs.step(int(action))
        assert np.abs(theirs.state - after).max() < 1e-12
        assert ended == physics.fallen(after[None])[0]


def test_other_worlds_are_gymnasiums_with_its_numbers_changed(some):
    theirs, world = environment(), physics.World(length=1.3, force=6.0, pole=0.4, cart=2.0)
    theirs.length, theirs.force_mag, theirs.masspole, theirs.masscart = 1.3, 6.0, 0.4, 2.0
    theirs.total_mass, theirs.polemass_length = 2.4, 0.4 * 1.3
    for before, action in zip(some[0][:50], some[1]):
        theirs.reset(seed=0)
        theirs.state = before.copy()
        theirs.step(int(action))
        after = physics.step(before[None], action[None], world)[0]
        assert np.abs(theirs.state - after).max() < 1e-12


@pytest.mark.parametrize("acting", [LEAN, policy.constant(1), policy.linear((0.3, 0, 1, 0.1))])
def test_episodes_are_gymnasiums(acting):
    theirs, begun = environment(), physics.starts(4, seed=7)
    found = physics.run(acting, begun, steps=200)
    for seed, lasted in enumerate(found.steps, 7):
        seen, _ = theirs.reset(seed=seed)
        assert np.array_equal(theirs.state, begun[seed - 7])
        ended, time = False, 0
        while time < 200 and not ended:
            seen, _, ended, _, _ = theirs.step(int(acting(seen[None])[0]))
            time += 1
        assert time == lasted


def test_run_records_what_was_met_and_stands_still_after_a_fall():
    begun = physics.starts(3, seed=0)
    begun[1, 2] = -0.2
    found = physics.run(policy.constant(1), begun, record=True)
    assert (found.steps < 15).all() and found.steps[1] < found.steps[0]
    assert np.array_equal(found.states[0], begun) and len(found.states) == max(found.steps)
    assert (found.actions == 1).all() and np.array_equal(found.lived().sum(0), found.steps)
    fell = found.steps[1]
    assert not physics.fallen(found.states[fell - 1])[1] and physics.fallen(found.states[fell])[1]
    assert np.array_equal(found.states[fell, 1], found.states[-1, 1])


def test_run_leaves_the_starts_alone_and_names_a_lone_state():
    begun = physics.starts(2, seed=0)
    before = begun.copy()
    assert physics.run(LEAN, begun, steps=9).steps.tolist() == [9, 9]
    assert np.array_equal(begun, before)
    with pytest.raises(ValueError, match=r"shape \(4,\). Did you mean starts\[None\]"):
        physics.run(LEAN, begun[0])


def test_policies_see_what_gymnasium_shows():
    seen = []
    physics.run(lambda states: seen.append(states) or np.zeros(2), physics.starts(2, seed=0))
    assert all(states.dtype == np.float32 for states in seen)


# ---- policies


def test_training_raises_the_score_and_repeats_itself(network):
    again = policy.cross_entropy(1, generations=8, tried=32, kept=6, episodes=2)
    assert again.scores[-1] > 5 * again.scores[0]
    for one, other in zip(network.parameters(), again.network.parameters()):
        assert torch.equal(one, other)
    other = policy.cross_entropy(2, generations=1, tried=8, kept=2, episodes=1)
    assert not torch.equal(other.network[0].weight, network[0].weight)
    with pytest.raises(ValueError, match="kept must be from 2 to tried - 1 = 63; got 64"):
        policy.cross_entropy(0, kept=64)


def test_a_crowd_acts_as_its_networks_do(some):
    vectors = np.random.default_rng(1).normal(size=(3, policy.SIZE)).astype(np.float32)
    states = some[0].astype(np.float32)
    together = policy.crowd(vectors)(states).reshape(3, 100)
    for row, numbers in enumerate(vectors):
        alone = policy.acting(policy.network(numbers))(states[100 * row : 100 * (row + 1)])
        assert np.array_equal(alone, together[row])


def test_the_score_is_steps_less_the_way_off_the_middle():
    states = np.zeros((3, 2, 4))
    states[:, 0, 0], states[:, 1, 0] = [1, -2, 0], [0, 0, 50]
    found = physics.Episodes(np.array([3, 2]), states, np.zeros((3, 2)))
    assert policy.rewards(found).tolist() == pytest.approx([3 - 0.3 * 3, 2])


def test_scores_and_actions(network, some):
    states = some[0].astype(np.float32)
    left, right = policy.scores(network, states).T
    assert np.array_equal(policy.acting(network)(states), right > left)
    assert sum(p.numel() for p in network.parameters()) == policy.SIZE
    with pytest.raises(ValueError, match="114 in a row"):
        policy.network(np.zeros(113))
    with pytest.raises(ValueError, match="four numbers"):
        policy.linear((1, 2))


# ---- trees


@pytest.fixture(scope="module")
def grown():
    states = physics.run(LEAN, physics.starts(10, seed=0), record=True).states.reshape(-1, 4)
    states = states.astype(np.float32)
    theirs = DecisionTreeClassifier(max_leaf_nodes=6, random_state=0)
    return theirs.fit(states, LEAN(states)), tree.fit(states, LEAN(states), leaves=6), states


def test_a_tree_is_scikit_learns(grown, some):
    theirs, ours, states = grown
    for rows in (states, some[0].astype(np.float32)):
        assert np.array_equal(ours(rows), theirs.predict(rows))
        assert np.array_equal(ours.leaf(rows), theirs.apply(rows))
    assert ours.depth == theirs.get_depth() and len(ours.leaves) == theirs.get_n_leaves() == 6
    assert len(ours.questions) == 5


def test_code_and_text_are_the_tree(grown, some):
    ours = grown[1]
    names = {}
    exec(ours.code(), names)
    for row in some[0].astype(np.float32):
        assert names["act"](*row.astype(float)) == ours(row[None])[0]
    assert tree.read(ours.text()) == ours


def test_a_state_on_the_threshold_goes_with_yes():
    nodes = tree.Node(2, 0.5, 1, 2), tree.Node(action=0), tree.Node(action=1)
    made = tree.Tree(nodes)
    states = np.array([[9, 9, 0.5, 9], [9, 9, 0.6, 9]], dtype=np.float32)
    assert made(states).tolist() == [0, 1] and made.leaves == [1, 2]


def test_leaves_stand_from_left_to_right():
    nodes = (tree.Node(0, 0.0, 3, 4), tree.Node(action=0), tree.Node(action=1),
             tree.Node(1, 0.0, 1, 2), tree.Node(action=1))  # fmt: skip
    assert tree.Tree(nodes).leaves == [1, 2, 4]


def test_editing_makes_a_new_tree(grown):
    ours = grown[1]
    question, leaf = ours.questions[0], ours.leaves[0]
    moved = ours.edited(question, threshold=0.25)
    assert moved.nodes[question].threshold == 0.25 != ours.nodes[question].threshold
    flipped = ours.edited(leaf, action=1 - ours.nodes[leaf].action)
    assert [a == b for a, b in zip(flipped.nodes, ours.nodes)].count(False) == 1
    with pytest.raises(ValueError, match="is a question: it has no action"):
        ours.edited(question, action=1)
    with pytest.raises(ValueError, match="is a leaf: it has no threshold"):
        ours.edited(leaf, threshold=1.0)
    with pytest.raises(ValueError, match="must be 0 .left. or 1 .right.; got 2"):
        ours.edited(leaf, action=2)
    with pytest.raises(ValueError, match="from 0 to 10; got 11"):
        ours.edited(11, action=1)


def test_weights_decide_what_a_tree_learns():
    states = np.zeros((4, 4), dtype=np.float32)
    states[:, 0], states[:, 1] = [0, 0, 1, 1], [0, 1, 0, 1]
    actions = np.array([0, 1, 1, 1])
    for column, weights in ((1, [1.0, 9, 1, 1]), (0, [1.0, 1, 9, 1])):
        heavy = tree.fit(states, actions, leaves=2, weights=np.array(weights))
        assert heavy.nodes[0].column == column
    assert tree.fit(states, np.ones(4, dtype=int), leaves=2)(states).tolist() == [1] * 4
    with pytest.raises(ValueError, match="at least 2; got 1"):
        tree.fit(states, actions, leaves=1)


# ---- VIPER


def steady():
    """A network that acts as the one-line rule does."""
    numbers = np.zeros(policy.SIZE)
    numbers[2 * policy.HIDDEN], numbers[3 * policy.HIDDEN] = 1, 0.5  # angle, turn to unit 0
    numbers[5 * policy.HIDDEN + 1] = 1  # unit 0 to right
    return policy.network(numbers)


def test_the_steady_network_is_the_rule(some):
    states = some[0].astype(np.float32)
    assert np.array_equal(policy.acting(steady())(states), LEAN(states))


def test_loss_is_the_cost_of_the_wrong_action_counted_by_hand():
    state = np.array([[0.3, 0.1, 0.05, 0.4]])
    costs = []
    for first in (0, 1):
        now, total = physics.step(state, np.array([first])), 0.0
        for _ in range(5):
            total += (now[0, 2] / physics.TILT) ** 2 + (now[0, 0] / 2.4) ** 2
            now = physics.step(now, LEAN(now))
        costs.append(total)
    found = viper.loss(steady(), state.astype(np.float32), horizon=5)
    assert found == pytest.approx([abs(costs[0] - costs[1])], rel=1e-4)
    mirrored = viper.loss(steady(), -state.astype(np.float32), horizon=5)
    assert mirrored == pytest.approx(found)  # a loss, whichever push is the wrong one


def test_after_a_fall_every_step_costs_one_more_and_the_pole_lies_still():
    lying = np.array([[0, 0, 3 * physics.TILT, 0.0]])
    after = physics.step(lying, np.array([1]))[0]
    one = (after[2] / physics.TILT) ** 2 + (after[0] / 2.4) ** 2 + 1
    assert viper.action_cost(steady(), lying, 1, horizon=7) == pytest.approx([7 * one])


def test_a_wrong_push_near_the_fall_weighs_more():
    states = np.array([[0, 0, 0, 0], [0, 0, 0.19, 0.5]], dtype=np.float32)
    calm, near = viper.loss(steady(), states)
    assert near > 10 * calm
    left, right = policy.scores(steady(), states).T
    assert np.allclose(viper.margin(steady(), states), abs(left - right))
    assert viper.alike(steady(), states).tolist() == [1, 1]


def test_rounds_learn_from_all_states_met_so_far(monkeypatch):
    """The first tree from the teacher's states, each later one from those of all trees, too."""
    seen, network = [], steady()

    def fit(states, actions, *, leaves, weights):
        assert np.array_equal(actions, policy.acting(network)(states))
        assert np.array_equal(weights, viper.margin(network, states))
        seen.append(states)
        return tree.fit(states, actions, leaves=leaves, weights=weights)

    monkeypatch.setattr(viper, "fit", fit)
    monkeypatch.setattr(viper, "LONG", 60)
    made = viper.rounds_of(network, leaves=4, seed=3, weigh=viper.margin, rounds=3)
    draw = np.random.default_rng(3)
    acting = policy.acting(network)
    for before, now, after in zip([[], *seen], seen, made):
        met = viper.met(acting, draw.uniform(-0.05, 0.05, (10, 4)), steps=60)
        draw.permutation(len(met))
        assert np.array_equal(now[: len(before)], before) if len(before) else True
        fresh = now[len(before):]  # fmt: skip
        assert len(fresh) == min(len(met), viper.KEPT)
        assert np.array_equal(np.sort(fresh, axis=0), np.sort(met, axis=0))
        acting = after


def test_the_best_tree_is_chosen_on_validation():
    begun = physics.starts(5, seed=50)

    def lean(turn_right, least):  # right if the angle is above `least`; then by the turn
        return tree.Tree((tree.Node(2, least, 1, 2), tree.Node(action=0),
                          tree.Node(action=turn_right)))  # fmt: skip

    trees = [lean(1, 0.5), lean(1, 0.0), lean(1, -0.5), lean(0, 0.0)]
    found = viper.choose(trees, starts=begun, limit=600)
    assert found.values == [viper.worth(one, begun, limit=500) for one in trees]
    assert found.tree is trees[1] and found.rounds is trees


def test_of_trees_that_reach_500_the_one_that_goes_on_wins(network):
    begun = physics.starts(5, seed=50)
    kinds = {"drifts": policy.linear((0, 0, 1, 0.5)), "stays": policy.linear((0.05, 0.1, 1, 0.5)),
             "falls": policy.constant(0)}  # fmt: skip
    found = viper.choose(list(kinds.values()), starts=begun, limit=2500)
    assert found.tree is kinds["stays"]


def test_viper_makes_its_runs_of_rounds(monkeypatch, network):
    asked = []
    monkeypatch.setattr(viper, "rounds_of", lambda n, **how: asked.append(how) or [LEAN] * 2)
    monkeypatch.setattr(viper, "choose", lambda trees: trees)
    assert len(viper.viper(network, leaves=3, seed=4, rounds=2, runs=3)) == 6
    assert [how["seed"] for how in asked] == [400, 401, 402]
    assert {how["leaves"] for how in asked} == {3} and asked[0]["weigh"] is viper.loss


def test_worth_and_fidelity():
    begun = physics.starts(10, seed=0)
    assert viper.worth(LEAN, begun, limit=550) == (1.0, 550.0)
    share, mean = viper.worth(policy.constant(0), begun)
    assert share == 0 and mean < 12
    states = viper.met(LEAN, begun)
    assert len(states) == 5000 and viper.fidelity(LEAN, steady(), states) == 1
    flipped = policy.linear((0, 0, -1, -0.5))
    assert viper.fidelity(flipped, steady(), states) == 0


def test_a_clone_learns_the_teachers_states():
    made = viper.clone(steady(), leaves=6, seed=0, episodes=5)
    states = viper.met(LEAN, physics.starts(5, seed=20))
    assert viper.fidelity(made, steady(), states) > 0.8 and len(made.leaves) == 6
