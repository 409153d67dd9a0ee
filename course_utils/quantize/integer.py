"""Arithmetic with integers only, as chips do it (Jacob 2018, arXiv 1712.05877).

With x ≈ sx·(X − zx) and w ≈ sw·W, a sum of products is

    Σ w·x + b  ≈  sx·sw · ( Σ W·X − zx·Σ W + B ),      B = round(b / (sx·sw))

The bracket holds integers only. The next layer wants codes with scale so and zero point zo:
(sx·sw/so)·bracket + zo. The one real number left, sx·sw/so, is written as multiplier / 2**shift.
"""

import torch
from torch import Tensor

from course_utils.quantize.checks import check_bits
from course_utils.quantize.grid import Quantized

INT32_MAX = 2**31 - 1


def integer_linear(
    x: Quantized, w: Quantized, bias: Tensor | None, *, scale: float, zero_point: int, bits: int = 8
) -> Quantized:
    """Computes a linear layer on codes; the result is within one step of the float one.

    Args:
        x: n x input, affine, one grid.
        w: output x input, symmetric, one scale or one per output (axis 0).
        bias: output, float; stored as int32 in steps of sx·sw.
        scale: step of the output's grid; zero_point and bits likewise.
    """
    _check_grids(x, w)
    if not 0 <= zero_point < 2**bits:
        raise ValueError(f"zero_point must be a code in 0..{2**bits - 1}; got {zero_point}")
    total = accumulate(x, w, bias)
    multiplier, shift = multiplier_and_shift(x.scale.double() * w.scale.double() / scale)
    codes = requantize(total, multiplier, shift, zero_point=zero_point, bits=bits)
    return Quantized(codes, torch.tensor(float(scale)), torch.tensor(zero_point), bits)


def integer_conv2d(
    x: Quantized,
    w: Quantized,
    bias: Tensor | None,
    *,
    scale: float,
    zero_point: int,
    bits: int = 8,
    stride: int = 1,
    padding: int = 0,
) -> Quantized:
    """Computes a convolution on codes: a linear layer on every window.

    Args:
        x: n x channel x height x width; the rest as in `integer_linear`.
        w: output x channel x height x width.
    """
    height, width = w.codes.shape[2:]
    # A padded pixel must mean the number 0, and that is the code zero_point, not the code 0.
    padded = torch.nn.functional.pad(x.codes, [padding] * 4, value=int(x.zero_point))
    windows = padded.unfold(2, height, stride).unfold(3, width, stride)
    n, _, rows, columns = windows.shape[:4]
    flat = windows.permute(0, 2, 3, 1, 4, 5).reshape(n * rows * columns, -1)
    out = integer_linear(
        Quantized(flat, x.scale, x.zero_point, x.bits),
        Quantized(w.codes.flatten(1), w.scale, w.zero_point, w.bits, w.axis),
        bias,
        scale=scale,
        zero_point=zero_point,
        bits=bits,
    )
    codes = out.codes.view(n, rows, columns, -1).permute(0, 3, 1, 2)
    return Quantized(codes, out.scale, out.zero_point, bits)


def accumulate(x: Quantized, w: Quantized, bias: Tensor | None) -> Tensor:
    """Adds up codes in int32: Σ W·X − zx·Σ W + B, n x output.

    Raises:
        OverflowError: so many inputs that the sum might not fit in int32.
    """
    products = x.codes @ w.codes.T
    correction = x.zero_point * w.codes.sum(1, dtype=torch.int32)
    steps = torch.zeros(len(w.codes), dtype=torch.int64)
    if bias is not None:
        steps = torch.round(bias.detach().double() / (x.scale.double() * w.scale.double())).long()
    bound = accumulator_bound(w.codes.shape[1], x.bits, w.bits) + int(steps.abs().max())
    if bound > INT32_MAX:
        raise OverflowError(
            f"{w.codes.shape[1]} inputs of {x.bits} x {w.bits} bits and the bias may add up to "
            f"{bound:,}, more than int32 holds ({INT32_MAX:,})"
        )
    return products - correction + steps.to(torch.int32)


def accumulator_bound(inputs: int, x_bits: int = 8, w_bits: int = 8) -> int:
    """The largest size that a sum of `inputs` products of codes can reach."""
    return inputs * (2**x_bits - 1) * (2 ** (w_bits - 1) - 1)


def multiplier_and_shift(factor: Tensor) -> tuple[Tensor, Tensor]:
    """Writes positive factors as multiplier / 2**shift, multiplier in [2**30, 2**31).

    Returns:
        two int64 tensors shaped like factor; the relative error is at most 2**−31.
    """
    if (factor <= 0).any() or not torch.isfinite(factor).all():
        raise ValueError(f"a factor between scales must be positive and finite; got {factor}")
    mantissa, exponent = torch.frexp(factor.double())  # mantissa in [0.5, 1)
    multiplier = torch.round(mantissa * 2**31).long()
    carry = multiplier == 2**31
    multiplier, exponent = multiplier >> carry.long(), exponent + carry.int()
    shift = 31 - exponent.long()
    if (shift < 1).any() or (shift > 62).any():
        raise ValueError(f"factors must lie in [2**-31, 2**30); got {factor}")
    return multiplier, shift


def requantize(
    total: Tensor, multiplier: Tensor, shift: Tensor, *, zero_point: int, bits: int = 8
) -> Tensor:
    """Brings int32 sums to the next grid: multiply, shift right with rounding, clamp."""
    check_bits(bits)
    product = total.long() * multiplier  # below 2**62: int64 holds it
    rounded = (product + (1 << (shift - 1))) >> shift  # half is added, so >> rounds to nearest
    return (rounded + zero_point).clamp(0, 2**bits - 1).to(torch.int32)


def _check_grids(x: Quantized, w: Quantized) -> None:
    if x.axis is not None or x.codes.shape[-1] != w.codes.shape[-1]:
        raise ValueError(
            f"x must have one grid and as many columns as w; got axis {x.axis} and shapes "
            f"{tuple(x.codes.shape)}, {tuple(w.codes.shape)}"
        )
    if w.axis not in (None, 0) or (w.zero_point != 0).any():
        raise ValueError("w must be symmetric, with one scale or one per output (axis 0)")
