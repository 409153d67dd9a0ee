"""The quizzes: one JSON file a lesson, in the form that jupyterquiz reads."""

import json
from pathlib import Path
from typing import Any

from course_utils import page

FOLDER = Path(__file__).parent
_COLOURS = {
    "--jq-multiple-choice-bg": "#1f4e79",
    "--jq-many-choice-bg": "#1f4e79",
    "--jq-numeric-bg": "#1f4e79",
    "--jq-incorrect-color": "#c4480a",
    "--jq-correct-color": "#00805a",
}


# jupyterquiz's letters are twice the page's; a selector of higher rank brings them down
_LOOK = """<style>
div > .Quiz { font-size: 15px; line-height: 1.35; margin: 12px 0 0 0; }
div > .Quiz .MCButton { font-size: 14px; padding: 7px 12px; text-align: left;
  justify-content: flex-start; }
div > .Quiz .Feedback { font-size: 14px; text-align: left; padding: 0 4px; }
div > .Quiz .InpLabel { font-size: 14px; color: inherit; }
div > .Quiz .Input-text { font-size: 14px; line-height: 1.3; color: #101010; }
</style>"""


def available() -> list[str]:
    """The lessons that have a quiz, such as "3_2"."""
    return sorted(file.stem for file in FOLDER.glob("*.json"))


def load(name: str) -> list[dict[str, Any]]:
    """The questions of a lesson's quiz; those of one part under the same "part", its heading.

    Raises:
        FileNotFoundError: that lesson has no quiz.
    """
    if name not in available():
        raise FileNotFoundError(f"no quiz {name!r}; there are {', '.join(available()) or 'none'}")
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def parts(questions: list[dict]) -> dict[str, list[dict]]:
    """Questions by the heading of their part, without it; under "" those of no part."""
    found: dict[str, list[dict]] = {}
    for question in questions:
        plain = {key: value for key, value in question.items() if key != "part"}
        found.setdefault(question.get("part", ""), []).append(plain)
    return found


def show(name: str) -> page.Shown:
    """Show a quiz that answers at once; a folded list of questions without jupyterquiz."""
    whole = parts(marked(load(name)))
    shown = page.Shown("".join(_heading(part) + _folded(some) for part, some in whole.items()),
                       "\n".join(_text(part, some) for part, some in whole.items()))  # fmt: skip
    if not page.in_notebook():
        return shown
    try:
        from jupyterquiz import display_quiz
    except ImportError:
        return shown.put()
    for part, questions in whole.items():
        page.Shown(_LOOK + _heading(part), part).put()
        display_quiz(questions, colors=_COLOURS, max_width=700, border_radius=6)
    return page.Shown("", "").placed()


def _heading(part: str) -> str:
    return f"<h3>{page.escape(part)}</h3>" if part else ""


def marked(questions: list[dict]) -> list[dict]:
    """The questions in one column, with "✓ Right." or "✗ Not this one." before each feedback."""
    return [
        {"answer_cols": 1, **q, "answers": [_marked(a) for a in q["answers"]]} for q in questions
    ]


def _marked(answer: dict) -> dict:
    sign = "✓ Right. " if answer.get("correct") else "✗ Not this one. "
    return {**answer, "feedback": sign + answer["feedback"]}


def _folded(questions: list[dict]) -> str:
    parts = []
    for number, question in enumerate(questions, 1):
        answers = "".join(page.folded(_said(a), a["feedback"]) for a in question["answers"])
        parts.append(f"<p><b>{number}.</b> {question['question']}</p>{answers}")
    return "".join(parts)


def _text(part: str, questions: list[dict]) -> str:
    lines = [part] if part else []
    for number, question in enumerate(questions, 1):
        lines.append(f"{number}. {page.plain(page.Html(question['question']))}")
        lines += [f"   - {page.plain(page.Html(_said(a)))}" for a in question["answers"]]
    return "\n".join(lines)


def _said(answer: dict) -> page.Html:
    said = answer.get("answer", answer.get("value", answer.get("range", "anything else")))
    return page.Html(said)


def problems(questions: Any) -> list[str]:
    """What is wrong with a quiz, in words; an empty list when nothing is."""
    if not isinstance(questions, list) or len(questions) < 3:
        return ["a quiz is a list of at least 3 questions"]
    found = []
    for number, question in enumerate(questions, 1):
        found += [f"question {number}: {words}" for words in _question_problems(question)]
    return found or _giveaways(questions)


def _question_problems(question: dict) -> list[str]:
    kind, answers = question.get("type"), question.get("answers", [])
    if kind not in ("multiple_choice", "many_choice", "numeric"):
        return [f"type {kind!r} is none of multiple_choice, many_choice, numeric"]
    found = [] if str(question.get("question", "")).strip() else ["has no text"]
    for answer in answers:
        if len(str(answer.get("feedback", "")).strip()) < 15:
            found.append(f"answer {_said(answer)!r} needs feedback that explains (15 letters)")
        if not isinstance(answer.get("correct"), bool):
            found.append(f"answer {_said(answer)!r} must say whether it is correct")
    said = [str(a.get("feedback", "")).strip() for a in answers]
    if len(set(said)) < len(said):
        found.append("two answers have the same feedback")
    right = sum(a.get("correct") is True for a in answers)
    return found + (_numeric(answers) if kind == "numeric" else _choices(kind, answers, right))


def _choices(kind: str, answers: list[dict], right: int) -> list[str]:
    found = [] if len(answers) >= 3 else [f"needs at least 3 choices, has {len(answers)}"]
    if not all(str(a.get("answer", "")).strip() for a in answers):
        found.append("a choice has no text")
    if kind == "multiple_choice" and right != 1:
        found.append(f"multiple_choice needs exactly 1 right answer, has {right}")
    if kind == "many_choice" and not 2 <= right < len(answers):
        found.append(
            f"many_choice needs 2 or more right answers and a wrong one, has {right} right"
        )
    return found


def _numeric(answers: list[dict]) -> list[str]:
    found = []
    if not any(a.get("correct") and ("value" in a or "range" in a) for a in answers):
        found.append("numeric needs a right value or range")
    if sum(a.get("type") == "default" for a in answers) != 1:
        found.append('numeric needs one {"type": "default"} answer for everything else')
    return found


def _giveaways(questions: list[dict]) -> list[str]:
    """Patterns by which the right answer could be picked without reading."""
    single = [q["answers"] for q in questions if q["type"] == "multiple_choice"]
    if len(single) < 2:
        return []
    places = {next(i for i, a in enumerate(answers) if a["correct"]) for answers in single}
    found = ["the right answer always stands in the same place"] if len(places) == 1 else []
    for word, pick in (("longest", max), ("shortest", min)):
        if sum(_stands_out(answers, pick) for answers in single) > (len(single) + 1) // 2:
            found.append(f"the right answer is the {word} in more than half of the questions")
    return found


def _stands_out(answers: list[dict], pick: Any) -> bool:
    lengths = [len(a["answer"]) for a in answers]
    right = next(len(a["answer"]) for a in answers if a["correct"])
    return right == pick(lengths) and lengths.count(right) == 1
