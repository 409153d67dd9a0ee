"""The checks of lesson 5.5 accept what balances and name each plausible slip."""

import numpy as np
import pytest
import torch
from remarks import remark

from course_utils.control import physics, policy, viper
from course_utils.exercises import judge
from course_utils.exercises import lesson_5_5 as lesson


def test_the_solution_is_the_packages_loss():
    network = policy.network(np.random.default_rng(0).normal(size=policy.SIZE))
    states = physics.starts(20, seed=0)
    q = -np.stack([viper.action_cost(network, states, a, horizon=5) for a in (0, 1)], axis=1)
    assert np.allclose(lesson.weights(q), viper.loss(network, states, horizon=5))


@pytest.mark.parametrize("right", [
    lambda q: np.ptp(q, axis=1),
    lambda q: torch.tensor(q).amax(1) - torch.tensor(q).amin(1),
    lambda q: [max(row) - min(row) for row in q],
])  # fmt: skip
def test_other_ways_are_accepted(right):
    assert judge("5.5.1", right).state == "solved"


@pytest.mark.parametrize(("wrong", "words"), lesson.WEIGHED)
def test_5_5_1_names_the_slip(wrong, words):
    assert words in remark("5.5.1", wrong)


@pytest.mark.parametrize("right", [
    lambda x, speed, angle, turn: angle + 0.3 * turn > 0,
    lambda x, speed, angle, turn: np.int64(0.05 * x + 0.1 * speed + angle + 0.5 * turn > 0),
    lambda x, speed, angle, turn: torch.tensor(3 * angle + turn > 0),
    lambda x, speed, angle, turn: float(turn > -2 * angle),
])  # fmt: skip
def test_any_rule_that_balances_is_accepted(right, monkeypatch):
    monkeypatch.setattr(lesson, "STARTS", 10)  # the solution plays all, in test_exercises
    monkeypatch.setattr(lesson, "NEEDED", 10)
    found = judge("5.5.2", right)
    assert found.state == "solved", found.remark


@pytest.mark.parametrize(("wrong", "words"), [
    (lambda x, speed, angle, turn: 1, "always does the same"),
    (lambda x, speed, angle, turn: int(angle + turn / 2 < 0), "push the wrong way"),
    (lambda x, speed, angle, turn: int(angle > turn), "the turn counts the wrong way"),
    (lambda x, speed, angle, turn: int(angle > 0), "does not read the turn"),
    (lambda x, speed, angle, turn: int(turn > 0), "does not read the angle"),
    (lambda x, speed, angle, turn: int(speed > 0), "does not read the angle"),
    (lambda x, speed, angle, turn: int(angle + turn + x > 0), "x or speed speaks too loudly"),
    (lambda x, speed, angle, turn: int(angle + 20 * turn > 0), "the cart leaves the track"),
    (lambda x, speed, angle, turn: int(angle + 0.01 * turn > 0), "shares do not fit"),
    (lambda x, speed, angle, turn: -1 if angle < 0 else 1, "came -1"),
    (lambda x, speed, angle, turn: "right", "came 'right'"),
    (lambda x, speed, angle, turn: 1 if angle > 0 else None, "came None"),
    (lambda x, speed, angle, turn: angle + turn / 2, "Return 0 (push left) or 1"),
    (1, "A function of x, speed, angle and turn"),
])  # fmt: skip
def test_5_5_2_names_the_slip(wrong, words):
    assert words in remark("5.5.2", wrong)
