"""Importance: what shuffling, conditional shuffling and training again without say."""

import numpy as np
import pytest

from course_utils import importance

CHANCE = np.random.default_rng(0)
X = CHANCE.normal(size=(400, 4))
X[:, 1] = X[:, 0] + 0.05 * CHANCE.normal(size=400)  # column 1 repeats column 0
Y = X[:, 0] + X[:, 1] + X[:, 2]


def score(rows):
    """Minus the mean squared error of the line that made Y; column 3 is not read."""
    return -np.mean((rows[:, 0] + rows[:, 1] + rows[:, 2] - Y) ** 2)


def test_two_rows_by_hand():
    """Shuffled, two rows either stay or change places: the fall is 0 or 4."""
    rows = np.array([[1.0, 5.0], [3.0, 5.0]])

    def hand(x):
        return -np.mean((x[:, 0] - rows[:, 0]) ** 2)

    found = importance.permuted(hand, rows, repeats=60)
    assert set(found[0].tolist()) == {0.0, 4.0} and not found[1].any()


def test_the_fall_of_a_line_has_a_formula():
    """Shuffling a column of weight 1 adds 2 var(column) to the squared error."""
    found = importance.permuted(score, X, groups=[[0], [2], [3], [0, 1]], repeats=100).mean(1)
    wanted = [2 * X[:, 0].var(), 2 * X[:, 2].var(), 0, 2 * (X[:, 0] + X[:, 1]).var()]
    assert found == pytest.approx(wanted, rel=0.05)


def test_equals_scikit_learns():
    from sklearn.inspection import permutation_importance
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit(X[:200], Y[:200] + CHANCE.normal(size=200))
    theirs = permutation_importance(model, X[200:], Y[200:], n_repeats=100, random_state=0)
    ours = importance.permuted(lambda x: model.score(x, Y[200:]), X[200:], repeats=100)
    error = np.hypot(ours.std(1), theirs.importances_std) / 10
    assert (abs(ours.mean(1) - theirs.importances_mean) <= 4 * error + 1e-12).all()


def test_conditional_shuffles_only_what_the_others_do_not_tell():
    alone = importance.permuted(score, X, repeats=20).mean(1)
    beyond = importance.conditional(score, X, repeats=20).mean(1)
    assert alone[0] > 1.5 and beyond[0] < 0.02  # column 1 tells it
    assert beyond[2] == pytest.approx(alone[2], rel=0.1)  # no column does
    assert beyond[3] == 0
    both = importance.conditional(score, X, groups=[[0, 1]], repeats=20).mean()
    assert both == pytest.approx(2 * (X[:, 0] + X[:, 1]).var(), rel=0.1)


def test_the_units_of_columns_do_not_matter_to_conditional():
    units = np.array([1.0, 1e6, 1e-6, 1.0])
    shift = np.array([0.0, 1e7, 0.0, 3.0])
    found = importance.conditional(lambda x: score((x - shift) / units), X * units + shift)
    assert np.allclose(found, importance.conditional(score, X), atol=1e-6)


def test_refitted_asks_for_every_group_once():
    asked = []

    def learn(columns):
        asked.append(columns)
        return len(columns) / 4 + (0.5 if 2 in columns else 0)

    found = importance.refitted(learn, 4, groups=[[2], [0, 1]])
    assert asked == [[0, 1, 2, 3], [0, 1, 3], [2, 3]]
    assert found.tolist() == [0.75, 0.5]


def test_together_joins_chains_and_keeps_the_order():
    a, noise = CHANCE.normal(size=500), CHANCE.normal(size=(500, 3))
    rows = np.column_stack([a, noise[:, 0], -(a**3), np.exp(a), noise[:, 1]])
    assert importance.together(rows) == [[0, 2, 3], [1], [4]]
    assert importance.together(np.zeros((5, 2))) == [[0], [1]]  # constants tell nothing
    chain = np.column_stack([a, a + 0.5 * noise[:, 0], a + 0.5 * (noise[:, 0] + noise[:, 1])])
    r = np.corrcoef(chain.T)
    assert r[0, 2] < 0.85 < min(r[0, 1], r[1, 2])
    assert importance.together(chain, threshold=0.85) == [[0, 1, 2]]


def test_ranks_share_ties_as_scipy_does():
    from scipy.stats import rankdata

    column = np.array([3.0, 1, 1, 7, 3, 3])
    assert importance._ranks(column).tolist() == (rankdata(column) - 1).tolist()


def test_seeds_and_courtesy():
    before = X.copy()

    def rude(rows):
        found = score(rows)
        rows[:] = 0
        return found

    for ask in (importance.permuted, importance.conditional):
        assert np.array_equal(ask(rude, X), ask(score, X))
    assert np.array_equal(X, before)
    one, same, other = (importance.permuted(score, X, seed=s) for s in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)
    assert one.shape == (4, 10)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: importance.permuted(score, X, groups=[0, 1]), r"Did you mean \[\[0, 1\]\]"),
        (lambda: importance.permuted(score, X, groups=[[0, 9]]), r"from 0 to 3; got \[0, 9\]"),
        (lambda: importance.permuted(score, X, groups=[[]]), r"from 0 to 3; got \[\]"),
        (lambda: importance.permuted(score, X[0]), r"rows x columns.*got \(4,\)"),
        (lambda: importance.conditional(score, X, repeats=0), "1 or more; got 0"),
        (lambda: importance.together(X, threshold=90), "Did you mean 0.9"),
    ],
)
def test_messages(call, words):
    with pytest.raises(ValueError, match=words):
        call()
