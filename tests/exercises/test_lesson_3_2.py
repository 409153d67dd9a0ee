"""The checks of lesson 3.2 accept the reference and name each plausible slip."""

import math

import pytest
import torch
from remarks import remark

from course_utils import codec, quantize
from course_utils.exercises import judge
from course_utils.exercises import lesson_3_2 as lesson


def test_solutions_do_what_the_package_does():
    for x, low, high, bits in lesson.CASES:
        codes, scale, zero_point = lesson.affine_codes(x, low, high, bits)
        grid = quantize.affine(x, bits=bits, low=low, high=high)
        assert torch.equal(codes.int(), grid.codes)
        assert (scale, zero_point) == (pytest.approx(grid.scale.item()), grid.zero_point.item())
    codes = torch.arange(16)
    assert torch.equal(lesson.pack_pairs(codes), codec.pack(codes, bits=4))
    x = torch.tensor([0.2, 1.7], requires_grad=True)
    theirs = quantize.straight_through(x, x.round())
    assert torch.equal(lesson.round_through(x), theirs)


def affine(*, scale=None, zero=None, codes=None):
    """The right function with one part exchanged."""

    def answer(x, low, high, bits):
        top = 2**bits - 1
        s = scale(x, low, high, bits) if scale else (high - low) / top
        z = zero(low, s) if zero else round(-low / s)
        c = codes(x, s, z, top, low) if codes else (torch.round(x / s) + z).clamp(0, top)
        return c, s, z

    return answer


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (affine(scale=lambda x, lo, hi, b: (hi - lo) / 2**b), "fence posts"),
        (affine(scale=lambda x, lo, hi, b: hi / (2**b - 1)), "you used `high` alone"),
        (
            affine(scale=lambda x, lo, hi, b: (x.max() - x.min()).item() / (2**b - 1)),
            "range from `x`",
        ),
        (affine(scale=lambda x, lo, hi, b: max(-lo, hi) / (2 ** (b - 1) - 1)), "symmetric scale"),
        (affine(scale=lambda x, lo, hi, b: (2**b - 1) / (hi - lo)), "upside down"),
        (affine(scale=lambda x, lo, hi, b: (hi + lo) / (2**b - 1)), "makes the range shorter"),
        (affine(scale=lambda x, lo, hi, b: (hi - lo) / (2 ** (b - 1) - 1)), "signed codes"),
        (affine(zero=lambda lo, s: -lo / s), "zero point is not rounded"),
        (affine(zero=lambda lo, s: round(lo / s)), "wrong sign"),
        (affine(zero=lambda lo, s: int(-lo / s)), "zero point is cut off"),
        (affine(zero=lambda lo, s: math.ceil(-lo / s)), "zero point is rounded up"),
        (affine(zero=lambda lo, s: lo), "the code that 0 gets"),
        (affine(codes=lambda x, s, z, t, lo: (torch.floor(x / s) + z).clamp(0, t)), "cut off"),
        (affine(codes=lambda x, s, z, t, lo: ((x / s).int() + z).clamp(0, t)), "round first"),
        (affine(codes=lambda x, s, z, t, lo: torch.round(x / s) + z), "Clamp them"),
        (
            affine(codes=lambda x, s, z, t, lo: torch.round(x / s).clamp(0, t) + z),
            "not added|before",
        ),
        (affine(codes=lambda x, s, z, t, lo: torch.round(x / s).clamp(0, t)), "not added|Clamp"),
        (affine(codes=lambda x, s, z, t, lo: torch.round(x / s)), "zero point is not added"),
        (
            affine(codes=lambda x, s, z, t, lo: (torch.round(x / s) + z).clamp(0, t + 1)),
            "last code",
        ),
        (affine(codes=lambda x, s, z, t, lo: torch.round((x - lo) / s).clamp(0, t)), "from `low`"),
        (affine(codes=lambda x, s, z, t, lo: (x / s + z).clamp(0, t)), "not rounded"),
        (affine(codes=lambda x, s, z, t, lo: (torch.round(x / s) + z).clamp(max=t)), "at 0, too"),
        (affine(codes=lambda x, s, z, t, lo: (torch.round(x / s) - z).clamp(0, t)), "subtracted"),
        (lambda x, low, high, bits: print(end=""), "`return`"),
        (lambda x, low, high, bits: torch.round(x), "three things"),
    ],
)
def test_affine_slips(wrong, words):
    said = remark("3.2.1", wrong)
    assert any(w in said for w in words.split("|")), said


def test_an_answer_that_changes_its_input_is_told():
    def answer(x, low, high, bits):
        codes, scale, zero_point = lesson.affine_codes(x, low, high, bits)
        x.zero_()
        return codes, scale, zero_point

    assert "changed its input" in remark("3.2.1", answer)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda x: x.round(), "gradient of `round`"),
        (lambda x: x + (x.round() - x), "gradient of `round`"),
        (lambda x: x.detach().round(), "no gradient can pass at all"),
        (lambda x: (x + (x.round() - x)).detach(), "no gradient can pass at all"),
        (lambda x: x.round() + (x - x.round()).detach(), "`x` itself, unrounded"),
        (lambda x: x.detach() + (x.round() - x), "wrong sign"),
        (lambda x: x + (x.floor() - x).detach(), "round down"),
        (lambda x: x + (x.trunc() - x).detach(), "cut the fraction off"),
        (lambda x: x + x.round().detach(), "add only the difference"),
        (lambda x: (x.round() - x).detach(), "`x` is missing"),
        (lambda x: x + (x.round() - x).detach() + x - x.detach(), "gradient of 1·y₁"),
        (0.5, "without brackets"),
    ],
)
def test_round_through_slips(wrong, words):
    assert words in remark("3.2.2", wrong)


def test_other_right_ways_to_round_through_are_accepted():
    class Through(torch.autograd.Function):
        @staticmethod
        def forward(context, x):
            return x.round()

        @staticmethod
        def backward(context, gradient):
            return gradient

    ways = (Through.apply, lambda x: quantize.straight_through(x, x.round()),
            lambda x: x.round().detach() + x - x.detach())  # fmt: skip
    assert [judge("3.2.2", way).state for way in ways] == ["solved"] * 3


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lesson._high_first, "into the high half"),
        (lesson._halves, "pair neighbours"),
        (lesson._fifteen, "not fifteens"),
        (lesson._four, "not by 4"),
        (lesson._eight, "2**4 = 16"),
        (lesson._ten, "decimal digits"),
        (lesson._sum, "taken apart"),
        (lesson._one_each, "nothing is packed"),
        (lambda c: c[0::2] + 16 * c[1::2], "torch.uint8"),
    ],
)
def test_pack_slips(wrong, words):
    assert words in remark("3.2.3", wrong)


def test_a_shift_is_as_good_as_a_product():
    assert judge("3.2.3", lambda c: (c[0::2] | c[1::2] << 4).byte()).state == "solved"


# ---- slips that a fresh reader made


def _affine(change):
    from course_utils.exercises.lesson_3_2 import affine_codes

    return lambda x, low, high, bits: change(bits, *affine_codes(x, low, high, bits))


@pytest.mark.parametrize(("number", "wrong", "words"), [
    ("3.2.1", _affine(lambda b, c, s, z: (c, z, s)), "exchanged"),
    ("3.2.1", _affine(lambda b, c, s, z: (s * (c - z), s, z)), "values back, not the codes"),
    ("3.2.2", lambda x: x + (x - x.round()).detach(), "wrong sign: what must be added"),
    ("3.2.2", lambda x: x * (x.round() / x).detach(), "the gradient is scaled"),
    ("3.2.2", lambda x: x.round().detach().requires_grad_(), "no gradient comes back to `x`"),
    ("3.2.3", lambda c: (c[0::2] | c[1::2] << 2).to(torch.uint8), "not `<< 2`"),
])  # fmt: skip
def test_slips_of_a_fresh_reader(number, wrong, words):
    found = judge(number, wrong)
    assert found.state == "not yet" and words in found.remark
