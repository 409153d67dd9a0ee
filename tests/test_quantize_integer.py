"""Integer arithmetic: by hand, against floats, and where it would overflow."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils.quantize import (
    Quantized,
    accumulate,
    accumulator_bound,
    affine,
    integer_conv2d,
    integer_linear,
    multiplier_and_shift,
    requantize,
    symmetric,
)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def grid(codes, scale, zero_point=0, bits=8, axis=None):
    return Quantized(
        torch.tensor(codes, dtype=torch.int32), torch.tensor(scale), torch.tensor(zero_point),
        bits, axis,
    )  # fmt: skip


def output_grid(values, bits=8):
    q = affine(values, bits=bits)
    return {"scale": q.scale.item(), "zero_point": int(q.zero_point), "bits": bits}


def test_sum_worked_out_by_hand():
    # x = 0.5 * ([7, 2] - 3) = [2, -0.5]; w = 0.25 * [4, -6] = [1, -1.5]; bias 0.3 is 2 steps
    x, w = grid([[7, 2]], 0.5, 3), grid([[4, -6]], 0.25)
    total = accumulate(x, w, torch.tensor([0.3]))
    # 7*4 + 2*(-6) = 16; minus 3 * (4 - 6) = -6 makes 22; plus 0.3 / 0.125 = 2.4, rounded to 2
    assert total.tolist() == [[24]] and total.dtype == torch.int32
    assert 24 * 0.5 * 0.25 == 3.0  # the float layer gives 2 * 1 + 0.5 * 1.5 + 0.3 = 3.05
    out = integer_linear(x, w, torch.tensor([0.3]), scale=0.1, zero_point=10)
    assert out.codes.tolist() == [[40]] and out.dequantize().item() == pytest.approx(3.0)


def test_multiplier_and_shift_by_hand():
    multiplier, shift = multiplier_and_shift(torch.tensor([0.75, 0.25, 1.5], dtype=torch.float64))
    assert multiplier.tolist() == [3 * 2**29, 2**30, 3 * 2**29]
    assert shift.tolist() == [31, 32, 30]


def test_multiplier_stays_below_2_to_the_31_when_it_rounds_up():
    almost_one = torch.tensor(1 - 2.0**-40, dtype=torch.float64)
    multiplier, shift = multiplier_and_shift(almost_one)
    assert multiplier == 2**30 and shift == 30


def test_multiplier_is_accurate_to_31_bits():
    generator = torch.Generator().manual_seed(0)
    factor = torch.exp(torch.rand(1000, generator=generator, dtype=torch.float64) * 30 - 20)
    multiplier, shift = multiplier_and_shift(factor)
    assert (multiplier >= 2**30).all() and (multiplier < 2**31).all()
    written = multiplier.double() / 2.0 ** shift.double()
    assert ((written - factor).abs() / factor <= 2**-31).all()


def test_requantize_rounds_to_the_nearest_and_clamps():
    multiplier, shift = multiplier_and_shift(torch.tensor(0.25, dtype=torch.float64))
    total = torch.tensor([0, 1, 2, 3, 4, 5, -1, -3, -5, 10_000, -10_000], dtype=torch.int32)
    codes = requantize(total, multiplier, shift, zero_point=7)
    assert codes.tolist() == [7, 7, 8, 8, 8, 8, 7, 6, 6, 255, 0]
    assert requantize(total, multiplier, shift, zero_point=7, bits=4).max() == 15


def test_requantize_at_the_ends_of_int32():
    multiplier, shift = multiplier_and_shift(torch.tensor(1 - 2.0**-31, dtype=torch.float64))
    ends = torch.tensor([2**31 - 1, -(2**31)], dtype=torch.int32)
    assert requantize(ends, multiplier, shift, zero_point=0).tolist() == [255, 0]


@pytest.mark.parametrize("axis", [0, None])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("low", [0, -1])
def test_linear_is_within_one_step_of_the_float_layer(axis, bias, low):
    x = normal(40, 30).clamp(min=low)
    w, b = normal(12, 30, seed=1), normal(12, seed=2) if bias else None
    xq, wq = affine(x), symmetric(w, axis=axis)
    exact = F.linear(xq.dequantize(), wq.dequantize(), b)
    options = output_grid(exact)
    out = integer_linear(xq, wq, b, **options)
    steps = (out.dequantize() - exact).abs() / options["scale"]
    assert steps.max() <= 1 and (steps <= 0.51).float().mean() > 0.99
    assert out.codes.dtype == torch.int32


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (1, 1), (2, 1), (2, 0), (1, 2)])
@pytest.mark.parametrize("axis", [0, None])
def test_convolution_is_within_one_step_of_the_float_layer(stride, padding, axis):
    x, w, b = normal(3, 4, 9, 7) + 0.5, normal(5, 4, 3, 2, seed=1), normal(5, seed=2)
    xq, wq = affine(x), symmetric(w, axis=axis)
    exact = F.conv2d(xq.dequantize(), wq.dequantize(), b, stride=stride, padding=padding)
    options = output_grid(exact)
    out = integer_conv2d(xq, wq, b, stride=stride, padding=padding, **options)
    assert out.codes.shape == exact.shape
    assert (out.dequantize() - exact).abs().max() <= options["scale"]


def test_padding_means_zero_not_code_zero():
    x = affine(torch.tensor([[[[-1.0, 2.0]]]]))
    assert x.zero_point > 0
    w = symmetric(torch.ones(1, 1, 1, 3))
    exact = F.conv2d(F.pad(x.dequantize(), [1, 1, 1, 1]), w.dequantize())
    out = integer_conv2d(x, w, None, padding=1, scale=0.01, zero_point=100)
    assert torch.allclose(out.dequantize(), exact, atol=0.01)


def test_sums_that_may_not_fit_are_refused_before_they_wrap():
    assert accumulator_bound(2048) == 2048 * 255 * 127
    fits, too_many = 66_311, 66_312  # 2**31 / (255 * 127) = 66,311.4
    assert accumulator_bound(fits) < 2**31 <= accumulator_bound(too_many)

    def add_up(inputs):
        x = grid([[255] * inputs], 1.0)
        return accumulate(x, grid([[127] * inputs], 1.0), None)

    assert add_up(fits).item() == accumulator_bound(fits)
    with pytest.raises(OverflowError, match="66312 inputs of 8 x 8 bits"):
        add_up(too_many)


def test_a_bias_that_does_not_fit_is_refused():
    with pytest.raises(OverflowError, match="more than int32 holds"):
        accumulate(grid([[1]], 1e-3), grid([[1]], 1e-3), torch.tensor([1e4]))


def test_the_bound_holds_with_a_zero_point():
    x, w = grid([[0] * 100], 1.0, 255), grid([[-127] * 100], 1.0)
    assert accumulate(x, w, None).item() == accumulator_bound(100)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_torch_agrees_on_quantized_products(bits):
    x, w = affine(normal(10, 20), bits=bits), symmetric(normal(6, 20, seed=1), bits=bits, axis=0)
    exact = nn.functional.linear(x.dequantize().double(), w.dequantize().double())
    total = accumulate(x, w, None) * (x.scale.double() * w.scale.double())
    assert torch.allclose(total, exact, rtol=1e-5, atol=1e-6)


def test_inputs_stay_as_they_were():
    x, w, b = affine(normal(4, 5)), symmetric(normal(3, 5), axis=0), normal(3)
    before = x.codes.clone(), w.codes.clone(), b.clone()
    integer_linear(x, w, b, scale=0.1, zero_point=3)
    assert all(torch.equal(*pair) for pair in zip(before, (x.codes, w.codes, b), strict=True))


def test_wrong_grids_are_named():
    x, w = affine(normal(4, 5)), symmetric(normal(3, 5), axis=0)
    for bad_x in (affine(normal(4, 5), axis=0), affine(normal(4, 6))):
        with pytest.raises(ValueError, match="x must have one grid and as many columns as w"):
            integer_linear(bad_x, w, None, scale=0.1, zero_point=0)
    for bad_w in (symmetric(normal(3, 5), axis=1), affine(normal(3, 5))):
        with pytest.raises(ValueError, match="w must be symmetric"):
            integer_linear(x, bad_w, None, scale=0.1, zero_point=0)
    with pytest.raises(ValueError, match="must be positive and finite"):
        integer_linear(x, w, None, scale=-0.1, zero_point=0)
    with pytest.raises(ValueError, match="factors must lie"):
        multiplier_and_shift(torch.tensor(1e-30))
    with pytest.raises(ValueError, match="zero_point must be a code in 0..255; got 256"):
        integer_linear(x, w, None, scale=0.1, zero_point=256)
