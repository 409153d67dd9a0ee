"""What every lesson begins with and leans on: set-up, guess and reveal, figures, sources, quiz."""

import ast
import inspect
import os
import textwrap
import warnings
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from course_utils import controls, environment, page, pins, tables
from course_utils.guess import Guess, predict

__all__ = [
    "Guess", "begin", "check_environment", "course_map", "glossary", "predict", "progress_page",
    "quiz", "show", "show_source", "table",
]  # fmt: skip

_SYMBOLS = {"ok": "✓ fine", "note": "ℹ note", "problem": "✗ problem"}


def begin(number: str) -> page.Shown:
    """Set a lesson up: the figures' style, and one line that says what it runs on.

    Args:
        number: the lesson's, such as "3_2".

    Raises:
        ValueError: the course has no such lesson.
    """
    title = _known(number)
    try:
        from course_utils import plots

        plots.use_style()
        device = environment.device_words()
    except ImportError as error:
        device = f"✗ {error.name or error} is missing: lesson.check_environment() says what to do"
    cores = environment.usable_cores()
    parts = [
        f"Small and Clear {course_version()}",
        f"lesson {title}",
        f"PyTorch {_version('torch')}",
        device,
        f"{cores} core{'s' if cores > 1 else ''}",
    ]
    if not controls.available():
        parts.append("no ipywidgets: pictures stand still")
        warnings.filterwarnings("ignore", "IProgress not found")  # tqdm's way to say the same
    line = " · ".join(parts)
    html = f'<div style="opacity:.8;font-size:90%">{page.escape(line)}</div>'
    return page.Shown(html, line).put()


def course_version() -> str:
    """The version of the course."""
    found = _version("small-and-clear")
    if found == "?":
        import tomllib

        try:
            text = (pins.REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
            return tomllib.loads(text)["project"]["version"]
        except (OSError, KeyError, ValueError):
            return "?"
    return found


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "?"


def _known(number: str) -> str:
    """The lesson's number in words, "3.2"; checks that the course has it."""
    from course_utils.syllabus import LESSONS

    numbers = [key(entry.number) for entry in LESSONS]
    if key(number) not in numbers:
        raise ValueError(f"the course has no lesson {number!r}; it has {', '.join(numbers)}")
    return key(number).replace("_", ".")


def key(number: object) -> str:
    """A lesson's number as files spell it: "3.2" and "3_2" give "3_2"."""
    return str(number).strip().replace(".", "_")


def show(figure: Any, *, alt: str, caption: str | None = None) -> page.Shown:
    """Show a figure with its alternative text, and close it.

    Args:
        alt: what the picture shows, in words, for those who cannot see it.

    Raises:
        ValueError: `alt` is empty.
    """
    alt = page.alternative(alt)
    return page.Shown(page.image(figure, alt, caption=caption), f"Picture: {alt}").put()


def show_source(function: Any, *, docstring: bool = False) -> page.Shown:
    """Show the tested source of a function or class of the course.

    Args:
        docstring: keep its docstrings.
    """
    source = textwrap.dedent(inspect.getsource(function))
    source = source if docstring else without_docstrings(source)
    file = Path(inspect.getsourcefile(function) or "?").resolve()
    if file.is_relative_to(pins.REPOSITORY):
        file = file.relative_to(pins.REPOSITORY)
    head = f'<div style="opacity:.8;font-size:90%">{page.escape(file.as_posix())}</div>'
    return page.Shown(head + page.code(source), source).put()


def without_docstrings(source: str) -> str:
    """Python source without the docstrings of its functions and classes."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        named = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        if named and ast.get_docstring(node) is not None and len(node.body) > 1:
            said = node.body[0]
            for i in range(said.lineno - 1, said.end_lineno):
                lines[i] = None
    return "\n".join(line for line in lines if line is not None)


def table(rows: Any, *, caption: str, formats: Mapping[str, str] | None = None) -> page.Shown:
    """Show rows (dictionaries) or a DataFrame as an accessible table; see `tables.table`."""
    return tables.table(rows, caption=caption, formats=formats).put()


def quiz(number: str) -> page.Shown:
    """Show a lesson's quiz, ``course_utils/quizzes/N_M.json``."""
    from course_utils import quizzes

    return quizzes.show(key(number))


def check_environment() -> page.Shown:
    """Show what the course needs and whether it is there, with what to do in words."""
    findings = environment.check()
    rows = [{"what": f.what, "state": _SYMBOLS[f.state], "in words": page.inline(f.words)}
            for f in findings]  # fmt: skip
    problems = sum(f.state == "problem" for f in findings)
    notes = sum(f.state == "note" for f in findings)
    if problems:
        caption = f"✗ {problems} to mend before you go on ({notes} more to note)"
    else:
        caption = "✓ Ready" + (f", {notes} to note" if notes else ": all is as it should be")
    return table(rows, caption=caption)


def course_map() -> page.Shown:
    """Show all lessons: link, minutes, place in the source documents, your exercises."""
    from course_utils import exercises
    from course_utils.syllabus import LESSONS

    solved = exercises.progress()
    rows = []
    for entry in LESSONS:
        numbers = exercises.numbers(key(entry.number))
        done = sum(solved.get(n, {}).get("state") == "solved" for n in numbers)
        rows.append({
            "lesson": _link(entry),
            "minutes": entry.minutes or None,
            "documents": entry.source or "–",
            "your exercises": f"{done} of {len(numbers)}" if numbers else "–",
        })  # fmt: skip
    return table(rows, caption="The lessons")


def _link(entry: Any) -> str:
    """The lesson's number and title, linked when its notebook is there."""
    words = f"{key(entry.number).replace('_', '.')} {entry.title}"
    if not entry.exists():
        return f"{words} (in preparation)"
    file = pins.REPOSITORY / "notebooks" / entry.folder / entry.file
    target = Path(os.path.relpath(file, Path.cwd())).as_posix()
    return page.Html(f'<a href="{page.escape(target)}">{page.escape(words)}</a>')


def glossary(words: str = "") -> page.Shown:
    """Show the glossary English – 中文: the terms that hold `words`, or all, folded by topic."""
    from course_utils import glossary

    return glossary.shown(words).put()


def progress_page() -> page.Shown:
    """Show every exercise of the course and how far you are with it."""
    from course_utils import exercises

    words = {"solved": "✓ solved", "tried": "✗ tried, not yet right"}
    progress = exercises.progress()
    rows = [
        {"exercise": f"{e.number} — {e.title}", "minutes": e.minutes,
         "difficulty": "●" * e.difficulty + "○" * (3 - e.difficulty),
         "state": words.get(progress.get(e.number, {}).get("state"), "◻ not tried yet")}
        for e in exercises.outline()
    ]  # fmt: skip
    done = sum(row["state"] == words["solved"] for row in rows)
    return table(rows, caption=f"Your exercises: {done} of {len(rows)} solved")
