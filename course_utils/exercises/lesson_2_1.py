"""Exercises of lesson 2.1: how do four ways shrink one network?"""

import copy
from collections.abc import Callable

from course_utils.exercises import agree, exercise

# ---- 2.1.1


def count_parameters(first, second, hidden):
    conv1 = first * (1 * 3 * 3) + first
    conv2 = second * (first * 3 * 3) + second
    fc1 = hidden * (second * 8 * 8) + hidden  # 32 x 32, halved twice
    fc2 = 10 * hidden + 10
    return conv1 + conv2 + fc1 + fc2


def _counting(*, biases=1, places=64, inputs=1, classes=10) -> Callable:
    """The count with one thing counted wrongly."""
    return lambda first, second, hidden: (
        first * 9 + second * first * 9 * inputs + hidden * second * places + hidden * classes
        + biases * (first + second + hidden + 10)
    )  # fmt: skip


@exercise(
    "2.1.1",
    title="half as wide, how small?",
    minutes=10,
    difficulty=2,
    solution=count_parameters,
    hints=(
        "A convolution has one 3 × 3 block of weights for each pair of input and output channel, "
        "and one bias for each output channel. The picture has one channel.",
        "After two halvings the picture is 8 × 8, and `second` channels deep. A linear layer has "
        "one weight for each pair of input and output.",
        ("I get 268,352", "Ten are missing: the biases of the ten classes."),
        ("I am about 3 million too high", "The picture is halved twice before the linear layers."),
    ),
)
def _(answer):
    slips = [
        (_counting(biases=0), "The biases are missing: one for each filter, unit and class."),
        (_counting(places=1), "The first linear layer sees each of `second` channels at 8 × 8 "
         "places, not once."),
        (_counting(places=32 * 32), "You count 32 × 32 places. The picture is halved twice on "
         "its way: 8 × 8."),
        (_counting(places=6 * 6), "You count 6 × 6 places. Padding lets a convolution keep height "
         "and width; only the pooling halves them, to 8 × 8."),
        (lambda first, second, hidden: first * 10 + second * (first * 9 + 1)
         + hidden * (second * 64 + 1), "The last layer is missing: 10 classes."),
        (_counting(places=16 * 16), "You count 16 × 16 places. There are two halvings, not one."),
        (lambda first, second, hidden: first * 9 + second * 9 + hidden * second * 64
         + hidden * 10 + first + second + hidden + 10,
         "Each of conv2's filters has a 3 × 3 block for every one of the `first` channels."),
        (lambda first, second, hidden: 268_362 * hidden // 128,
         "You scale the whole in proportion to one width. Count layer by layer: a layer's weights "
         "grow with its inputs *times* its outputs."),
        (lambda first, second, hidden: count_parameters(first, second, hidden) - 10,
         "Ten are missing: the biases of the ten classes."),
        (lambda first, second, hidden: 268_362,
         "That is the course's network, whatever the widths. Use the three arguments."),
    ]  # fmt: skip
    cases = ((16, 32, 128), (8, 16, 64), (4, 32, 10), (3, 5, 7))
    return agree(answer, count_parameters, *cases, tolerance=1e-9, slips=slips)


# ---- 2.1.2


def break_even(value, place):
    # dense: n * value; sparse: n * (1 - share) * (value + place)
    return place / (value + place)


@exercise(
    "2.1.2",
    title="when do zeros pay?",
    minutes=10,
    difficulty=2,
    solution=break_even,
    hints=(
        "Take n weights, of which the share s is zero. Write down both lengths.",
        "Dense: n · value. Sparse: n · (1 − s) · (value + place). Set them equal and solve for s.",
        ("I get 0.67 for 4 and 2, it should be 0.33",
         "That is the share of weights that are left, not of the zeros."),
    ),
)  # fmt: skip
def _(answer):
    slips = [
        (lambda value, place: value / (value + place),
         "That is the share of weights that may be *left*. Asked is the share of zeros."),
        (lambda value, place: place / value,
         "You compare a place with a value. But each weight that is left takes both."),
        (lambda value, place: value / place, "Upside down: dear places need more zeros."),
        (lambda value, place: 100 * place / (value + place), "Shares are between 0 and 1, not "
         "per cent."),
        (lambda value, place: 1 - value / place if place > value else 0.0,
         "Each weight that is left takes `value + place` bytes, not `place` alone."),
        (lambda value, place: 0.5, "Half holds only when a place costs as much as a value."),
    ]  # fmt: skip
    return agree(answer, break_even, (4, 2), (4, 4), (1, 2), (0.5, 2), (4, 1), slips=slips)


# ---- 2.1.3


def pareto_front(rows):
    def dominates(a, b):
        better = (a["bytes"] < b["bytes"], a["time"] < b["time"], a["accuracy"] > b["accuracy"])
        worse = (a["bytes"] > b["bytes"], a["time"] > b["time"], a["accuracy"] < b["accuracy"])
        return any(better) and not any(worse)

    return [row["name"] for row in rows if not any(dominates(other, row) for other in rows)]


def _front(dominates: Callable) -> Callable:
    return lambda rows: [
        row["name"] for row in rows
        if not any(other is not row and dominates(other, row) for other in rows)
    ]  # fmt: skip


def _best_in_a_column(rows):
    keys = (lambda row: row["bytes"], lambda row: row["time"], lambda row: -row["accuracy"])
    best = {min(rows, key=key)["name"] for key in keys} if rows else set()
    return [row["name"] for row in rows if row["name"] in best]


def _row(name: str, size: float, time: float, accuracy: float) -> dict:
    return {"name": name, "bytes": size, "time": time, "accuracy": accuracy}


SHELVES = (
    [_row("large", 100, 1.0, 0.92), _row("small", 25, 1.0, 0.91), _row("poor", 50, 1.2, 0.90)],
    # beaten only with ties, and only in one column
    [_row("a", 50, 1.0, 0.92), _row("b", 60, 1.0, 0.92), _row("c", 50, 0.9, 0.80)],
    [_row("slow", 10, 5.0, 0.90), _row("quick", 20, 0.2, 0.90), _row("good", 30, 6.0, 0.95)],
    [_row("one", 10, 1.0, 0.9), _row("its twin", 10, 1.0, 0.9), _row("worse", 10, 1.0, 0.8)],
    # beaten by one that is itself beaten, the front out of order
    [_row("third", 30, 3.0, 0.7), _row("first", 10, 1.0, 0.9), _row("second", 20, 2.0, 0.8)],
    [_row("x", 10, 3.0, 0.8), _row("y", 30, 1.0, 0.8), _row("z", 30, 3.0, 0.9),
     _row("second in all", 20, 2.0, 0.85)],
    [_row("alone", 1, 1.0, 0.5)],
    [],
)


@exercise(
    "2.1.3",
    title="who is beaten?",
    minutes=10,
    difficulty=3,
    solution=pareto_front,
    hints=(
        "Write a small function first: does row a dominate row b?",
        "a dominates b when a is worse in no column and better in at least one.",
        "Keep a row when no other row dominates it.",
        ("Two equal rows both disappear",
         "Neither is better than the other in any column: `<=` everywhere is not enough."),
    ),
)  # fmt: skip
def _(answer):
    slips = [
        (_front(lambda a, b: a["bytes"] < b["bytes"] and a["time"] < b["time"]
                and a["accuracy"] > b["accuracy"]),
         "You ask for better in *every* column. A tie in one column must not save a row."),
        (lambda rows: [], "No row is left. Is each compared with itself? With `<=` and `>=` "
         "everywhere, a row beats itself."),
        (_best_in_a_column, "You keep the best of each column. A row that is second in all of "
         "them may still be beaten by nobody."),
        (_front(lambda a, b: a["bytes"] <= b["bytes"] and a["time"] <= b["time"]
                and a["accuracy"] >= b["accuracy"]),
         "Two rows that are equal in every column put each other out. One of the comparisons "
         "must be strict."),
        (_front(lambda a, b: a["bytes"] <= b["bytes"] and a["time"] <= b["time"]
                and a["accuracy"] <= b["accuracy"] and a != b),
         "More accuracy is better; you treat less as better."),
        (_front(lambda a, b: a["bytes"] <= b["bytes"] and a["accuracy"] >= b["accuracy"]
                and (a["bytes"] < b["bytes"] or a["accuracy"] > b["accuracy"])),
         "`\"time\"` is not looked at."),
        (_front(lambda a, b: a["time"] <= b["time"] and a["accuracy"] >= b["accuracy"]
                and (a["time"] < b["time"] or a["accuracy"] > b["accuracy"])),
         "`\"bytes\"` is not looked at."),
        (_front(lambda a, b: a["bytes"] < b["bytes"] or a["time"] < b["time"]
                or a["accuracy"] > b["accuracy"]),
         "Better in one column is not enough: the other row may be better elsewhere."),
        (lambda rows: sorted(pareto_front(rows)), "Keep the order of the rows."),
        (lambda rows: [row for row in rows if row["name"] in pareto_front(rows)],
         "Return the names, not the rows."),
        (lambda rows: [row["name"] for row in rows if row["name"] not in pareto_front(rows)],
         "Those are the beaten ones. Return the others."),
        (lambda rows: set(pareto_front(rows)), "Return a list, in the order of the rows."),
    ]  # fmt: skip
    return agree(answer, pareto_front, *((copy.deepcopy(shelf),) for shelf in SHELVES),
                 slips=slips)  # fmt: skip
