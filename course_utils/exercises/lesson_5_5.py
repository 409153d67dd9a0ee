"""Exercises of lesson 5.5: can we read what a controller does?"""

import numpy as np
import torch

from course_utils.control import physics
from course_utils.exercises import agree, exercise, formed

# ---- 5.5.1


def weights(q):
    return q.max(axis=1) - q.min(axis=1)


def _gap(rule):
    """A slip by its rule, which takes Q, state x action."""
    return lambda q: rule(np.asarray(q))


WEIGHED = (
    (_gap(lambda q: q.min(1) - q.max(1)), "The sign is turned round: V is the larger of the two, "
     "and a weight must not be negative."),
    (_gap(lambda q: q.max(0) - q.min(0)), "You compare states with each other. Compare the "
     "actions of *one* state: take the maximum along axis 1."),
    (_gap(lambda q: q.max(1) - q.mean(1)), "You take away the *mean* action. VIPER prices the "
     "worst one: `min`."),
    (_gap(lambda q: np.sort(q, 1)[:, -1] - np.sort(q, 1)[:, -2]), "You take away the *second* "
     "best action. With two actions it is the same; in general VIPER prices the worst one."),
    (_gap(lambda q: abs(q[:, 0] - q[:, 1])), "You compare the first two actions. With two it is "
     "right; a state may have more: use `max` and `min` along axis 1."),
    (_gap(lambda q: abs(q[:, 1] - q[:, 0]) / abs(q).max()), "Compare all actions, and do not "
     "scale: Q has the unit of what is earned."),
    (_gap(lambda q: q[:, 0] - q.min(1)), "You take the value of action 0 for V. V is the value of "
     "the *best* action in that state."),
    (_gap(lambda q: q[:, -1] - q.min(1)), "You take the value of the last action for V. V is the "
     "value of the *best* action in that state."),
    (_gap(lambda q: q.max() - q.min(1)), "Your V is the best of *all* states. Each state has its "
     "own: `max` along axis 1."),
    (_gap(lambda q: q.max(1)), "That is V alone: how good the state is. A state weighs by what a "
     "wrong action *loses* there, V − min Q."),
    (_gap(lambda q: -q.min(1)), "That is the worst action's value alone. Compare it with the "
     "best one's: V − min Q."),
    (_gap(lambda q: (q.max(1) - q.min(1)) / (q.max(1) - q.min(1)).sum()), "The differences are "
     "right, but you scale them. Hand them over as they are: a weight is a loss, in Q's unit."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""

QS = (
    (np.array([[10.0, 7.0], [4.0, 4.0], [-3.0, 2.0]]),),
    (np.array([[1.0, 5.0, 2.0], [9.0, 8.0, -4.0], [0.5, 0.5, 0.0], [-6.0, -1.0, -2.0]]),),
)


def _array(found):
    """A tensor or a list as an array."""
    if isinstance(found, torch.Tensor):
        return found.detach().numpy()
    return np.asarray(found, dtype=float) if isinstance(found, list | tuple) else found


@exercise(
    "5.5.1",
    title="what a wrong action costs",
    minutes=5,
    difficulty=1,
    solution=weights,
    hints=(
        "Each row is one state; its numbers say what each action is worth there.",
        "V is the best number of the row. The loss is V minus the worst number of the row.",
        ("How do I get one number a row?", "`q.max(axis=1)`: along the actions."),
    ),
)  # fmt: skip
def _(answer):
    return agree(formed(answer, _array), weights, *QS, tolerance=1e-6, slips=WEIGHED)


# ---- 5.5.2


def rule(x, speed, angle, turn):
    return 1 if angle + turn / 2 > 0 else 0


STARTS = 100
NEEDED = 95


def _played(answer):
    """The steps that 100 starts last under a rule of four numbers, and states at the ends.

    Raises ValueError, with a remark, when an answer is no 0 or 1.
    """
    states = physics.starts(STARTS, seed=2000)
    lasted, alive = np.full(STARTS, 500), np.ones(STARTS, dtype=bool)
    for time in range(500):
        actions = np.zeros(STARTS, dtype=int)
        for k in np.flatnonzero(alive):
            actions[k] = _action(answer(*map(float, states[k])), states[k])
        states = np.where(alive[:, None], physics.step(states, actions), states)
        falls = alive & physics.fallen(states)
        lasted[falls], alive = time + 1, alive & ~falls
        if not alive.any():
            break
    return lasted, states


def _action(came, state):
    number = came
    if isinstance(came, torch.Tensor | np.generic | np.ndarray) and came.reshape(-1).shape == (1,):
        number = came.item()
    if isinstance(number, bool | int | float) and number in (0, 1):
        return int(number)
    where = ", ".join(f"{name} = {v:.3g}" for name, v in zip(physics.NAMES, state))
    raise ValueError(f"For {where} came {came!r}. Return 0 (push left) or 1 (push right), "
                     "in every state.")  # fmt: skip


def _reads(answer, column):
    """Whether any action changes when one number does."""
    draw = np.random.default_rng(0)
    for state in draw.uniform(-0.2, 0.2, (150, 4)):
        kinds = set()
        for value in (-1.0, -0.1, -0.01, 0.0, 0.01, 0.1, 1.0):
            state[column] = value
            kinds.add(_action(answer(*map(float, state)), state))
        if len(kinds) > 1:
            return True
    return False


def _wrong_way(answer):
    """What to say when every episode ends at once: is it the lean, or the turn?"""
    lean = np.array([0, 0, 0.1, 0])
    if _action(answer(*lean.tolist()), lean) == 1:
        return ("For a pole that leans right you push right, as you should; but the turn counts "
                "the wrong way. A pole that *turns* right needs a push to the right.")  # fmt: skip
    return ("Such a quick end means that you push the wrong way: if the pole leans right, the cart "
            "must go right, under it.")  # fmt: skip


def _remark(answer):
    """What to say of a rule that does not balance."""
    lasted, ends = _played(answer)
    good = int((lasted == 500).sum())
    if good >= NEEDED:
        return None
    found = f"{good} of 100 starts reach 500 steps; the mean is {lasted.mean():.0f}. "
    reads = [_reads(answer, column) for column in range(4)]
    if not any(reads):
        return found + "Your rule always does the same. Let it depend on the pole."
    if not reads[2]:
        return found + "Your rule does not read the angle, so it cannot know what upright is."
    if lasted.mean() < 15:
        return found + _wrong_way(answer)
    if not reads[3]:
        return found + ("Your rule does not read the turn: it corrects until upright, and by then "
                        "the pole swings on. Brake before: add some of the turn.")  # fmt: skip
    if (reads[0] or reads[1]) and good == 0:
        return found + ("Here x or speed speaks too loudly. Begin with angle and turn alone; what "
                        "you add of the cart must be far smaller.")  # fmt: skip
    away = np.mean(abs(ends[lasted < 500, 0]) > physics.EDGE)
    if away > 0.5:
        return found + ("The pole stands, but the cart leaves the track. Take another share of the "
                        "turn, or let x or speed shift what you call upright.")  # fmt: skip
    return found + ("You read angle and turn; their shares do not fit yet. Try angle plus a half "
                    "or a third of the turn.")  # fmt: skip


@exercise(
    "5.5.2",
    title="a controller in one line",
    minutes=10,
    difficulty=2,
    solution=rule,
    hints=(
        "If the pole leans right (angle > 0), push right, so that the cart comes under it.",
        "That alone swings wider and wider. A pole that leans right but already turns back left "
        "needs no push to the right.",
        ("How do I join the two?", "Add a share of the turn to the angle, and ask for the sign of "
         "the sum."),
    ),
)  # fmt: skip
def _(answer):
    if not callable(answer):
        return "A function of x, speed, angle and turn was expected. Hand in its name."
    try:
        return _remark(answer)
    except ValueError as told:
        if "came" in str(told):
            return str(told)
        raise
