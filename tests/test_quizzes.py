"""Every quiz is well formed and gives nothing away; the examiner of quizzes is examined too."""

import copy
import json

import pytest

from course_utils import lesson, quizzes, syllabus

pytest_plugins = ["stand_ins"]

GOOD = [
    {
        "type": "multiple_choice",
        "question": "How many 4-bit codes does a byte hold?",
        "answers": [
            {"answer": "one", "correct": False, "feedback": "A byte has 8 bits, one code needs 4."},
            {"answer": "two of them", "correct": True, "feedback": "4 and 4 make 8 bits."},
            {"answer": "four", "correct": False, "feedback": "That would be 2 bits for each."},
        ],
    },
    {
        "type": "multiple_choice",
        "question": "Which rounding is unbiased?",
        "answers": [
            {"answer": "nearest", "correct": True, "feedback": "Errors cancel on average."},
            {"answer": "downwards", "correct": False, "feedback": "Every error has one sign."},
            {"answer": "truncation", "correct": False, "feedback": "It always moves towards 0."},
        ],
    },
    {
        "type": "many_choice",
        "question": "Which two change the file's size?",
        "answers": [
            {"answer": "packing", "correct": True, "feedback": "Several codes share one byte."},
            {"answer": "a mask", "correct": False, "feedback": "A zero float is still a float."},
            {"answer": "fewer filters", "correct": True, "feedback": "They are simply not there."},
        ],
    },
    {
        "type": "numeric",
        "question": "How many levels do 3 bits have?",
        "answers": [
            {"type": "value", "value": 8, "correct": True, "feedback": "2 to the power of 3."},
            {"type": "default", "correct": False, "feedback": "Each bit doubles the count."},
        ],
    },
]


@pytest.mark.parametrize("name", quizzes.available())
def test_quiz(name):
    assert quizzes.problems(quizzes.load(name)) == []


PARTS = quizzes.parts(quizzes.load("6"))


def test_the_self_test_has_thirty_questions_in_parts_of_six():
    assert [len(part) for part in PARTS.values()] == [6] * 5


def test_parts_keep_every_question_and_its_order():
    questions = [{"part": "A", "question": 1}, {"part": "B", "question": 2}, {"question": 3},
                 {"part": "A", "question": 4}]  # fmt: skip
    assert quizzes.parts(questions) == {
        "A": [{"question": 1}, {"question": 4}], "B": [{"question": 2}], "": [{"question": 3}],
    }  # fmt: skip
    assert questions[0]["part"] == "A", "the questions given stay as they were"


@pytest.mark.parametrize("part", PARTS)
def test_no_part_gives_its_answers_away(part):
    assert quizzes.problems(PARTS[part]) == []


def test_parts_are_shown_under_their_headings(monkeypatch, notebook):
    shown = []
    fake = type("jupyterquiz", (), {"display_quiz": lambda questions, **_: shown.append(questions)})
    monkeypatch.setitem(__import__("sys").modules, "jupyterquiz", fake)
    quizzes.show("6")
    assert [len(questions) for questions in shown] == [6] * 5
    assert not any("part" in question for questions in shown for question in questions)
    headings = [bundle["text/html"].split("<h3>")[1] for bundle in notebook]
    assert [heading.split("</h3>")[0] for heading in headings] == list(PARTS)


def test_without_jupyterquiz_parts_have_headings_too(monkeypatch, notebook):
    monkeypatch.setitem(__import__("sys").modules, "jupyterquiz", None)
    quizzes.show("6")
    (bundle,) = notebook
    assert bundle["text/html"].count("<h3>") == 5
    assert all(part in bundle["text/plain"] for part in PARTS)


@pytest.mark.parametrize("name", quizzes.available())
def test_each_quiz_belongs_to_a_lesson(name):
    assert name in {entry.number.replace(".", "_") for entry in syllabus.LESSONS}


def test_the_good_quiz_is_good():
    assert quizzes.problems(GOOD) == []


def spoil(number, change):
    questions = copy.deepcopy(GOOD)
    change(questions[number])
    return " ".join(quizzes.problems(questions))


def everything_right(question):
    for answer in question["answers"]:
        answer["correct"] = True


BAD = {
    "needs exactly 1 right answer, has 3": (0, everything_right),
    "needs exactly 1 right answer, has 0": (0, lambda q: q["answers"][1].update(correct=False)),
    "a wrong one": (2, everything_right),
    "2 or more": (2, lambda q: q["answers"][0].update(correct=False)),
    "needs feedback that explains": (1, lambda q: q["answers"][2].update(feedback="No.")),
    "must say whether": (1, lambda q: q["answers"][2].pop("correct")),
    "same feedback": (
        1,
        lambda q: q["answers"][2].update(feedback=q["answers"][1]["feedback"]),
    ),
    "at least 3 choices": (1, lambda q: q["answers"].pop()),
    "a choice has no text": (1, lambda q: q["answers"][0].update(answer=" ")),
    "has no text": (1, lambda q: q.pop("question")),
    "none of multiple_choice": (1, lambda q: q.update(type="free_text")),
    "a right value or range": (3, lambda q: q["answers"][0].update(correct=False)),
    '"default"': (3, lambda q: q["answers"].pop()),
}


@pytest.mark.parametrize("words", BAD)
def test_each_fault_is_named(words):
    assert words in spoil(*BAD[words])


def test_too_few_questions():
    assert quizzes.problems(GOOD[:2])
    assert quizzes.problems({"questions": GOOD})


def with_right(place, length):
    """Four questions whose right answer stands at `place(n)` and is of `length(n)` letters."""
    questions = []
    for n in range(4):
        question = copy.deepcopy(GOOD[0])
        wrong = [a for a in question["answers"] if not a["correct"]]
        for answer in wrong:
            answer["answer"] = "x" * 10
        right = {"answer": "y" * length(n), "correct": True, "feedback": f"because of reason {n}"}
        question["answers"] = [*wrong[: place(n)], right, *wrong[place(n) :]]
        questions.append(question)
    return " ".join(quizzes.problems(questions))


def test_giveaways_are_found():
    assert "same place" in with_right(lambda n: 0, lambda n: 10)
    assert "longest" in with_right(lambda n: n % 3, lambda n: 12 if n else 10)
    assert "shortest" in with_right(lambda n: n % 3, lambda n: 8 if n else 10)
    assert with_right(lambda n: n % 3, lambda n: 12 if n % 2 else 8) == ""
    assert with_right(lambda n: n % 3, lambda n: 10) == "", "equal lengths give nothing away"


def test_feedback_says_right_or_not_in_words():
    marked = quizzes.marked(GOOD)
    for before, after in zip(GOOD, marked, strict=True):
        for old, new in zip(before["answers"], after["answers"], strict=True):
            sign = "✓ Right." if old["correct"] else "✗ Not this one."
            assert new["feedback"] == f"{sign} {old['feedback']}"
    assert "✓" not in json.dumps(GOOD, ensure_ascii=False), "the questions given stay as they were"


def test_an_unknown_quiz_says_which_there_are(monkeypatch, tmp_path):
    monkeypatch.setattr(quizzes, "FOLDER", tmp_path)
    (tmp_path / "3_2.json").write_text(json.dumps(GOOD))
    with pytest.raises(FileNotFoundError, match=r"'9_9'.*3_2"):
        quizzes.load("9_9")
    assert quizzes.load("3_2") == GOOD


def test_in_plain_python_a_quiz_is_its_words(monkeypatch, tmp_path):
    monkeypatch.setattr(quizzes, "FOLDER", tmp_path)
    (tmp_path / "3_2.json").write_text(json.dumps(GOOD))
    shown = lesson.quiz("3.2")
    assert "1. How many 4-bit codes does a byte hold?" in repr(shown)
    assert "   - two of them" in repr(shown)


def test_without_jupyterquiz_the_answers_unfold(monkeypatch, tmp_path, notebook):
    monkeypatch.setattr(quizzes, "FOLDER", tmp_path)
    monkeypatch.setitem(__import__("sys").modules, "jupyterquiz", None)
    (tmp_path / "3_2.json").write_text(json.dumps(GOOD))
    quizzes.show("3_2")
    (bundle,) = notebook
    assert bundle["text/html"].count("<details") == sum(len(q["answers"]) for q in GOOD)
    assert "✓ Right. 4 and 4 make 8 bits." in bundle["text/html"]
