"""Exercises of lesson 3.2: how few bits does a weight need?"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_utils.exercises import agree, exercise, expect

# ---- 3.2.1


def affine_codes(x, low, high, bits):
    top = 2**bits - 1
    scale = (high - low) / top
    zero_point = round(-low / scale)
    codes = (torch.round(x / scale) + zero_point).clamp(0, top)
    return codes, scale, zero_point


CASES = (
    (torch.tensor([-1.0, -0.6, 0.0, 0.1, 0.5]), -1.0, 0.5, 2),
    (torch.tensor([-0.75, -0.2, 0.0, 0.15, 0.34, 0.9, 2.2]), -0.75, 2.25, 3),
    (torch.tensor([-4.0, -0.45, 0.0, 0.75, 2.33, 9.0]), -0.45, 2.55, 4),
    (torch.tensor([[0.0, 0.34], [1.1, 5.0]]), 0.0, 1.6, 8),
)
"""x, low, high, bits; the last two have values outside the range, none lies between two codes."""

SCALES: tuple[tuple[Callable, str], ...] = (
    (lambda x, low, high, bits: (high - low) / 2**bits,
     "You divide by the number of codes, `2**bits`. Between so many codes there is one step "
     "fewer, as between fence posts."),
    (lambda x, low, high, bits: max(abs(low), abs(high)) / (2 ** (bits - 1) - 1),
     "That is the symmetric scale. The affine grid covers low … high with all its codes."),
    (lambda x, low, high, bits: high / (2**bits - 1),
     "The range is `high - low`; you used `high` alone."),
    (lambda x, low, high, bits: (high + low) / (2**bits - 1),
     "The range is `high - low`: `low` is negative, so that adding it makes the range shorter."),
    (lambda x, low, high, bits: ((x.max() - x.min()) / (2**bits - 1)).item(),
     "You took the range from `x`. Take `low` and `high`: they were chosen beforehand, and `x` "
     "may reach outside."),
    (lambda x, low, high, bits: (2**bits - 1) / (high - low),
     "That is upside down: steps per unit. The scale is the width of one step."),
    (lambda x, low, high, bits: (high - low) / (2 ** (bits - 1) - 1),
     "Unsigned codes 0 … 2**bits − 1 use all bits; `2**(bits - 1)` belongs to signed codes."),
)  # fmt: skip

ZEROS: tuple[tuple[Callable, str], ...] = (
    (lambda low, scale: -low / scale,
     "The zero point is not rounded. It is a code, so it must be a whole number; else 0 lies "
     "between two codes."),
    (lambda low, scale: round(low / scale),
     "The zero point has the wrong sign: 0 lies above `low`, so its code is positive."),
    (lambda low, scale: int(-low / scale),
     "The zero point is cut off (`int` or `//`); take the nearest whole number."),
    (lambda low, scale: -int(low // scale), "The zero point is rounded up; take the nearest."),
    (lambda low, scale: low, "`low` is a float; the zero point is the code that 0 gets."),
)  # fmt: skip

CODES: tuple[tuple[Callable, str], ...] = (
    (lambda x, s, z, top, low: torch.floor(x / s) + z,
     "Your codes look cut off. `floor` (or `//`, or `.int()`) makes errors of up to a whole "
     "step; `round` of at most half a step."),
    (lambda x, s, z, top, low: torch.trunc(x / s) + z,
     "Your codes look cut off. Turning a float into an integer forgets the fraction: round "
     "first."),
    (lambda x, s, z, top, low: torch.round(x / s),
     "The zero point is not added to the codes."),
    (lambda x, s, z, top, low: torch.round(x / s) - z,
     "The zero point is subtracted. Going back, `code - zero_point`; so on the way here, plus."),
    (lambda x, s, z, top, low: torch.round((x - low) / s),
     "You count steps from `low`. Count them from 0, `x / scale`, and add the zero point: only "
     "so does 0 itself get a whole code."),
    (lambda x, s, z, top, low: x / s + z, "The codes are not rounded."),
    (lambda x, s, z, top, low: torch.round(x * s) + z,
     "You multiplied by the scale; divide by it."),
)  # fmt: skip
CLAMPS: tuple[tuple[Callable, str], ...] = (
    (lambda x, s, z, top, low: torch.round(x / s) + z,
     "Values outside low … high get codes outside 0 … 2**bits − 1. Clamp them."),
    (lambda x, s, z, top, low: torch.round(x / s).clamp(0, top) + z,
     "You clamp before the zero point is added; so negative values are lost. Clamp last."),
    (lambda x, s, z, top, low: (torch.round(x / s) + z).clamp(0, top + 1),
     "The last code is `2**bits - 1`: codes start at 0."),
    (lambda x, s, z, top, low: (torch.round(x / s) + z).clamp(max=top), "Clamp at 0, too."),
    (lambda x, s, z, top, low: (torch.round(x / s) + z).clamp(min=0),
     "Clamp at the last code, too."),
    (lambda x, s, z, top, low: (torch.round(x / s) + z).clamp(-(top + 1) // 2, top // 2),
     "You clamp to signed codes; these are unsigned, 0 … 2**bits − 1."),
    (lambda x, s, z, top, low: s * ((torch.round(x / s) + z).clamp(0, top) - z),
     "These are the values back, not the codes."),
)  # fmt: skip


@exercise(
    "3.2.1",
    title="put zero on the grid",
    minutes=10,
    difficulty=2,
    solution=affine_codes,
    hints=(
        "`top = 2**bits - 1` is the last code. How many steps lie between code 0 and code top, "
        "and how wide is the range they must cover?",
        "The zero point is the code of the number 0: 0 lies `-low / scale` steps above `low`. "
        "Round it.",
        "Codes: divide by the scale, round, add the zero point, clamp to 0 … top. In this order.",
        (
            "TypeError: round(): argument 'input' must be Tensor",
            "`torch.round` takes tensors; `low`, `high` and the scale are plain numbers. Python's "
            "own `round` takes those.",
        ),
        (
            "My codes are right except for two of them",
            "Two values of the check lie outside low … high. They get the first and last code.",
        ),
    ),
)
def _(answer):
    for x, low, high, bits in CASES:
        given = x.clone()
        got = answer(given, low, high, bits)
        where = f"for low {low}, high {high}, {bits} bits"
        remark = _not_three(got) or _affine_remark(got, x, low, high, bits, where)
        if remark:
            return remark
        if not torch.equal(given, x):
            return "Your function changed its input `x`; work with new tensors."
    return None


def _not_three(got: Any) -> str | None:
    if got is None:
        return "Nothing (None) came back. Is the `return` missing?"
    if not isinstance(got, tuple | list) or len(got) != 3:
        return "Return three things: `codes, scale, zero_point`."
    return None


def _affine_remark(got, x, low, high, bits, where) -> str | None:
    """What is wrong with the first of scale, zero point, codes that is not right."""
    _, scale, zero_point = affine_codes(x, low, high, bits)
    top = 2**bits - 1
    if expect(got[1], zero_point) is None and expect(got[2], scale) is None:
        return "Scale and zero point are exchanged: return `codes, scale, zero_point`."
    remark = expect(got[1], scale, f"for the scale {where}")
    if remark:
        return _with_slip(remark, got[1], SCALES, (x, low, high, bits))
    remark = expect(got[2], zero_point, f"for the zero point {where}")
    if remark:
        return _with_slip(remark, got[2], ZEROS, (low, scale))
    wanted = affine_codes(x, low, high, bits)[0]
    remark = expect(got[0], wanted, f"for the codes of {x.tolist()} {where}")
    if remark is None:
        return None
    clamped = tuple((lambda *a, f=f: f(*a).clamp(0, top), words) for f, words in CODES)
    return _with_slip(remark, got[0], CLAMPS + CODES + clamped, (x, scale, zero_point, top, low))


def _with_slip(remark: str, got: Any, slips: tuple, inputs: tuple) -> str:
    """The remark, after the words for the slip that gives just this."""
    for wrong, words in slips:
        if expect(got, wrong(*inputs)) is None:
            return f"{words} {remark}"
    return remark


# ---- 3.2.2


def round_through(x):
    return x + (x.round() - x).detach()


@exercise(
    "3.2.2",
    title="a rounding that lets gradients pass",
    minutes=10,
    difficulty=2,
    solution=round_through,
    hints=(
        "`.detach()` keeps a number and hides it from the gradient. What must be hidden?",
        "You want the value of `x.round()` and the gradient of `x`. Start from `x`, and add what "
        "is missing to the value.",
        (
            "My gradient is 0",
            "A part of your sum pulls the gradient of x back out. Everything but one single `x` "
            "must be inside `.detach()`.",
        ),
    ),
)
def _(answer):
    if not callable(answer):
        return "Hand in the function itself, without brackets: `round_through`."
    x = torch.tensor([-1.7, -0.4, 0.3, 0.9, 2.2], requires_grad=True)
    y = answer(x)
    return _rounded_remark(x, y) or _gradient_remark(x, y)


def _rounded_remark(x: Tensor, y: Any) -> str | None:
    remark = expect(y, x.detach().round(), "for the value at [-1.7, -0.4, 0.3, 0.9, 2.2]")
    if remark is None:
        return None
    slips = (
        (lambda x: x, "The value is `x` itself, unrounded. Which of the two did you detach?"),
        (torch.floor, "You round down; use `round`."),
        (torch.trunc, "You cut the fraction off; use `round`."),
        (lambda x: x - x.round(), "That is only the part that rounding takes away."),
        (lambda x: x.round() - x, "That is only the part that rounding adds; `x` is missing."),
        (lambda x: x + (x - x.round()),
         "The difference has the wrong sign: what must be added to `x` to reach `x.round()`?"),
        (lambda x: x + x.round(), "You added `x` and its rounded value; add only the difference."),
    )  # fmt: skip
    return _with_slip(remark, y, slips, (x.detach(),))


def _gradient_remark(x: Tensor, y: Tensor) -> str | None:
    if not y.requires_grad:
        return (
            "The values are right, but no gradient can pass at all: everything is detached (or "
            "computed under `no_grad`). Leave one `x` outside."
        )
    weights = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0])
    (gradient,) = torch.autograd.grad((weights * y).sum(), x, allow_unused=True)
    if gradient is None:
        return (
            "The values are right, but no gradient comes back to `x`: the way from `x` to the "
            "result is cut. Leave one `x` outside `.detach()`."
        )
    if not gradient.any():
        return (
            "The values are right, but the gradient is 0 everywhere: it is the gradient of "
            "`round`, which is flat. Hide the rounding with `.detach()`."
        )
    if expect(gradient, -weights) is None:
        return (
            "The values are right, but the gradient has the wrong sign: the `x` that you left "
            "outside `.detach()` is the one with the minus."
        )
    x = x.detach()
    if expect(gradient, weights * x.round() / x) is None:
        return (
            "The values are right, but the gradient is scaled: add the difference instead of "
            "multiplying by a factor."
        )
    return expect(gradient, weights, "for the gradient of 1·y₁ + 2·y₂ + … with respect to x")


# ---- 3.2.3


def pack_pairs(codes):
    low, high = codes[0::2], codes[1::2]
    return (low + 16 * high).to(torch.uint8)


def _high_first(codes):
    return (16 * codes[0::2] + codes[1::2]).to(torch.uint8)


def _halves(codes):
    half = len(codes) // 2
    return (codes[:half] + 16 * codes[half:]).to(torch.uint8)


def _fifteen(codes):
    return (codes[0::2] + 15 * codes[1::2]).to(torch.uint8)


def _four(codes):
    return (codes[0::2] + 4 * codes[1::2]).to(torch.uint8)


def _or_four(codes):
    return (codes[0::2] | codes[1::2] << 2).to(torch.uint8)


def _eight(codes):
    return (codes[0::2] + 8 * codes[1::2]).to(torch.uint8)


def _ten(codes):
    return (codes[0::2] + 10 * codes[1::2]).to(torch.uint8)


def _sum(codes):
    return (codes[0::2] + codes[1::2]).to(torch.uint8)


def _one_each(codes):
    return codes.to(torch.uint8)


@exercise(
    "3.2.3",
    title="two codes in a byte",
    minutes=5,
    difficulty=1,
    solution=pack_pairs,
    hints=(
        "`codes[0::2]` are the first of each pair, `codes[1::2]` the second.",
        "Four bits hold 0 … 15. To make room for the first code, the second moves four bits up: "
        "times 2**4.",
        ("The values are right, their type is not", "`.to(torch.uint8)`: one byte a number."),
    ),
)
def _(answer):
    cases = ([1, 2], [15, 0, 0, 15], [3, 9, 12, 5, 7, 14], [15] * 8)
    return agree(
        answer, pack_pairs, *((torch.tensor(case),) for case in cases), same_dtype=True,
        slips=[
            (_high_first, "You put the first code into the high half; it belongs in the low one."),
            (_halves, "You pair the first half of the list with the second; pair neighbours."),
            (_fifteen, "Four bits hold 16 codes, so the second one counts sixteens, not fifteens."),
            (_four, "Moving up by 4 bits multiplies by 2**4, not by 4."),
            (_or_four, "Moving up by 4 bits is `<< 4`, not `<< 2`."),
            (_eight, "Moving up by 4 bits multiplies by 2**4 = 16."),
            (_ten, "Tens are for decimal digits. A code has 16 values."),
            (_sum, "The plain sum cannot be taken apart again: 1 + 2 = 2 + 1."),
            (_one_each, "That is one byte for each code; nothing is packed yet."),
        ],
    )  # fmt: skip
