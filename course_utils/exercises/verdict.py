"""The judge: whatever an answer does, it ends in one of three states and a remark in words."""

import dis
import linecache
import sysconfig
import types
from pathlib import Path
from typing import Any, NamedTuple

from course_utils.exercises.compare import kind
from course_utils.exercises.engine import find

NOT_TRIED, NOT_YET, SOLVED = "not tried", "not yet", "solved"
_PACKAGE = Path(__file__).resolve().parents[1]


class Result(NamedTuple):
    """What the judge says: "not tried", "not yet" or "solved", and a remark in words."""

    state: str
    remark: str | None


def judge(number: str, answer: Any) -> Result:
    """What a learner is told about an answer; whatever their code does, this returns.

    Raises:
        KeyError: there is no such exercise.
    """
    one = find(number)
    if untouched(answer):
        return Result(NOT_TRIED, None)
    try:
        remark = one.check(answer)
    except KeyboardInterrupt:
        return Result(NOT_YET, "You stopped it while your code was running. Does a loop never end?")
    except BaseException as error:
        if isinstance(error, TypeError) and "ellipsis" in str(error):
            return Result(NOT_TRIED, "There is still a `...` to fill in.")
        return Result(NOT_YET, told(error, answer))
    return Result(SOLVED, None) if remark is None else Result(NOT_YET, str(remark))


def untouched(answer: Any) -> bool:
    """True for what a stub leaves behind: ``...``, None, or a function without a body."""
    if answer is None or answer is Ellipsis:
        return True
    if isinstance(answer, (tuple, list)) and len(answer):
        return all(part is Ellipsis or part is None for part in answer)
    if isinstance(answer, type):
        methods = [m for m in vars(answer).values() if isinstance(m, types.FunctionType)]
        return bool(methods) and all(untouched(m) for m in methods)
    return isinstance(answer, types.FunctionType) and _empty(answer)


def _empty(function: types.FunctionType) -> bool:
    """No body but ``...``, ``pass``, a docstring, ``return None`` or NotImplementedError."""
    quiet = {"RESUME", "NOP", "CACHE", "PUSH_NULL", "COPY_FREE_VARS", "MAKE_CELL"}
    steps = [i for i in dis.get_instructions(function) if i.opname not in quiet]
    if any(i.opname == "RAISE_VARARGS" for i in steps):
        return steps[0].argval == "NotImplementedError"
    return len(steps) <= 2 and all(i.argval in (None, Ellipsis) for i in steps)


def told(error: BaseException, answer: Any) -> str:
    """An error in the learner's code, in words: which, what it says, on which line."""
    said = f"{type(error).__name__}: {error}".rstrip(": ")
    line = learners_line(error)
    if line is not None:
        return f"Your code stopped with `{said}` at the line\n```\n{line}\n```"
    if callable(answer):
        return f"Your code could not be used: `{said}`"
    return f"The check cannot work with this answer, {kind(answer)}: `{said}`"


def learners_line(error: BaseException) -> str | None:
    """The line of the learner's own code on which an error happened, None if it was not there."""
    ours = [str(_PACKAGE), *{sysconfig.get_path(n) for n in ("stdlib", "purelib", "platlib")}]
    trace, line = error.__traceback__, None
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith(tuple(ours)) and not file.startswith("<frozen"):
            line = linecache.getline(file, trace.tb_lineno).strip() or line
        trace = trace.tb_next
    return line
