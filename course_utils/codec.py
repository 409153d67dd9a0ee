"""Integers to packed bytes and back, both ways exact.

A 4-bit code kept in a 32-bit integer saves nothing. Packing writes the codes one after
another, without gaps, so that the file is as small as the bits promise.
"""

import torch
from torch import Tensor

TRITS_PER_BYTE = 5  # 3**5 = 243 fits in the 256 values of a byte; 3**6 does not


def pack(codes: Tensor, *, bits: int) -> Tensor:
    """Writes codes one after another, `bits` bits each, into bytes.

    The first code takes the lowest bits of the first byte; a code may cross from one byte
    into the next. The bits left over in the last byte are zero.

    Args:
        codes: integers in [0, 2**bits), any shape; read in row-major order.
        bits: 1 to 16.

    Returns:
        uint8, one axis, `ceil(count * bits / 8)` long.
    """
    _check_bits(bits)
    flat = _check_codes(codes, below=2**bits)
    ones_and_zeros = (flat[:, None] >> torch.arange(bits)) & 1
    return _join_digits(ones_and_zeros.flatten(), base=2, per_byte=8)


def unpack(packed: Tensor, *, bits: int, count: int) -> Tensor:
    """Reads back what `pack` wrote: `count` codes as int64, one axis."""
    _check_bits(bits)
    _check_packed(packed, count, length=-(-count * bits // 8))
    digits = _split_digits(packed, base=2, per_byte=8)[: count * bits]
    return (digits.view(count, bits) << torch.arange(bits)).sum(1)


def pack_trits(codes: Tensor) -> Tensor:
    """Writes codes 0, 1, 2 into bytes, five to a byte: 1.6 bits each.

    Five codes are the digits of one number in base 3, the first code the lowest digit.
    """
    flat = _check_codes(codes, below=3)
    return _join_digits(flat, base=3, per_byte=TRITS_PER_BYTE)


def unpack_trits(packed: Tensor, *, count: int) -> Tensor:
    """Reads back what `pack_trits` wrote: `count` codes as int64, one axis."""
    _check_packed(packed, count, length=-(-count // TRITS_PER_BYTE))
    if packed.numel() and int(packed.max()) >= 3**TRITS_PER_BYTE:
        raise ValueError(
            f"packed trits must be bytes below 243; got {int(packed.max())}. Were these bytes "
            "written by pack instead of pack_trits, or is the file damaged?"
        )
    return _split_digits(packed, base=3, per_byte=TRITS_PER_BYTE)[:count]


def _join_digits(digits: Tensor, *, base: int, per_byte: int) -> Tensor:
    """Adds up `per_byte` digits at a time, each times its power of the base."""
    padded = torch.nn.functional.pad(digits, (0, -len(digits) % per_byte))
    powers = base ** torch.arange(per_byte)
    return (padded.view(-1, per_byte) * powers).sum(1).to(torch.uint8)


def _split_digits(packed: Tensor, *, base: int, per_byte: int) -> Tensor:
    """Takes every byte apart into `per_byte` digits, the lowest first."""
    powers = base ** torch.arange(per_byte)
    return (packed.long()[:, None] // powers % base).flatten()


def _check_bits(bits: int) -> None:
    if isinstance(bits, bool) or not isinstance(bits, int) or not 1 <= bits <= 16:
        raise ValueError(f"bits must be a whole number from 1 to 16; got {bits!r}")


def _check_codes(codes: Tensor, *, below: int) -> Tensor:
    if codes.is_floating_point() or codes.is_complex():
        raise TypeError(
            f"codes must be integers; got {codes.dtype}. Did you pass the weights instead of "
            "their codes?"
        )
    flat = codes.detach().cpu().flatten().long()
    if flat.numel() and not 0 <= int(flat.min()) <= int(flat.max()) < below:
        raise ValueError(
            f"codes must lie in 0..{below - 1}; got {int(flat.min())}..{int(flat.max())}. "
            "Signed codes must be shifted first, by subtracting their smallest value."
        )
    return flat


def _check_packed(packed: Tensor, count: int, *, length: int) -> None:
    if packed.dtype != torch.uint8 or packed.ndim != 1:
        raise TypeError(
            f"packed codes are uint8 with one axis; got {packed.dtype} with {packed.ndim} axes"
        )
    if count < 0 or len(packed) != length:
        raise ValueError(
            f"{count} codes take {length} bytes; got {len(packed)}. Is count the number of "
            "codes (not of bytes), and the file whole?"
        )
