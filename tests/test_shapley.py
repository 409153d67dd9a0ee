"""The laws that define Shapley values; three ways to find them; what stands in for absent."""

from itertools import permutations

import numpy as np
import pytest
import torch
from torch import nn

from course_utils import glassbox, models, shapley

WORTH = torch.rand(2**5, generator=torch.Generator().manual_seed(0)).double()


def game(rows):
    """A random game of five players: each coalition has its own worth, nobody too."""
    return WORTH[(rows * 2 ** torch.arange(5)).sum(1)]


TRUTH = shapley.exact(game, 5)
WHOLE = (WORTH[-1] - WORTH[0]).item()

# ---- enumeration


def test_gloves_by_hand():
    """One left glove, two right ones; only a pair is worth 1: (4/6, 1/6, 1/6)."""

    def gloves(rows):
        return (rows[:, 0] & (rows[:, 1] | rows[:, 2])).double()

    assert shapley.exact(gloves, 3).tolist() == pytest.approx([4 / 6, 1 / 6, 1 / 6])


def test_is_the_mean_over_all_orders_of_arrival():
    wanted = torch.zeros(5).double()
    for order in permutations(range(5)):
        present = torch.zeros(1, 5, dtype=torch.bool)
        for player in order:
            before = game(present)
            present[0, player] = True
            wanted[player] += (game(present) - before).item() / 120
    assert torch.allclose(TRUTH, wanted, atol=1e-12)


def test_efficiency():
    assert TRUTH.sum().item() == pytest.approx(WHOLE, abs=1e-12)


def test_dummy_and_symmetry():
    def rules(rows):  # player 2 adds nothing; players 0 and 1 are interchangeable
        return rows[:, 0].double() * rows[:, 1] + 2 * rows[:, 3]

    for way in (shapley.exact, shapley.kernel):
        assert way(rules, 4).tolist() == pytest.approx([0.5, 0.5, 0, 2])


def test_linearity():
    both = shapley.exact(lambda rows: 2 * game(rows) + rows[:, 0].double(), 5)
    wanted = 2 * TRUTH + torch.tensor([1.0, 0, 0, 0, 0])
    assert torch.allclose(both, wanted, atol=1e-12)


def test_coalitions_are_all_different_and_complete():
    rows = shapley.coalitions(3)
    assert rows.dtype == torch.bool and len({tuple(r) for r in rows.tolist()}) == 8
    assert rows[5].tolist() == [True, False, True]
    assert not rows[0].any() and rows[7].all()


@pytest.mark.parametrize("players", [1, 2])
def test_few_players(players):
    def value(rows):
        return rows[:, 0] * 7.0 + 1 - rows[:, -1].double()

    wanted = [[6], [7, -1]][players - 1]
    assert shapley.exact(value, players).tolist() == pytest.approx(wanted)
    assert shapley.kernel(value, players).tolist() == pytest.approx(wanted)
    drawn = shapley.sampled(value, players, orders=4)
    assert drawn.values.tolist() == pytest.approx(wanted)
    assert drawn.errors.tolist() == pytest.approx([0] * players)


# ---- kernel SHAP


@pytest.mark.parametrize("players", [2, 3, 7, 10])
def test_the_line_through_all_coalitions_is_exact(players):
    worth = torch.rand(2**players, generator=torch.Generator().manual_seed(players)).double()

    def value(rows):
        return 100 * worth[(rows * 2 ** torch.arange(players)).sum(1)]

    gap = (shapley.kernel(value, players) - shapley.exact(value, players)).abs().max()
    assert gap < 1e-11  # float32 weights would leave 1e-6


def test_drawn_coalitions_come_near_and_always_sum_up():
    runs = torch.stack([shapley.kernel(game, 5, samples=100, seed=s) for s in range(200)])
    assert torch.allclose(runs.sum(1), torch.full((200,), WHOLE).double(), atol=1e-12)
    away = runs.mean(0) - TRUTH
    assert (away.abs() < 4 * runs.std(0) / 200**0.5 + 0.002).all()
    more = torch.stack([shapley.kernel(game, 5, samples=1600, seed=s) for s in range(50)])
    assert (more - TRUTH).pow(2).mean() < (runs - TRUTH).pow(2).mean() / 8
    assert torch.equal(runs[3], shapley.kernel(game, 5, samples=100, seed=3))


def test_each_drawn_coalition_is_followed_by_its_complement():
    asked = []

    def value(rows):
        asked.append(rows)
        return game(rows)

    shapley.kernel(value, 5, samples=301)
    rows = asked[-1]
    assert len(rows) == 300 and torch.equal(rows[::2], ~rows[1::2])
    assert set(rows.sum(1).tolist()) == {1, 2, 3, 4}


# ---- sampling


@pytest.mark.parametrize("paired", [False, True])
def test_sampled_shares_are_unbiased_and_their_errors_are_true(paired):
    runs = [shapley.sampled(game, 5, orders=64, paired=paired, seed=s) for s in range(300)]
    away = torch.stack([run.values for run in runs]) - TRUTH
    said = torch.stack([run.errors for run in runs])
    assert (away.mean(0).abs() < 4 * away.std(0) / 300**0.5).all()
    assert 0.9 < (away.pow(2).mean() / said.pow(2).mean()).sqrt() < 1.1
    assert 0.92 < (away.abs() <= 2 * said).double().mean() < 0.98


def test_every_draw_is_efficient():
    for paired in (False, True):
        gains = shapley.sampled(game, 5, orders=10, paired=paired).gains
        assert gains.shape == (5 if paired else 10, 5)
        assert torch.allclose(gains.sum(1), torch.tensor(WHOLE).double())


def test_pairs_are_exact_where_only_two_interact():
    def pairs(rows):
        a, b, c = rows.double().T
        return 3 * a * b - 2 * b * c + a

    found = shapley.sampled(pairs, 3, orders=4, paired=True)
    assert torch.allclose(found.values, shapley.exact(pairs, 3)) and found.errors.max() < 1e-12
    assert shapley.sampled(pairs, 3, orders=4).errors.max() > 0.1


# ---- a prediction as a game


class Net(nn.Module):
    """Logits (x0 x1 + 2 x2, -x0) with dropout, which eval mode silences."""

    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        x = self.drop(x)
        return torch.stack([x[:, 0] * x[:, 1] + 2 * x[:, 2], -x[:, 0]], 1)


ROWS = torch.tensor([[0.0, 0.0, 1.0], [2.0, 10.0, 3.0]])
ROW = torch.tensor([1.0, 4.0, 5.0])


def product(x):
    return x[:, 0] * x[:, 1] + 2 * x[:, 2]


def test_absent_columns_take_the_backgrounds_values_by_hand():
    value = shapley.column_game(product, ROW, ROWS)
    known = torch.tensor([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 1]]).bool()
    assert value(known).tolist() == [10 + 4, 5 + 4, 4 + 4, 4 + 10]
    # x0, x1: means 1 and 5; x2 is 5 against 2
    assert shapley.exact(value, 3).tolist() == pytest.approx([-2.5, -3.5, 6])


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_batches_tensors_and_arrays_give_the_same(size):
    wanted = shapley.exact(shapley.column_game(product, ROW, ROWS), 3)
    tensors = shapley.column_game(product, ROW, ROWS, batch_size=size)
    kinds = []

    def predict(x):
        kinds.append(type(x))
        return product(x)

    arrays = shapley.column_game(predict, ROW.tolist(), ROWS.numpy(), batch_size=size)
    assert torch.allclose(shapley.exact(tensors, 3), wanted)
    assert torch.allclose(shapley.exact(arrays, 3), wanted) and set(kinds) == {np.ndarray}


def test_a_line_gets_its_contributions_and_a_column_not_read_gets_0():
    from sklearn.linear_model import LinearRegression

    rows = np.random.default_rng(0).normal(size=(60, 4))
    line = LinearRegression().fit(rows[:, :3], rows @ [1, -2, 0.5, 3])
    value = shapley.column_game(lambda x: line.predict(x[:, :3]), rows[0], rows)
    wanted = glassbox.contributions(line, rows[0, :3], background=rows[:, :3]).values
    assert np.allclose(shapley.exact(value, 4), [*wanted, 0], atol=1e-10)


def test_usual_values_by_hand():
    """The second column is twice the first: knowing one tells the other."""
    first = torch.tensor([-1.0, 0, 1, 2, 3]).double()
    rows = torch.stack([first, 2 * first], 1)
    row = torch.tensor([4.0, 8.0]).double()
    value = shapley.conditional_game(lambda x: x[:, 1] ** 2, row, rows)
    assert value(shapley.coalitions(2)).tolist() == pytest.approx([12, 64, 64, 64])
    assert shapley.exact(value, 2).tolist() == pytest.approx([26, 26])  # the first is not read


def test_usual_values_of_a_normal_table_are_those_of_its_formula():
    """E[x_absent | x_known] of a line has a closed form in the table's covariance."""
    chance = np.random.default_rng(1)
    rows = chance.normal(size=(500, 3)) @ chance.normal(size=(3, 3))
    row, weights = rows[0], np.array([1.0, -2.0, 0.5])
    mean, spread = rows.mean(0), np.cov(rows.T)
    value = shapley.conditional_game(lambda x: x @ weights, row, rows)
    for known in ([True, False, False], [False, True, True]):
        k, a = np.flatnonzero(known), np.flatnonzero(~np.array(known))
        full = row.copy()
        full[a] = mean[a] + spread[np.ix_(a, k)] @ np.linalg.solve(
            spread[np.ix_(k, k)], row[k] - mean[k])  # fmt: skip
        assert value(torch.tensor([known])).item() == pytest.approx(full @ weights)


def test_columns_that_are_independent_make_both_games_one():
    grid = torch.cartesian_prod(*[torch.tensor([-1.0, 0, 1]).double()] * 3)
    row = torch.tensor([2.0, 3.0, 1.0]).double()
    one, other = (shapley.exact(make(product, row, grid), 3)
                  for make in (shapley.column_game, shapley.conditional_game))  # fmt: skip
    assert torch.allclose(one, other)


# ---- the call that all attributions share


def test_of_columns_by_hand_and_by_class():
    network = Net()
    found = shapley.of_columns(network, ROW[None], 0, background=ROWS)
    assert torch.allclose(found, torch.tensor([[-2.5, -3.5, 6]]))
    assert network.training and network.drop.training  # as it was
    predicted = shapley.of_columns(network.eval(), torch.stack([ROW, ROWS[1]]), background=ROWS)
    assert torch.allclose(predicted[0], found[0])
    other = shapley.of_columns(network, ROW[None], 1, background=ROWS)
    assert torch.allclose(other, torch.zeros(1, 3))  # x0 is the background's mean
    drawn = shapley.of_columns(network, ROW[None], 0, background=ROWS, orders=400)
    assert torch.allclose(drawn, found, atol=0.3) and not torch.equal(drawn, found)


class Squares(nn.Module):
    """Class 0: light of the upper left quarter times that of the lower right; class 1: all."""

    def forward(self, x):
        light = x[:, 0, :2, :2].mean((1, 2)) * x[:, 0, 2:, 2:].mean((1, 2))
        return torch.stack([8 * light, x.sum((1, 2, 3))], 1)


QUARTERS = torch.tensor([[0, 0, 1, 1]] * 2 + [[2, 2, 3, 3]] * 2)


def test_of_segments_by_hand():
    images = torch.ones(2, 1, 4, 4)
    found = shapley.of_segments(Squares(), images, torch.tensor([0, 1]), segments=QUARTERS)
    assert found.shape == images.shape and found.dtype == images.dtype
    assert found[0, 0, ::2, ::2].tolist() == [[4, 0], [0, 4]]
    assert found[1].unique().tolist() == [4]
    dim = shapley.of_segments(Squares(), images, 1, segments=QUARTERS, background=0.5)
    assert dim.unique().tolist() == [2]
    as_image = shapley.of_segments(
        Squares(), images, 1, segments=QUARTERS, background=torch.full((1, 4, 4), 0.5)
    )
    assert torch.equal(as_image, dim)


def test_of_segments_sums_to_the_logits_of_the_reference():
    network, images = models.load_network("SimplifiedCNN"), torch.rand(2, 1, 32, 32)
    before = images.clone()
    maps = shapley.of_segments(network, images)
    shares = maps[:, 0, 5::11, 5::11].flatten(1)  # one pixel of each of 3 x 3
    with torch.no_grad():
        logits, black = network(images), network(torch.zeros(1, 1, 32, 32))
    said = logits.argmax(1, keepdim=True)
    assert torch.allclose(shares.sum(1), (logits - black).gather(1, said)[:, 0], atol=1e-4)
    assert torch.equal(images, before)


def test_an_integer_network_is_explained_too():
    network, images = models.load_network("IntegerQuantizedCNN"), torch.rand(1, 1, 32, 32)
    maps = shapley.of_segments(network, images, orders=4)
    assert maps.shape == images.shape and maps.isfinite().all() and maps.any()


def test_the_mode_comes_back_after_a_crash():
    network = Net()

    def broken(x):
        raise KeyError("a slip")

    network.forward = broken
    with pytest.raises(KeyError):
        shapley.of_columns(network, ROW[None], 0, background=ROWS)
    assert network.training and network.drop.training


# ---- oracles


def test_equals_captum():
    from captum.attr import ShapleyValues

    network, images = models.load_network("SimplifiedCNN"), torch.rand(1, 1, 32, 32)
    segments = torch.arange(32)[:, None] * 4 // 32 + 0 * torch.arange(32)
    theirs = ShapleyValues(network).attribute(images, target=3, feature_mask=segments[None, None])
    assert torch.allclose(shapley.of_segments(network, images, 3, segments=segments), theirs,
                          atol=1e-4)  # fmt: skip


def test_equals_shap():
    import shap
    from sklearn.ensemble import GradientBoostingRegressor

    chance = np.random.default_rng(0)
    rows = chance.normal(size=(80, 5)).astype(np.float32).astype(float)  # trees read float32
    forest = GradientBoostingRegressor(n_estimators=20, random_state=0)
    forest.fit(rows, rows[:, 0] * rows[:, 1] + rows[:, 2] ** 2)
    background, row = rows[:30], rows[40]
    ours = shapley.exact(shapley.column_game(forest.predict, row, background), 5).numpy()
    kernel = shap.KernelExplainer(forest.predict, background).shap_values(row, silent=True)
    assert abs(kernel - ours).max() < 1e-10
    trees = shap.TreeExplainer(forest, shap.maskers.Independent(background, 30))
    assert abs(trees.shap_values(row[None])[0] - ours).max() < 1e-6


# ---- messages


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: shapley.exact(game, 40), "1 to 20 players.*shapley.sampled"),
        (lambda: shapley.exact(lambda rows: rows.double(), 3), "one number for each of 8"),
        (lambda: shapley.exact(lambda rows: rows.sum(1) / 0, 2), "nan or infinity"),
        (lambda: shapley.kernel(game, 5, samples=6), "at least two for each of 5 players; got 6"),
        (lambda: shapley.sampled(game, 5, orders=1), "at least 2 for an error; got 1"),
        (lambda: shapley.sampled(game, 5, orders=7, paired=True), "even, for the pairs.*got 7"),
        (lambda: shapley.sampled(game, 0), "players must be a whole number"),
        (lambda: shapley.column_game(product, ROW[None], ROWS), "Did you mean rows\\[0\\]"),
        (lambda: shapley.column_game(product, ROW[:2], ROWS), r"got \(2,\) and \(2, 3\)"),
        (lambda: shapley.column_game(Net(), ROW, ROWS)(shapley.coalitions(3)), "Which class"),
        (lambda: shapley.conditional_game(product, ROW, ROWS), "more background rows than the 3"),
        (lambda: shapley.of_segments(Squares(), torch.ones(1, 1, 4, 4), segments=QUARTERS * 1.0),
         "whole numbers from 0; got torch.float32"),
        (lambda: shapley.of_segments(Squares(), torch.ones(1, 1, 4, 5), segments=QUARTERS),
         "4 x 5 whole numbers"),
        (lambda: shapley.of_segments(Squares(), torch.ones(1, 1, 4, 4), 7), "class from 0 to 1"),
    ],
)  # fmt: skip
def test_messages(call, words):
    with pytest.raises(ValueError, match=words):
        call()
