"""The checks of lesson 2.1 accept the reference and name each plausible slip."""

import pytest
from remarks import remark

from course_utils import measure, models
from course_utils.exercises import judge
from course_utils.exercises import lesson_2_1 as lesson


@pytest.mark.parametrize("widths", [(16, 32, 128), (8, 16, 64), (1, 2, 3)])
def test_the_count_is_the_networks(widths):
    network = models.SimplifiedCNN(channels=widths[:2], hidden=widths[2])
    assert lesson.count_parameters(*widths) == measure.parameters(network)


@pytest.mark.parametrize(
    "wrong, words",
    [
        (lambda f, s, h: 9 * f + 9 * f * s + 64 * s * h + 10 * h, "biases are missing"),
        (lambda f, s, h: 10 * f + 9 * f * s + s + s * h + h + 10 * h + 10, "8 × 8 places"),
        (lambda f, s, h: 10 * f + 9 * f * s + s + 1024 * s * h + h + 10 * h + 10, "halved twice"),
        (lambda f, s, h: 10 * f + 9 * f * s + s + 36 * s * h + h + 10 * h + 10, "6 × 6"),
        (lambda f, s, h: 10 * f + 9 * f * s + s + 64 * s * h + h, "last layer is missing"),
        (lambda f, s, h: 10 * f + 10 * s + 64 * s * h + h + 10 * h + 10, "for every one of"),
        (lambda f, s, h: 268362 * h // 128, "layer by layer"),
        (lambda f, s, h: lesson.count_parameters(f, s, h) - 10, "biases of the ten classes"),
    ],
)
def test_slips_in_counting_are_named(wrong, words):
    assert words in remark("2.1.1", wrong)


def test_break_even_is_where_both_files_are_equally_long():
    for value, place in ((4, 2), (1, 3)):
        zeros = lesson.break_even(value, place)
        assert (1 - zeros) * (value + place) == pytest.approx(value)


@pytest.mark.parametrize(
    "wrong, words",
    [
        (lambda v, p: v / (v + p), "share of zeros"),
        (lambda v, p: p / v, "takes both"),
        (lambda v, p: 100 * p / (v + p), "per cent"),
        (lambda v, p: 0.5, "Half holds only"),
    ],
)
def test_slips_at_the_break_even_are_named(wrong, words):
    assert words in remark("2.1.2", wrong)


def front(dominates):
    return lambda rows: [
        b["name"] for b in rows if not any(a is not b and dominates(a, b) for a in rows)
    ]


def as_good(a, b):
    return a["bytes"] <= b["bytes"] and a["time"] <= b["time"] and a["accuracy"] >= b["accuracy"]


@pytest.mark.parametrize(
    "wrong, words",
    [
        (front(lambda a, b: a["bytes"] < b["bytes"] and a["time"] < b["time"]
               and a["accuracy"] > b["accuracy"]), "A tie in one column"),
        (front(as_good), "must be strict"),
        (front(lambda a, b: a["bytes"] < b["bytes"] or a["time"] < b["time"]
               or a["accuracy"] > b["accuracy"]), "Better in one column is not enough"),
        (lambda rows: sorted(lesson.pareto_front(rows)), "order of the rows"),
        (lambda rows: [r for r in rows if r["name"] in lesson.pareto_front(rows)], "the names"),
        (lambda rows: [], "beats itself"),
        (lambda rows: [] if not rows else [r["name"] for r in rows if r["name"] in {
            min(rows, key=lambda r: r["bytes"])["name"], min(rows, key=lambda r: r["time"])["name"],
            max(rows, key=lambda r: r["accuracy"])["name"]}], "best of each column"),
    ],
)  # fmt: skip
def test_slips_at_the_front_are_named(wrong, words):
    assert words in remark("2.1.3", wrong)


def test_rows_that_tie_in_all_but_one_column_are_beaten():
    """`as_good and a != b` is right by values; only twins of the same name would differ."""
    right = front(lambda a, b: as_good(a, b) and not as_good(b, a))
    assert judge("2.1.3", right).state == "solved"


def test_a_fraction_is_a_number_too():
    from fractions import Fraction

    right = judge("2.1.2", lambda v, p: Fraction(p) / (Fraction(v) + Fraction(p)))
    assert right.state == "solved"
