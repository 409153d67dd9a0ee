"""Uniform grids: floats to integer codes and back (Jacob 2018, arXiv 1712.05877).

    x  ≈  scale · (code − zero_point)
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from course_utils.quantize.checks import (
    check_axis,
    check_bits,
    check_floats,
    precise,
    precise_type,
)

_SMALLEST = torch.finfo(torch.float32).tiny  # a scale of 0 would divide by zero


@dataclass(frozen=True, eq=False)
class Quantized:
    """Integer codes, and what turns them back into floats.

    Attributes:
        codes: int32, shaped like the floats they stand for.
        scale: float32, the width of one step; a scalar, or one number per channel.
        zero_point: int32, the code that stands for exactly 0; shaped like scale.
        bits: 2 to 16, "ternary" or "binary".
        axis: the axis of the channels, or None for one grid for all.
    """

    codes: Tensor
    scale: Tensor
    zero_point: Tensor
    bits: int | str
    axis: int | None = None

    def dequantize(self) -> Tensor:
        """Turns codes back into float32: scale · (code − zero_point)."""
        scale = spread(self.scale, self.codes, self.axis)
        return scale * (self.codes - spread(self.zero_point, self.codes, self.axis))


def affine(
    x: Tensor,
    *,
    bits: int = 8,
    axis: int | None = None,
    low: float | Tensor | None = None,
    high: float | Tensor | None = None,
) -> Quantized:
    """Rounds x to unsigned codes 0..2**bits − 1, with a zero point.

    Zero is always on the grid, so a range that excludes it is widened. Inside the range
    |x − dequantized| ≤ scale/2; outside, x is clipped to its end.

    Args:
        x: floats, any shape.
        bits: 2 to 16.
        axis: gives every slice along this axis its own scale and zero point.
        low: the smallest value to cover, one number or one per channel; x's own if None.
        high: the largest, likewise.
    """
    check_bits(bits)
    x = check_floats(x)
    axis = check_axis(x, axis)
    top = 2**bits - 1
    low, high = _range(x, axis, low, high)
    scale = ((high - low) / top).float().clamp(min=_SMALLEST)
    zero_point = torch.round(-low / scale).to(torch.int32)
    steps = torch.round(precise(x) / spread(scale, x, axis))
    codes = (steps + spread(zero_point, x, axis)).clamp(0, top).to(torch.int32)
    return Quantized(codes, scale, zero_point, bits, axis)


def symmetric(
    x: Tensor, *, bits: int = 8, axis: int | None = None, limit: float | Tensor | None = None
) -> Quantized:
    """Rounds x to signed codes −(2**(bits−1) − 1)..2**(bits−1) − 1; code 0 is exactly 0.

    Inside ±limit |x − dequantized| ≤ scale/2; outside, x is clipped.

    Args:
        x: floats, any shape.
        bits: 2 to 16. Two bits leave the three codes −1, 0, 1.
        axis: gives every slice along this axis its own scale.
        limit: the largest size to cover, one number or one per channel; x's own if None.
    """
    check_bits(bits)
    x = check_floats(x)
    axis = check_axis(x, axis)
    top = 2 ** (bits - 1) - 1
    limit = per_channel(x.abs(), axis).amax(-1) if limit is None else limit
    limit = _end(limit, x, axis, name="limit")
    if (limit < 0).any():
        raise ValueError(f"limit is a size and cannot be negative; got {limit.min():g}")
    scale = (limit / top).float().clamp(min=_SMALLEST)
    codes = torch.round(precise(x) / spread(scale, x, axis)).clamp(-top, top).to(torch.int32)
    return Quantized(codes, scale, torch.zeros_like(scale, dtype=torch.int32), bits, axis)


def per_channel(x: Tensor, axis: int | None) -> Tensor:
    """Lays x out as channel x value; as one row of values when axis is None."""
    return x.flatten() if axis is None else x.movedim(axis, 0).flatten(1)


def spread(values: Tensor, x: Tensor, axis: int | None) -> Tensor:
    """Shapes one value per channel so that it multiplies x along its axis."""
    if axis is None:
        return values
    return values.view([-1 if a == axis else 1 for a in range(x.ndim)])


def _range(x, axis, low, high) -> tuple[Tensor, Tensor]:
    """The range to cover, widened to hold zero."""
    rows = per_channel(x, axis)
    low = _end(rows.amin(-1) if low is None else low, x, axis, name="low")
    high = _end(rows.amax(-1) if high is None else high, x, axis, name="high")
    if (low > high).any():
        raise ValueError(f"low must not exceed high; got {low.max():g} and {high.min():g}")
    return low.clamp(max=0), high.clamp(min=0)


def _end(value: float | Tensor, x: Tensor, axis: int | None, *, name: str) -> Tensor:
    end = torch.as_tensor(value, dtype=precise_type(x), device=x.device).detach()
    if not torch.isfinite(end).all():
        raise ValueError(f"{name} must be finite; got {value}")
    if axis is None and end.ndim == 0:
        return end
    if axis is not None and end.ndim == 0:
        return end.expand(x.shape[axis])
    wanted = "one number" if axis is None else f"one number, or {x.shape[axis]} (one per channel)"
    if axis is None or tuple(end.shape) != (x.shape[axis],):
        raise ValueError(f"{name} must be {wanted}; got shape {tuple(end.shape)}")
    return end
