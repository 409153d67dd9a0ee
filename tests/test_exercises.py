"""The engine of the exercises: three states, specific remarks, and nothing a learner does escapes.

The exercises themselves are tested in tests/exercises; the laws that hold for all are at the end.
"""

import math
import re

import numpy as np
import pytest
import torch

from course_utils import exercises, home
from course_utils.exercises import agree, engine, expect, judge, verdict
from course_utils.plots import pareto_front

pytest_plugins = ["stand_ins"]

W = torch.tensor([0.26, -0.9, 0.5])


def codes(weights, scale):
    return (weights / scale).round()


def cut_off(weights, scale):
    return (weights / scale).trunc()


@pytest.fixture
def rounding(monkeypatch, learner):
    """Exercise 9.1.1: round weights to codes."""
    monkeypatch.setattr(engine, "_REGISTER", {})

    @exercises.exercise(
        "9.1.1", title="round & cut", minutes=10, difficulty=2, solution=pareto_front,
        reference=codes,
        hints=("Divide by `scale` first.", ("I get -0.0", "Turn it into integers.")),
    )  # fmt: skip
    def _(answer):
        return agree(answer, codes, (W, 0.5), slips=[(cut_off, "You cut off, 1.9 becomes 1.")])

    return "9.1.1"


def state(number, answer):
    return judge(number, answer).state


# ---- not tried


def empty(x): ...


def passing(x):
    pass


def described(x, *, y=3):
    """Promise.

    More.
    """
    ...


def raising(x):
    """Promise."""
    raise NotImplementedError


def raising_with_words(x):
    raise NotImplementedError("write me")


def returning(x):
    return ...


class EmptyNetwork(torch.nn.Module):
    def __init__(self): ...

    def forward(self, x): ...


@pytest.mark.parametrize(
    "answer",
    [None, ..., empty, passing, described, raising, raising_with_words, returning, EmptyNetwork,
     (..., ...), [None], lambda x: ..., lambda: None],
)  # fmt: skip
def test_not_tried(rounding, answer):
    assert judge(rounding, answer) == ("not tried", None)


offset = 3


def uses_outer():
    return offset


class Written(EmptyNetwork):
    def forward(self, x):
        return x


@pytest.mark.parametrize(
    "answer",
    [0, "", [], False, lambda x: 0, lambda x: x, lambda: 5, uses_outer, Written, (1, ...),
     torch.zeros(0), lambda x: print(x)],
)  # fmt: skip
def test_tried(answer):
    assert not verdict.untouched(answer)


def test_a_gap_left_inside_the_code_is_not_a_mistake(rounding):
    def partly(weights, scale):
        divided = weights / ...
        return divided.round()

    assert judge(rounding, partly) == ("not tried", "There is still a `...` to fill in.")
    assert "`...`" not in judge(rounding, lambda w, s: ...).state
    assert "to fill in" in judge(rounding, lambda w, s: [..., s][0]).remark


# ---- right and wrong


def test_right(rounding):
    assert judge(rounding, codes) == ("solved", None)
    assert state(rounding, lambda w, s: torch.round(w / s)) == "solved"


def test_a_known_slip_gets_its_own_remark(rounding):
    remark = judge(rounding, lambda w, s: torch.fix(w / s)).remark
    assert remark.startswith("You cut off, 1.9 becomes 1. For w = [0.26, -0.9, 0.5], s = 0.5:")
    assert "2 of 3 values differ" in remark


def test_another_mistake_does_not_get_the_slips_remark(rounding):
    remark = judge(rounding, lambda w, s: torch.round(w * s)).remark
    assert "cut off" not in remark


def test_an_answer_that_changes_its_input(rounding):
    def careless(weights, scale):
        return weights.div_(scale).round_()

    assert "changed its input" in judge(rounding, careless).remark


# ---- nothing escapes


def divides(weights, scale):
    nothing = 0
    return weights / nothing if scale > 1 else 1 / nothing


def recursive(weights, scale):
    return recursive(weights, scale)


def leaves(weights, scale):
    raise SystemExit(3)


def interrupted(weights, scale):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (divides, r"ZeroDivisionError: division by zero` at the line.*1 / nothing"),
        (recursive, r"RecursionError.*return recursive"),
        (leaves, r"SystemExit: 3.*raise SystemExit\(3\)"),
        (interrupted, "You stopped it"),
        (lambda: 3, r"takes 0 positional arguments"),
        (lambda w, s: w.reshape(7, 7), r"RuntimeError: shape '\[7, 7\]' is invalid"),
        (lambda w, s: print(end=""), r"nothing \(None\) came back. Is a `return` missing\?"),
        (lambda w, s: w.tolist(), r"a list of 3 came, a tensor of shape \(3,\) was expected"),
        (lambda w, s: w.numpy(), r"a numpy array of shape \(3,\) came"),
        (lambda w, s: (w / s).sum(), r"the shape \(\) came, \(3,\) was expected"),
        (lambda w, s: w / 0, r"Is something divided by zero"),
        (lambda w, s: (w - w) / 0, r"nan means not a number"),
        (lambda w, s: -codes(w, s), "Exactly the other sign"),
        (lambda w, s: codes, r"the function `codes` came"),
        (7, "A function was expected, 7 came"),
        ("codes", "A function was expected, the text 'codes' came"),
        (torch.zeros(2), r"A function was expected, a tensor of shape \(2,\) came"),
    ],
)
def test_every_mistake_has_a_remark(rounding, answer, words):
    result = judge(rounding, answer)
    assert result.state == "not yet"
    assert re.search(words, result.remark, re.S), result.remark


def test_the_line_shown_is_the_learners_not_ours_or_torchs(rounding):
    def deep(weights, scale):
        inner = lambda: torch.stack([weights, torch.zeros(7)])  # noqa: E731
        return inner()

    assert "torch.stack([weights" in judge(rounding, deep).remark


def test_a_check_that_fails_on_a_strange_answer_says_so(monkeypatch, learner):
    monkeypatch.setattr(engine, "_REGISTER", {})

    register = exercises.exercise(
        "9.1.2", title="t", minutes=1, difficulty=1, solution="answer = 1"
    )
    names = {"expect": expect}
    source = "def check(answer):\n    return expect(answer['bits'], 8)"
    exec(compile(source, str(engine.FOLDER / "lesson_9_1.py"), "exec"), names)
    register(names["check"])
    assert judge("9.1.2", {"bits": 8}).state == "solved"
    remark = judge("9.1.2", 8).remark
    assert remark.startswith("The check cannot work with this answer, 8: `TypeError")


def test_check_never_raises(notebook, learner, monkeypatch):
    card = exercises.check("9.9.9", 3)
    assert card.state == "not tried"
    assert "no exercise '9.9.9'; lesson 9.9 has none" in card.remark
    monkeypatch.setattr(verdict, "find", lambda number: 1 / 0)
    assert "could not be run" in exercises.check("9.9.9", 3).remark
    assert len(notebook) == 2


def test_progress_that_cannot_be_saved_is_told(rounding, monkeypatch):
    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(home, "write_json", full)
    card = exercises.check(rounding, codes)
    assert card.state == "solved"
    assert "could not be saved: disk full" in card.html


# ---- the card


def test_the_three_cards(rounding, notebook):
    for answer, words in [(empty, "◻"), (cut_off, "✗"), (codes, "✓")]:
        exercises.check(rounding, answer)
        assert words in notebook[-1]["text/html"]
    untried, wrong, right = (bundle["text/html"] for bundle in notebook)
    assert "not tried yet" in untried
    assert "not yet" in wrong
    assert "solved" in right
    assert all("round &amp; cut" in html for html in (untried, wrong, right))
    assert "You cut off" in wrong
    assert notebook[1]["text/plain"].startswith("✗ Exercise 9.1.1 — round & cut: not yet. You cut")


def test_hints_are_folded_in_order_and_gone_when_solved(rounding):
    html = exercises.check(rounding, empty).html
    titles = re.findall(r"<summary[^>]*>(.*?)</summary>", html)
    assert titles == ["Hint 1 of 2", "Hint 2 of 2: I get -0.0", "Solution"]
    assert "<details open" not in html
    assert html.count("<details") == html.count("</details>") == 3
    solved = exercises.check(rounding, codes).html
    assert re.findall(r"<summary[^>]*>(.*?)</summary>", solved) == [
        "Compare with the course&#x27;s solution"
    ]


def test_the_solution_is_the_tested_source(rounding):
    assert "def pareto_front" in engine.find(rounding).solution_source()
    assert "pareto_front" in exercises.check(rounding, empty).html


def test_a_remark_cannot_break_the_page(rounding):
    html = exercises.check(rounding, lambda w, s: "<script>alert(1)</script>").html
    assert "<script>" not in html
    assert html.count("<div") == html.count("</div>")


# ---- progress


def test_progress_counts_and_remembers(rounding):
    assert exercises.progress() == {}
    exercises.check(rounding, empty)
    assert exercises.progress() == {}, "a stub is not a try"
    exercises.check(rounding, cut_off)
    assert exercises.progress()[rounding] == {"state": "tried", "tries": 1}
    exercises.check(rounding, codes)
    assert exercises.progress()[rounding]["state"] == "solved"
    assert exercises.progress()[rounding]["tries"] == 2
    assert (home.folder() / "progress.json").is_file()


def test_solved_stays_solved_since_the_first_day(rounding):
    before = {"state": "solved", "tries": 1, "solved_on": "2020-01-02T03:04"}
    home.write_json(home.folder() / "progress.json", {"exercises": {rounding: before}})
    card = exercises.check(rounding, cut_off)
    assert card.state == "not yet"
    assert "it stays solved" in card.html
    exercises.check(rounding, codes)
    assert exercises.progress()[rounding] == {**before, "tries": 3}


def test_judging_alone_leaves_no_trace(rounding):
    judge(rounding, codes)
    assert exercises.progress() == {}


@pytest.mark.parametrize(
    "damage",
    [
        "{",
        "[]",
        '{"exercises": 3}',
        '{"exercises": {"9.1.1": 3}}',
        '{"exercises": {"9.1.1": {}}}',
        '{"exercises": {"9.1.1": {"tries": "many"}}}',
    ],
)
def test_a_damaged_progress_file_does_not_stop_a_learner(rounding, damage):
    (home.folder() / "progress.json").write_text(damage)
    exercises.progress()
    assert exercises.check(rounding, codes).state == "solved"
    assert exercises.progress()[rounding]["state"] == "solved"


def test_other_entries_are_kept(rounding):
    content = {
        "version": 1,
        "note": "mine",
        "exercises": {"1.1.1": {"state": "solved", "tries": 4}},
    }
    home.write_json(home.folder() / "progress.json", content)
    exercises.check(rounding, codes)
    after = home.read_json(home.folder() / "progress.json", {})
    assert after["exercises"]["1.1.1"] == {"state": "solved", "tries": 4}
    assert after["note"] == "mine"


# ---- comparisons


@pytest.mark.parametrize(
    ("got", "wanted"),
    [
        (1, 1.0), (torch.tensor(2.0), 2), (np.float32(0.1), 0.1), (1.00004, 1.0), (10000.9, 1e4),
        (7.0, 7), (torch.tensor(7), 7),
        (torch.ones(2, 3), torch.ones(2, 3)), (np.ones(2), np.ones(2)), ((1, 2), [1, 2]),
        ({"a": torch.zeros(2)}, {"a": torch.zeros(2)}), ("x", "x"), (True, True),
        (torch.tensor(True), True), (math.nan, math.nan),
        (torch.tensor([math.inf, math.nan]), torch.tensor([math.inf, math.nan])),
        (torch.ones(2, dtype=torch.bfloat16), torch.ones(2)), (None, None),
        (torch.ones(2, requires_grad=True), torch.ones(2)), ([[1, 2], [3]], [[1, 2], [3]]),
        (torch.eye(2).to_sparse(), torch.eye(2)),
        (torch.nn.Parameter(torch.ones(2)), torch.ones(2)),
    ],
)  # fmt: skip
def test_equal(got, wanted):
    assert expect(got, wanted) is None


@pytest.mark.parametrize("got", [10_001, 9_999.0, 10_000.4])
def test_a_count_is_right_or_wrong(got):
    """A tolerance made for rounding would let a whole byte pass."""
    assert "10000 was expected" in expect(got, 10_000)


@pytest.mark.parametrize(
    ("got", "wanted", "words"),
    [
        (1.001, 1.0, "1.001 came, 1 was expected."),
        (10002, 10000, "10002 came, 10000 was expected."),
        (None, 1, "Nothing (None) came back. Is a `return` missing?"),
        (..., 1, "There is still a `...` to fill in."),
        ("1", 1, "The text '1' came, one number was expected."),
        (True, 1, "True came, one number was expected."),
        (1, True, "1 came, True was expected."),
        ([1], 1, "A list of 1 came, one number was expected."),
        (torch.ones(1), 1, "A tensor of shape (1,) came, one number was expected."),
        (math.nan, 1, "nan means not a number"),
        (math.inf, 1, "divided by zero"),
        (7, math.inf, "7 came, inf was expected."),
        (-math.inf, math.inf, "inf was expected."),
        (50, 0.5, "a percentage instead of a share?"),
        (0.005, 0.5, "a share instead of a percentage?"),
        (-3, 3, "Exactly the other sign."),
        (torch.ones(2, 3), torch.ones(3, 2), "Are rows and columns exchanged?"),
        (torch.ones(3), torch.ones(3, 2), "The shape (3,) came, (3, 2) was expected."),
        ((1, 2), [1, 2, 3], "2 values came, 3 were expected."),
        ([1, 2], [1, 3], "At 1, 2 came, 3 was expected."),
        ({"a": 1}, {"b": 1}, "The keys ['a'] came, ['b'] were expected."),
        ({"a": 1}, {"a": 2}, "At 'a', 1 came, 2 was expected."),
        (3, [3], "3 came, a list of 1 was expected."),
        (3, None, "3 came, None was expected."),
        (
            torch.tensor([1, math.nan]),
            torch.tensor([1.0, 2.0]),
            "position 1 came nan, expected was 2.",
        ),
    ],
)
def test_different(got, wanted, words):
    assert words in expect(got, wanted)


def test_the_worst_place_is_named():
    wanted = torch.zeros(2, 3)
    got = wanted.clone()
    got[0, 1], got[1, 2] = 0.1, -0.5
    remark = expect(got, wanted, "for a share of 0.5")
    assert remark == (
        "For a share of 0.5: 2 of 6 values differ; at position (1, 2) came -0.5, expected was 0."
    )


def test_tolerance_and_dtype():
    assert expect(1.05, 1, tolerance=0.1) is None
    assert expect(1.2, 1, tolerance=0.1)
    whole = torch.tensor([1, 2])
    assert expect(whole.float(), whole) is None
    assert "type is torch.float32, expected was torch.int64" in expect(
        whole.float(), whole, same_dtype=True
    )


def test_agree_tells_the_first_input_that_differs():
    remark = agree(lambda x: abs(x), lambda x: x, (1,), {"x": 2}, (-3,))
    assert remark == "For x = -3: 3 came, -3 was expected. Exactly the other sign."


def test_agree_protects_the_inputs_of_both():
    shared = torch.tensor([3.0, 1.0])
    agree(lambda x: x.sort().values.mul_(2), lambda x: x.mul_(2), (shared,))
    assert shared.tolist() == [3.0, 1.0]


def test_agree_notices_changed_lists_and_networks():
    def popping(values):
        values.pop()
        return 3

    assert "changed its input" in agree(popping, lambda values: 3, ([1, 2],))

    def zeroing(network):
        with torch.no_grad():
            network.weight.zero_()
        return 3

    assert "changed its input" in agree(zeroing, lambda network: 3, (torch.nn.Linear(2, 2),))
    assert agree(lambda network: 3, lambda network: 3, (torch.nn.Linear(2, 2),)) is None


def test_agree_gives_both_the_same_randomness():
    def noise(generator):
        return torch.randn(3, generator=generator)

    assert agree(noise, noise, (torch.Generator().manual_seed(1),)) is None


def test_a_slip_that_crashes_is_not_the_slip():
    remark = agree(lambda x: 0, lambda x: x, (1,), slips=[(lambda x: 1 / 0, "you crash")])
    assert "crash" not in remark


def test_prints_are_not_repeated_by_the_search_for_slips(capsys):
    def chatty(x):
        print("called")
        return 0

    agree(chatty, lambda x: x, (1,), slips=[(lambda x: 2, "a"), (lambda x: 3, "b")])
    assert capsys.readouterr().out == "called\n"


# ---- the register


def test_bad_registrations_are_told():
    good = {"title": "t", "minutes": 1, "solution": "answer = 1"}
    with pytest.raises(ValueError, match="difficulty is 1, 2 or 3, got 4"):
        exercises.exercise("9.1.1", difficulty=4, **good)
    with pytest.raises(ValueError, match="hints are texts"):
        exercises.exercise("9.1.1", difficulty=1, hints="one", **good)
    with pytest.raises(ValueError, match="hints are texts"):
        exercises.exercise("9.1.1", difficulty=1, hints=[("a", "b", "c")], **good)


def test_solutions_as_text(monkeypatch):
    monkeypatch.setattr(engine, "_REGISTER", {})
    for number, text in [
        ("9.1.1", "def f(x):\n    return x + 1\n"),
        ("9.1.2", "import math\nanswer = math.pi"),
    ]:
        exercises.exercise(number, title="t", minutes=1, difficulty=1, solution=text)(
            lambda a: None
        )
    assert engine.find("9.1.1").answer()(2) == 3
    assert engine.find("9.1.2").answer() == math.pi
    exercises.exercise("9.1.3", title="t", minutes=1, difficulty=1, solution=(codes, cut_off))(
        lambda a: None
    )
    assert engine.find("9.1.3").answer() is codes
    assert engine.find("9.1.3").solution_source().count("def ") == 2


def test_the_lesson_of_a_number():
    assert engine._lesson_of("3.2.1") == "3_2"
    assert engine._lesson_of("0.1") == "0"


# ---- laws for every exercise of the course


def describe(answer):
    return getattr(answer, "__name__", answer)


@pytest.mark.parametrize("number", exercises.numbers())
def test_reference_solves_it_and_junk_does_not(number):
    one = exercises.find(number)
    assert judge(number, one.answer()) == ("solved", None)
    assert judge(number, ...).state == "not tried"
    assert judge(number, empty).state == "not tried"
    for junk in ("junk", object(), -12345.678, lambda *_, **__: "junk", lambda: 0, [], {}):
        result = judge(number, junk)
        assert result.state == "not yet", f"{junk!r} counts as solved"
        assert len(result.remark) > 15


@pytest.mark.parametrize("number", exercises.numbers())
def test_heading_hints_and_solution_are_there(number):
    one = exercises.find(number)
    assert one.title
    assert 1 <= one.minutes <= 60
    assert len(one.hints) >= 2, "hints come in tiers"
    compile(one.solution_source(), number, "exec")


@pytest.mark.parametrize("lesson", exercises.lessons())
def test_the_outline_read_from_the_file_is_the_register(lesson):
    outline = exercises.outline(lesson)
    assert outline, "a lesson's file registers exercises"
    for entry in outline:
        one = exercises.find(entry.number)
        assert entry == (one.number, one.title, one.minutes, one.difficulty)
        assert engine._lesson_of(entry.number) == lesson


def test_a_remark_shows_whole_numbers_whole_and_functions_by_name():
    def sign(x):
        return 1

    wrong = lambda rows, rule: 0  # noqa: E731
    right = lambda rows, rule: 1  # noqa: E731
    for rows in (torch.tensor([3, 1]), np.array([3, 1])):
        said = exercises.agree(wrong, right, (rows, sign))
        assert "rows = [3, 1], rule = the function `sign`" in said
    assert "x = [0.5]" in exercises.agree(lambda x: 0, lambda x: 1, (torch.tensor([0.5]),))
