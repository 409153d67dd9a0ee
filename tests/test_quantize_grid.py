"""Uniform grids: laws, hand answers, torch as an oracle."""

from itertools import pairwise, product

import pytest
import torch

from course_utils import quantize
from course_utils.quantize import affine, symmetric

SLACK = 1 + 1e-5  # float32 rounds the product scale * code, by at most one part in 2**24


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


TENSORS = {
    "normal": normal(4, 50),
    "positive": normal(4, 50).abs() + 3,
    "negative": -normal(4, 50).abs() - 3,
    "one outlier": torch.cat([normal(199), torch.tensor([1e4])]).view(4, 50),
    "tiny": normal(4, 50) * 1e-30,
    "subnormal": normal(4, 50) * 1e-41,
    "huge": normal(4, 50).clamp(-3, 3) * 1e37,
    "constant": torch.full((4, 50), 5.0),
    "negative constant": torch.full((4, 50), -0.3),
    "all zero": torch.zeros(4, 50),
    "one value": torch.tensor([[-2.5]]),
    "a ramp of exact halves": torch.arange(-100, 100).view(4, 50) / 2,
}


@pytest.mark.parametrize("make", [affine, symmetric])
@pytest.mark.parametrize("name", TENSORS)
def test_rounding_error_is_at_most_half_a_step(name, make):
    x = TENSORS[name]
    for bits, axis in product([2, 3, 4, 8, 12, 16], [None, 0, 1, -1]):
        q = make(x, bits=bits, axis=axis)
        step = q.scale if axis is None else q.scale.view([-1, 1] if axis == 0 else [1, -1])
        error = (x.double() - q.dequantize().double()).abs()
        # float32 itself keeps 24 bits: at 16 bits, the largest values cost a little more
        half = step.double() / 2 * SLACK + x.double().abs() * 2**-23
        assert (error <= half).all(), f"{bits} bits, axis {axis}: excess {(error - half).max():g}"


@pytest.mark.parametrize("bits", [2, 4, 8, 16])
@pytest.mark.parametrize("make", [affine, symmetric])
def test_zero_is_exact_whatever_the_range(make, bits):
    for low, high in [(-1.0, 2.0), (3.0, 7.0), (-9.0, -4.0)]:
        x = torch.tensor([low, 0.0, high])
        assert make(x, bits=bits).dequantize()[1] == 0


@pytest.mark.parametrize("bits", [2, 3, 8, 16])
def test_codes_fill_their_range_and_never_leave_it(bits):
    x = normal(1000)
    a, s = affine(x, bits=bits).codes, symmetric(x, bits=bits).codes
    assert (int(a.min()), int(a.max())) == (0, 2**bits - 1)
    top = 2 ** (bits - 1) - 1
    assert int(s.abs().max()) == top
    assert s.abs().max() == symmetric(-x, bits=bits).codes.abs().max(), "same on both sides"
    for q in (affine(x - 99, bits=bits), affine(x + 99, bits=bits)):
        assert 0 <= q.zero_point < 2**bits, "zero has a code even at the very end"
    clipped = affine(x, bits=bits, low=-0.1, high=0.1).codes
    assert (int(clipped.min()), int(clipped.max())) == (0, 2**bits - 1)


def test_hand_answer_affine():
    # range -1..2 on 2 bits: three steps of 1, zero point 1
    q = affine(torch.tensor([-1.0, -0.4, 0.6, 2.0]), bits=2)
    assert q.scale == 1 and q.zero_point == 1
    assert q.codes.tolist() == [0, 1, 2, 3]
    assert q.dequantize().tolist() == [-1, 0, 1, 2]


def test_hand_answer_affine_widens_a_range_without_zero():
    q = affine(torch.tensor([3.0, 6.0]), bits=2)  # covers 0..6
    assert q.scale == 2 and q.zero_point == 0
    assert q.codes.tolist() == [2, 3]  # 3 / 2 = 1.5 rounds to the even code
    q = affine(torch.tensor([-6.0, -4.0]), bits=2)  # covers -6..0
    assert q.scale == 2 and q.zero_point == 3
    assert q.codes.tolist() == [0, 1]


def test_hand_answer_symmetric():
    q = symmetric(torch.tensor([-7.0, -2.0, 0.4, 3.6]), bits=4)
    assert q.scale == 1 and q.zero_point == 0
    assert q.codes.tolist() == [-7, -2, 0, 4]
    assert symmetric(torch.tensor([-4.0, 1.9, 2.1]), bits=2).codes.tolist() == [-1, 0, 1]


def test_halves_round_to_even():
    x = torch.tensor([0.5, 1.5, 2.5, -0.5, -1.5, 7.0])
    assert symmetric(x, bits=4).codes.tolist() == [0, 2, 2, 0, -2, 7]
    q = affine(torch.tensor([0.5, 1.5, 2.5, 15.0]), bits=4)
    assert q.scale == 1 and q.codes.tolist() == [0, 2, 2, 15]


def test_every_channel_gets_its_own_scale():
    x = torch.tensor([[1.0, -2.0], [100.0, 50.0], [0.0, 0.0]])
    q = symmetric(x, bits=8, axis=0)
    assert torch.allclose(q.scale[:2], torch.tensor([2 / 127, 100 / 127]))
    assert q.scale.shape == (3,) and (q.codes[2] == 0).all()
    for row in range(3):
        alone = symmetric(x[row], bits=8)
        assert torch.equal(q.codes[row], alone.codes) and q.scale[row] == alone.scale


def test_channels_may_lie_on_any_axis():
    x = normal(2, 3, 4, 5)
    for axis in range(4):
        q = affine(x, bits=4, axis=axis)
        moved = affine(x.movedim(axis, 0), bits=4, axis=0)
        assert q.scale.shape == (x.shape[axis],)
        assert torch.equal(q.dequantize().movedim(axis, 0), moved.dequantize())
        assert torch.equal(q.codes, affine(x, bits=4, axis=axis - 4).codes)


def test_values_outside_a_given_range_are_clipped_to_its_ends():
    x = torch.tensor([-10.0, 0.5, 10.0])
    ends = affine(x, bits=8, low=0.0, high=1.0).dequantize()
    assert torch.allclose(ends[[0, 2]], torch.tensor([0.0, 1.0]))
    ends = symmetric(x, bits=8, limit=2.0).dequantize()
    assert torch.allclose(ends[[0, 2]], torch.tensor([-2.0, 2]))


def test_a_range_per_channel():
    x = normal(2, 100)
    q = affine(x, axis=0, low=torch.tensor([-1.0, -2]), high=torch.tensor([1.0, 2]))
    assert torch.allclose(q.scale, torch.tensor([2 / 255, 4 / 255]))
    assert torch.allclose(
        symmetric(x, axis=0, limit=torch.tensor([1.27, 2.54])).scale, torch.tensor([0.01, 0.02])
    )


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_torch_agrees(bits):
    x = normal(5000)
    q = affine(x, bits=bits)
    oracle = torch.fake_quantize_per_tensor_affine(
        x, q.scale.item(), int(q.zero_point), 0, 2**bits - 1
    )
    # torch multiplies by 1/scale: values within a hair of a half may fall on the other side
    differ = (oracle - q.dequantize()).abs() > 1e-6
    assert differ.float().mean() < 1e-3


def test_torch_agrees_per_channel():
    x = normal(6, 500)
    q, top = symmetric(x, bits=8, axis=0), 127
    oracle = torch.fake_quantize_per_channel_affine(x, q.scale, q.zero_point, 0, -top, top)
    assert ((oracle - q.dequantize()).abs() > 1e-6).float().mean() < 1e-3


def test_rounding_again_changes_nothing():
    q = symmetric(normal(300), bits=5)
    again = symmetric(q.dequantize(), bits=5)
    assert torch.equal(q.codes, again.codes)


def test_more_bits_never_lose_more():
    x = normal(2000)
    errors = [(affine(x, bits=b).dequantize() - x).pow(2).mean() for b in range(2, 13)]
    assert all(worse > better for worse, better in pairwise(errors))


def test_the_input_stays_as_it_was_and_no_gradient_is_kept():
    x = normal(10).requires_grad_()
    before = x.detach().clone()
    q = affine(x, low=-0.1, high=0.1)
    assert torch.equal(x, before) and not q.dequantize().requires_grad
    assert q.codes.dtype == torch.int32 and q.dequantize().dtype == torch.float32


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_floats_are_rounded_as_float32(dtype):
    x = normal(100).to(dtype)
    assert torch.equal(affine(x).codes, affine(x.double()).codes)


@pytest.mark.parametrize("make", [affine, symmetric])
@pytest.mark.parametrize(
    ("x", "error", "words"),
    [
        (torch.tensor([1.0, float("nan")]), ValueError, "1 of 2 values are NaN or infinite"),
        (torch.tensor([float("inf")]), ValueError, "NaN or infinite"),
        (torch.empty(0), ValueError, "empty"),
        (torch.arange(5), TypeError, "already quantized"),
        ([1.0, 2.0], TypeError, "must be a tensor; got list"),
    ],
)
def test_bad_input_is_named(make, x, error, words):
    with pytest.raises(error, match=words):
        make(x)


@pytest.mark.parametrize("make", [affine, symmetric])
def test_bad_options_are_named(make):
    x = normal(3, 4)
    with pytest.raises(ValueError, match="from 2 to 16; got 1. For one bit, use binary"):
        make(x, bits=1)
    with pytest.raises(ValueError, match="got 256. Did you mean the number of levels"):
        make(x, bits=256)
    with pytest.raises(ValueError, match="from 2 to 16; got 8.0"):
        make(x, bits=8.0)
    with pytest.raises(ValueError, match=r"in -2..1 for shape \(3, 4\); got 2"):
        make(x, axis=2)


def test_bad_ranges_are_named():
    x = normal(3, 4)
    with pytest.raises(ValueError, match="low must not exceed high; got 1 and -1"):
        affine(x, low=1.0, high=-1.0)
    with pytest.raises(ValueError, match="high must be finite"):
        affine(x, high=float("nan"))
    with pytest.raises(ValueError, match=r"low must be one number; got shape \(3,\)"):
        affine(x, low=torch.zeros(3))
    with pytest.raises(ValueError, match=r"one number, or 3 \(one per channel\); got shape \(4,\)"):
        symmetric(x, axis=0, limit=torch.ones(4))
    with pytest.raises(ValueError, match="limit is a size and cannot be negative; got -2"):
        symmetric(x, limit=-2.0)


def test_quantized_cannot_be_changed():
    with pytest.raises(AttributeError):
        quantize.affine(normal(3)).bits = 4


def test_apples_gpus_need_no_float64(monkeypatch):
    """They have none: there, every quantizer must do without."""
    from course_utils.quantize import binary, checks, codebook, grid, ternary

    for room in (checks, grid):
        monkeypatch.setattr(room, "precise_type", lambda x: torch.float32)
    monkeypatch.setattr(torch.Tensor, "double", lambda x: pytest.fail("float64 was asked for"))
    x = normal(4, 50)
    for make in (affine, symmetric, ternary, binary):
        make(x, axis=0)
    assert (affine(x).dequantize() - x).abs().max() <= affine(x).scale / 2 * (1 + 1e-3)
    codebook(x, clusters=4)
