"""The card that a check shows: state, remark, folded hints, folded solution."""

import traceback
from typing import Any

from course_utils import page
from course_utils.exercises import engine, grading, record, verdict

_LOOKS = {
    verdict.NOT_TRIED: ("◻", "not tried yet", "#8a8a8a"),
    verdict.NOT_YET: ("✗", "not yet", "#D55E00"),
    verdict.SOLVED: ("✓", "solved", "#009E73"),
}


class Card(page.Shown):
    """What `check` shows. `state` is "not tried", "not yet" or "solved"; `remark` says why."""

    def __init__(self, html: str, text: str, result: verdict.Result):
        super().__init__(html, text)
        self.state, self.remark = result


def check(number: str, answer: Any = ...) -> Card:
    """Judge an answer and show the card; whatever the answer does, nothing is raised.

    Raises:
        NotSolved: under nbgrader, and only there, when the answer is not right.
    """
    try:
        with grading.quietly():
            card = _judged(number, answer)
    except Exception as error:
        words = "".join(traceback.format_exception_only(error)).strip()
        result = verdict.Result(verdict.NOT_TRIED, f"This check could not be run. `{words}`")
        card = Card(_head(number, "", result) + _end(), f"◻ {number}: {result.remark}", result)
    card.put()
    if grading.grading() and card.state != verdict.SOLVED:
        raise grading.NotSolved(card.text)
    return card


def _judged(number: str, answer: Any) -> Card:
    one = engine.find(number)
    result = verdict.judge(number, answer)
    before = record.progress().get(number, {}).get("state")
    unsaved = ""
    if result.state != verdict.NOT_TRIED:
        try:
            record.note(number, solved=result.state == verdict.SOLVED)
        except Exception as error:
            unsaved = f"Your progress could not be saved: {error}"
    html = _head(number, one.title, result, solved_before=before == "solved")
    if unsaved:
        html += f"<div>{page.escape(unsaved)}</div>"
    html += _folds(one, result.state) + _end()
    symbol, words, _ = _LOOKS[result.state]
    text = f"{symbol} Exercise {number} — {one.title}: {words}. {result.remark or ''}"
    return Card(html, text.strip(), result)


def _head(number: str, title: str, result: verdict.Result, *, solved_before: bool = False) -> str:
    symbol, words, colour = _LOOKS[result.state]
    name = f"Exercise {number}" + (f" — {title}" if title else "")
    if solved_before and result.state != verdict.SOLVED:
        name += " · solved before, and it stays solved"
    remark = result.remark
    if remark is None and result.state == verdict.NOT_TRIED:
        remark = "Write your answer in the cell above, run it, then run this cell."
    line = f'<span style="color:{colour}">{symbol}</span> <b>{words}</b> · {page.escape(name)}'
    body = f'<div style="margin-top:.25em">{page.inline(remark)}</div>' if remark else ""
    return (
        f'<div style="border-left:4px solid {colour};padding:.35em .9em;margin:.3em 0">{line}{body}'
    )


def _end() -> str:
    return "</div>"


def _folds(one: engine.Exercise, state: str) -> str:
    parts = []
    if state != verdict.SOLVED:
        for place, hint in enumerate(one.hints, 1):
            symptom, words = hint if isinstance(hint, tuple) else ("", hint)
            title = f"Hint {place} of {len(one.hints)}" + (f": {symptom}" if symptom else "")
            parts.append(page.folded(title, page.inline(words)))
    title = "Compare with the course's solution" if state == verdict.SOLVED else "Solution"
    parts.append(page.folded(title, page.code(one.solution_source())))
    return "".join(parts)
