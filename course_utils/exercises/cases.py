"""Whether a learner's function agrees with the reference on given inputs."""

import contextlib
import copy
import functools
import inspect
import io
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import numpy as np
import torch

from course_utils.exercises.compare import as_numpy, differs, expect, kind


def agree(
    answer: Callable,
    reference: Callable,
    *cases: tuple | dict,
    tolerance: float | None = None,
    same_dtype: bool = False,
    slips: Sequence[tuple[Callable, str]] = (),
) -> str | None:
    """A remark on the first input for which `answer` and `reference` differ; None if none does.

    Every call gets its own copy of the input, and an answer that changes its input is told so.

    Args:
        cases: a tuple of arguments each, or a dictionary of named ones.
        slips: (wrong function, remark) pairs: an answer that agrees with a wrong function in every
            case gets that remark before the numbers.
    """
    if not callable(answer):
        return f"A function was expected, {kind(answer)} came. Hand in its name, without brackets."
    for case in cases:
        wanted, (got, changed) = _call(reference, case)[0], _call(answer, case)
        where = f"for {_shown(answer, case)}"
        remark = expect(got, wanted, where, tolerance=tolerance, same_dtype=same_dtype)
        if remark:
            return " ".join(filter(None, [_slip_remark(answer, slips, cases, tolerance), remark]))
        if changed:
            return (
                f"The result is right {where}, but your function changed its input. "
                "Work on a copy, such as `x.clone()` of a tensor, or `list(x)`."
            )
    return None


def formed(answer: Any, form: Callable[[Any], Any]) -> Any:
    """The same function, its results brought into the form that is compared.

    Lists and arrays then serve as well as tensors. What is no function comes back as it is.
    """
    if not callable(answer):
        return answer

    @functools.wraps(answer)
    def through(*args, **kwargs):
        return form(answer(*args, **kwargs))

    return through


def _call(function: Callable, case: tuple | dict) -> tuple[Any, bool]:
    """The result on a copy of the case, and whether the copy was changed."""
    if isinstance(case, dict):
        given: Any = {name: _copied(value) for name, value in case.items()}
    else:
        given = tuple(_copied(value) for value in case)
    result = function(**given) if isinstance(given, dict) else function(*given)
    before = list(case.values()) if isinstance(case, dict) else list(case)
    after = list(given.values()) if isinstance(given, dict) else list(given)
    return result, any(_changed(a, b) for a, b in zip(before, after, strict=True))


def _copied(value: Any) -> Any:
    if isinstance(value, torch.Tensor):  # deepcopy refuses tensors inside a graph
        return value.detach().clone().requires_grad_(value.requires_grad)
    if isinstance(value, torch.Generator):
        return value.clone_state()
    return copy.deepcopy(value)


def _changed(before: Any, after: Any) -> bool:
    if isinstance(before, torch.nn.Module):
        return _changed(dict(before.state_dict()), dict(after.state_dict()))
    if isinstance(before, (torch.Tensor, np.ndarray, list, tuple, dict, Real)):
        return differs(after, before, 0.0, True) is not None
    return False


def _slip_remark(
    answer: Callable, slips: Sequence, cases: Sequence, tolerance: float | None
) -> str | None:
    for wrong, remark in slips:
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # its prints were seen once
                same = all(
                    differs(_call(answer, case)[0], _call(wrong, case)[0], tolerance, False) is None
                    for case in cases
                )
        except Exception:  # a slip that cannot answer a case is not this slip
            continue
        if same:
            return remark
    return None


def _shown(answer: Callable, case: tuple | dict) -> str:
    """The input of a case, under the names that the answer gives it, short enough to read."""
    try:
        bound = inspect.signature(answer).bind(**case) if isinstance(case, dict) else (
            inspect.signature(answer).bind(*case))  # fmt: skip
        named = bound.arguments.items()
    except (TypeError, ValueError):
        named = case.items() if isinstance(case, dict) else [("", value) for value in case]
    words = [f"{name} = {_short(v)}" if name else _short(v) for name, v in named]
    return ", ".join(words) if words else "no input"


def _short(value: Any) -> str:
    if isinstance(value, (torch.Tensor, np.ndarray)):
        count = value.numel() if isinstance(value, torch.Tensor) else value.size
        if count > 8:
            return kind(value)
        whole = not (value.is_floating_point() if isinstance(value, torch.Tensor) else
                     np.issubdtype(value.dtype, np.inexact))  # fmt: skip
        return str(value.tolist() if whole else np.round(as_numpy(value), 4).tolist())
    text = repr(value)
    nameless = callable(value) and text.startswith("<")  # such as <function f at 0x7f…>
    return text if len(text) <= 60 and not nameless else kind(value)
