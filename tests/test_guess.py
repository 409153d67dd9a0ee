"""Guess first: what is asked, what is kept, and what the learner reads afterwards."""

import math

import pytest
import torch

from course_utils import lesson
from course_utils.reveal import nearest

pytest_plugins = ["stand_ins"]

WIDGET = "application/vnd.jupyter.widget-view+json"


def ask(choices=(0, 5, 50), **options):
    return lesson.predict("It falls by …", list(choices), **options)


@pytest.mark.parametrize(
    ("outcome", "choices", "right"),
    [
        (2.4, [1, 2, 3], 2),
        (2.6, [3, 1, 2], 3),
        (40, [1, 10, 100], 100),
        (30, [1, 10, 100], 10),
        (20, [0, 5, 50], 50),
        (15, [0, 5, 50], 5),
        (2.4, [0, 5, 50], 0),
        (2.6, [0, 5, 50], 5),
        (-9, [-10, 0, 100], -10),
        (60, [-10, 0, 100], 100),
        (45, [-10, 0, 100], 0),
        (1e9, [1, 2], 2),
        (-1e9, [1, 2], 1),
        (1.5, [1, 2], 1),
        (5, [0, 5, 50], 5),
    ],
)
def test_the_nearest_choice(outcome, choices, right):
    assert nearest(outcome, choices) == right


def test_every_choice_is_its_own_nearest():
    for choices in ([0, 5, 50], [1, 10, 100], [-3, 0, 3], [0.01, 0.5, 90]):
        assert [nearest(c, choices) for c in choices] == choices


def test_a_right_guess():
    guess = ask(unit="points")
    guess.choose(0)
    shown = guess.reveal(torch.tensor(0.31))
    assert shown.right is True
    assert shown.text == "✓ You guessed 0 points. It came out as 0.31 points: the nearest choice."


def test_a_wrong_guess_shows_the_gap():
    guess = ask(unit="points")
    guess.choose(50)
    shown = guess.reveal(3.2, note="Rounding errors cancel.")
    assert shown.right is False
    assert shown.text == (
        "≠ You guessed 50 points. It came out as 3.2 points, so 5 points was the nearest choice: "
        "your guess was 46.8 points too high. Rounding errors cancel."
    )


def test_too_low_is_not_too_high():
    guess = ask([1, 2])
    guess.choose(1)
    assert "1 too low" in guess.reveal(2).text
    assert "nearest" not in guess.reveal(2).text, "2 is a choice itself"


def test_no_guess():
    shown = ask().reveal(3.2)
    assert shown.right is None
    assert "No guess was made" in shown.text
    assert "nearest choice is 5" in shown.text


def test_a_guess_made_afterwards_updates_what_is_shown():
    guess = ask()
    first, second = guess.reveal(3.2), guess.reveal(49)
    guess.choose(5)
    assert (first.right, second.right) == (True, False)
    assert "You guessed" in first.widget.value
    assert "You guessed" in second.widget.value
    guess.choose(50)
    assert (first.right, second.right) == (False, True)


def test_text_choices():
    guess = lesson.predict("It is", ["faster", "as fast", "slower"])
    guess.choose("faster")
    shown = guess.reveal("as fast")
    assert shown.right is False
    assert shown.text == "≠ You guessed faster. It came out as fast."
    guess.choose("as fast")
    assert shown.text == "✓ You guessed as fast. It came out as fast: right."


def test_reveal_of_what_was_not_offered_is_an_authors_mistake():
    with pytest.raises(ValueError, match=r"one of the choices \['a', 'b'\], got 'c'"):
        lesson.predict("x", ["a", "b"]).reveal("c")
    with pytest.raises(ValueError, match=r"takes a number here, got 'a' \(str\)"):
        ask().reveal("a")
    with pytest.raises(ValueError, match="takes a number"):
        ask().reveal(torch.zeros(3))


@pytest.mark.parametrize("outcome", [math.nan, math.inf])
def test_an_outcome_that_is_no_number_gets_words(outcome):
    guess = ask()
    guess.choose(5)
    assert "no number that a guess can be compared with" in guess.reveal(outcome).text


def test_a_free_guess():
    guess = lesson.predict("Accuracy falls by", between=(0, 100), unit="points")
    guess.choose(40)
    assert guess.reveal(3.2).text == (
        "≠ You guessed 40 points. It came out as 3.2 points: 36.8 points too high."
    )
    guess.choose(4)
    assert guess.reveal(3.2).text.startswith("✓")
    assert guess.reveal(4).text.endswith("exactly right.")


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"choices": [1, 2], "between": (0, 1)},
        {"choices": [1]},
        {"choices": "ab"},
        {"choices": [1, 1]},
    ],
)
def test_badly_asked(wrong):
    with pytest.raises(ValueError, match="predict needs"):
        lesson.predict("x", **wrong)


def test_a_guess_outside_is_refused():
    with pytest.raises(ValueError, match="the choices are"):
        ask().choose(7)
    with pytest.raises(ValueError, match=r"in \[0, 1\], got 2"):
        lesson.predict("x", between=(0, 1)).choose(2)


def test_the_widget_and_the_guess_are_in_step():
    guess = ask()
    assert guess.made is None
    assert guess.control.value is None, "nothing is chosen for the learner"
    guess.control.value = 2
    assert guess.made == 50
    guess.choose(5)
    assert guess.control.value == 1
    free = lesson.predict("x", between=(0.0, 1.0), step=0.05)
    assert free.made is None
    free.control.value = 0.25
    assert free.made == 0.25
    assert "0.25" in free._status.value


def test_question_and_answer_have_a_still_form(notebook):
    guess = ask(unit="points")
    guess.reveal(3)
    for bundle in notebook:
        assert WIDGET in bundle
        assert set(bundle) == {WIDGET, "text/html", "text/plain"}
    assert "<li>50 points</li>" in notebook[0]["text/html"]
    assert "It came out as <b>3 points</b>" in notebook[1]["text/html"]


def test_without_ipywidgets(notebook, no_widgets):
    guess = ask(unit="points")
    guess.choose(5)
    guess.reveal(3)
    lesson.predict("x", between=(0, 1))
    assert all(set(bundle) == {"text/html", "text/plain"} for bundle in notebook)
    assert "<li>50 points</li>" in notebook[0]["text/html"]
    assert "✓ You guessed 5 points" in notebook[1]["text/plain"]


def test_the_statement_is_escaped():
    guess = lesson.predict("is <b> `x < y`?", ["<i>", "no"])
    assert "&lt;b&gt;" in guess.html
    assert "<li>&lt;i&gt;</li>" in guess.html
