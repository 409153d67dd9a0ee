"""What every quantizer asks of its input, said once."""

import torch
from torch import Tensor

WORDS = ("ternary", "binary")
CLIPS = ("max", "mse")


def check_bits(bits: int, *, low: int = 2, high: int = 16) -> None:
    """Accepts a whole number of bits in low..high."""
    if isinstance(bits, bool) or not isinstance(bits, int) or not low <= bits <= high:
        slip = " For one bit, use binary." if bits == 1 else ""
        slip = " Did you mean the number of levels?" if bits in (32, 64, 128, 256) else slip
        raise ValueError(f"bits must be a whole number from {low} to {high}; got {bits!r}.{slip}")


def check_bits_or_word(bits: int | str) -> None:
    """Accepts 2..8 bits, "ternary" or "binary": what a weight can be rounded to."""
    if isinstance(bits, str):
        if bits not in WORDS:
            raise ValueError(f'bits must be 2 to 8, "ternary" or "binary"; got {bits!r}')
        return
    check_bits(bits, high=8)


def check_clip(clip: str | Tensor) -> None:
    """Accepts "max", "mse", or a limit."""
    if isinstance(clip, str) and clip not in CLIPS:
        raise ValueError(f'clip must be "max" or "mse"; got {clip!r}')


def check_floats(x: Tensor, *, name: str = "x") -> Tensor:
    """Accepts finite floats, at least one; returns them without their gradient history."""
    if not isinstance(x, Tensor):
        raise TypeError(f"{name} must be a tensor; got {type(x).__name__}")
    if not x.is_floating_point():
        raise TypeError(
            f"{name} must hold floats; got {x.dtype}. Is it already quantized? Use .float() "
            "if these are ordinary numbers."
        )
    if x.numel() == 0:
        raise ValueError(f"{name} is empty (shape {tuple(x.shape)}): it has no range to cover")
    if not torch.isfinite(x).all():
        bad = int((~torch.isfinite(x)).sum())
        raise ValueError(f"{name} must be finite; {bad} of {x.numel()} values are NaN or infinite")
    return x.detach()


def precise(x: Tensor) -> Tensor:
    """Turns floats into float64, or float32 on Apple's GPUs, which have no float64."""
    return x.to(precise_type(x))


def precise_type(x: Tensor) -> torch.dtype:
    """The widest float type that the tensor's device computes with."""
    return torch.float32 if x.device.type == "mps" else torch.float64


def check_axis(x: Tensor, axis: int | None) -> int | None:
    """Turns a channel axis into its non-negative number; None means one grid for all."""
    if axis is None:
        return None
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(
            f"axis must be None or in -{x.ndim}..{x.ndim - 1} for shape {tuple(x.shape)}; "
            f"got {axis}"
        )
    return axis % x.ndim
