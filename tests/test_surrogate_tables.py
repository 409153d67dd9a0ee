"""Laws of LIME for tables: columns switched off, or moved a little."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression, LogisticRegression

from course_utils import surrogate

CHANCE = np.random.default_rng(0)
ROWS = CHANCE.normal(size=(60, 4)) * [1, 10, 0.1, 3] + [0, 5, 1, -2]
MEAN, SPREAD = ROWS.mean(0), ROWS.std(0)
SLOPE = np.array([2.0, -0.3, 7.0, 0.0])


def flat(rows):
    return rows @ SLOPE + 4


def test_switching_finds_a_lines_contributions():
    found = surrogate.lime_rows(flat, ROWS[:5], background=MEAN, ridge=0)
    assert found.shape == (5, 4)
    assert np.allclose(found, SLOPE * (ROWS[:5] - MEAN), atol=1e-9)


def test_moving_finds_a_lines_slopes():
    found = surrogate.slopes(flat, ROWS[0], spread=SPREAD, ridge=0)
    assert np.allclose(found.weights.numpy() / SPREAD, SLOPE, atol=1e-9)
    assert found.fit == pytest.approx(1) and found.intercept == pytest.approx(flat(ROWS[0]))
    narrow = surrogate.slopes(flat, ROWS[0], spread=SPREAD, kernel_width=1.0, ridge=0)
    assert np.allclose(narrow.weights.numpy() / SPREAD, SLOPE, atol=1e-9)


def test_slopes_are_of_the_row_and_not_of_the_table():
    def curved(rows):
        return rows[:, 0] ** 2

    for place in (-3.0, 2.0):
        row = np.array([place, 5, 1, -2])
        found = surrogate.slopes(curved, row, spread=0.1 * SPREAD, samples=4000)
        assert found.weights[0] / (0.1 * SPREAD[0]) == pytest.approx(2 * place, rel=0.05)


def test_a_kernel_makes_samples_count_less_the_farther_they_are():
    def bent(rows):  # flat near 0, steep beyond
        return np.maximum(np.abs(rows[:, 0]) - 1, 0) * np.sign(rows[:, 0])

    row, spread = np.zeros(4), np.ones(4)
    wide = surrogate.slopes(bent, row, spread=spread, samples=4000)
    near = surrogate.slopes(bent, row, spread=spread, samples=4000, kernel_width=1.0)
    assert 0 < near.weights[0] < 0.6 * wide.weights[0]
    assert near.effective < 0.8 * wide.effective == pytest.approx(0.8 * 4000)


def test_tensors_and_arrays_alike():
    import torch.nn as nn

    line = nn.Linear(4, 1).double()
    nn.init.constant_(line.bias, 4.0)
    line.weight.data = torch.tensor(SLOPE)[None]
    rows = torch.tensor(ROWS[:3])
    ours = surrogate.lime_rows(line, rows, background=torch.tensor(MEAN))
    assert torch.allclose(ours, surrogate.lime_rows(flat, ROWS[:3], background=MEAN))
    cloud = surrogate.slopes(line, rows[0], spread=SPREAD)
    assert torch.allclose(cloud.weights, surrogate.slopes(flat, ROWS[0], spread=SPREAD).weights)
    assert not cloud.weights.requires_grad


def test_the_class_that_the_row_gets_or_the_one_that_is_asked():
    labels = (ROWS[:, 0] > 0).astype(int)
    model = LogisticRegression().fit(ROWS, labels)
    rows = ROWS[[labels.argmin(), labels.argmax()]]
    said = surrogate.lime_rows(model.predict_proba, rows, background=MEAN)
    for k, row in enumerate(rows):
        one = surrogate.lime_rows(model.predict_proba, row[None], model.predict(row[None])[0],
                                  background=MEAN)  # fmt: skip
        assert torch.equal(said[k], one[0])
    zero, one = (surrogate.lime_rows(model.predict_proba, rows, k, background=MEAN)
                 for k in (0, 1))  # fmt: skip
    assert torch.allclose(zero, -one, atol=1e-6)


def test_rows_are_left_as_they_were():
    rows, kept = ROWS[:2].copy(), ROWS[:2].copy()
    surrogate.lime_rows(flat, rows, background=MEAN)
    surrogate.slopes(flat, rows[0], spread=SPREAD)
    assert (rows == kept).all()


def test_equals_the_library_on_a_line():
    from course_utils.demos import lime_package

    model = LinearRegression().fit(ROWS, flat(ROWS))
    theirs = lime_package.explain_row(model.predict, ROWS[0], ROWS, discretize_continuous=False)
    ours = surrogate.slopes(model.predict, ROWS[0], spread=SPREAD)
    assert lime_package.in_order(theirs, 4).tolist() == pytest.approx(
        ours.weights.tolist(), abs=0.01
    )


def test_messages():
    with pytest.raises(ValueError, match="each of 4 columns; got 3"):
        surrogate.lime_rows(flat, ROWS[:1], background=MEAN[:3])
    model = LogisticRegression().fit(ROWS, ROWS[:, 0] > 0)
    with pytest.raises(ValueError, match="class from 0 to 1; got 2"):
        surrogate.lime_rows(model.predict_proba, ROWS[:1], 2, background=MEAN)
    with pytest.raises(ValueError, match="5 samples cannot settle 10"):
        surrogate.slopes(flat, np.zeros(10), spread=np.ones(10), samples=5)
    with pytest.raises(ValueError, match="kernel_width must be above 0"):
        surrogate.slopes(flat, ROWS[0], spread=SPREAD, kernel_width=0)
