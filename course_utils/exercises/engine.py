"""The register of exercises: what a lesson's file in this folder says about each."""

import ast
import importlib
import inspect
import textwrap
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent
Hint = str | tuple[str, str]


@dataclass(frozen=True)
class Exercise:
    """One exercise: its heading, its check, its hints and its tested solution.

    Attributes:
        check: gets the answer; returns a remark, or None when the answer is right.
        solution: functions shown as the solution, or source text.
        reference: the answer that the tests hand in; the solution itself unless told.
    """

    number: str
    title: str
    minutes: int
    difficulty: int
    check: Callable[[Any], str | None]
    solution: Any
    hints: tuple[Hint, ...] = ()
    reference: Any = field(default=None)

    def solution_source(self) -> str:
        """The solution as source text, taken from the tested code, with the imports it needs."""
        if isinstance(self.solution, str):
            return textwrap.dedent(self.solution).strip()
        several = self.solution if isinstance(self.solution, tuple) else (self.solution,)
        body = "\n\n".join(textwrap.dedent(inspect.getsource(f)).strip() for f in several)
        imports = _imports(inspect.getmodule(several[0]), body)
        return f"{imports}\n\n\n{body}" if imports else body

    def answer(self) -> Any:
        """The reference answer. A source text is executed: its `answer`, or its last function."""
        if self.reference is not None:
            return self.reference
        if not isinstance(self.solution, str):
            return self.solution[0] if isinstance(self.solution, tuple) else self.solution
        names: dict[str, Any] = {}
        exec(self.solution_source(), names)
        functions = [v for v in names.values() if isinstance(v, types.FunctionType)]
        return names["answer"] if "answer" in names else functions[-1]


def _imports(module: types.ModuleType, source: str) -> str:
    """The imports of a module that a piece of its code uses; torch, every lesson has."""
    used = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    lines = []
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            node.names = [a for a in node.names if {a.asname or a.name} & (used - {"torch"})]
            lines += [ast.unparse(node)] * bool(node.names)
    return "\n".join(lines)


class Outline(NamedTuple):
    """The heading of an exercise, read without running its lesson's file."""

    number: str
    title: str
    minutes: int
    difficulty: int


_REGISTER: dict[str, Exercise] = {}


def exercise(
    number: str,
    *,
    title: str,
    minutes: int,
    difficulty: int,
    solution: Any,
    hints: Sequence[Hint] = (),
    reference: Any = None,
) -> Callable[[Callable], Callable]:
    """Register the decorated function as the check of an exercise.

    Args:
        number: lesson and place, such as "3.2.1".
        minutes: how long a learner takes.
        difficulty: 1 to 3.
        solution: a function of the course (or several), or source text that defines the answer.
        hints: in the order of use; a text, or (symptom, text).
        reference: the answer the tests hand in, when the solution itself is not one.

    Raises:
        ValueError: a difficulty out of range, or a hint that is neither text nor a pair.
    """
    if difficulty not in (1, 2, 3):
        raise ValueError(f"difficulty is 1, 2 or 3, got {difficulty!r}")
    if isinstance(hints, str) or not all(_is_hint(h) for h in hints):
        raise ValueError(f"hints are texts or (symptom, text) pairs in a tuple, got {hints!r}")

    def register(check: Callable[[Any], str | None]) -> Callable:
        _REGISTER[number] = Exercise(
            number, title, minutes, difficulty, check, solution, tuple(hints), reference
        )
        return check

    return register


def _is_hint(hint: Any) -> bool:
    pair = isinstance(hint, tuple) and len(hint) == 2 and all(isinstance(h, str) for h in hint)
    return pair or isinstance(hint, str)


def find(number: str) -> Exercise:
    """The exercise of this number; its lesson's file is imported now.

    Raises:
        KeyError: there is none.
    """
    lesson = _lesson_of(number)
    if number not in _REGISTER and (FOLDER / f"lesson_{lesson}.py").is_file():
        importlib.import_module(f"course_utils.exercises.lesson_{lesson}")
    if number not in _REGISTER:
        known = ", ".join(numbers(lesson)) or "none"
        raise KeyError(f"no exercise {number!r}; lesson {lesson.replace('_', '.')} has {known}")
    return _REGISTER[number]


def _lesson_of(number: str) -> str:
    return "_".join(str(number).split(".")[:-1])


def lessons() -> list[str]:
    """The lessons that have exercises, such as "3_2"."""
    return sorted(file.stem.removeprefix("lesson_") for file in FOLDER.glob("lesson_*.py"))


def outline(lesson: str | None = None) -> list[Outline]:
    """The headings of a lesson's exercises, or of all; read from the files, nothing is imported."""
    names = lessons() if lesson is None else [lesson]
    files = [FOLDER / f"lesson_{name}.py" for name in names]
    return [entry for file in files if file.is_file() for entry in _outline_of(file)]


def numbers(lesson: str | None = None) -> list[str]:
    """The numbers of a lesson's exercises, or of all."""
    return [entry.number for entry in outline(lesson)]


def _outline_of(file: Path) -> list[Outline]:
    """The headings in one file, in its order; what is not a plain value there is left out."""
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "exercise":
            said = {
                k.arg: k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)
            }
            rest = said.get("title", ""), said.get("minutes", 0), said.get("difficulty", 1)
            found.append(Outline(node.args[0].value, *rest))
    return found
