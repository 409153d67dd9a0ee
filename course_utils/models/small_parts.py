"""One tensor of a `.small` file: numbers written as they are, and symbols to be coded.

Four ways to write a tensor, all exact; the shortest is taken. `VALUES`: all its numbers.
`SPARSE`: the numbers that are not zero, and a symbol for each place: zero or not. `TABLE`:
up to 255 numbers, and for each place 0 or a number's position. `GRID`: a scale, or one for
each output channel, and for each place a code from −top to top.

Numbers take two bytes where float16 holds them exactly, else four.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma, log

import torch
from torch import Tensor

from course_utils.models.small_header import Reader, number_bytes

VALUES, SPARSE, TABLE, GRID = range(4)
MOST = 255
"""Entries of a table; half of it is the largest code of a grid."""
_TYPES = (torch.float16, torch.float32, torch.int64)


@dataclass(frozen=True, eq=False)
class Part:
    """A tensor as numbers and symbols.

    Attributes:
        symbols: int64 in [0, alphabet), 0 for zero, shaped like the tensor; None: no symbols.
        per_channel: a grid with a scale for each entry of the first axis.
    """

    kind: int
    numbers: Tensor
    alphabet: int = 1
    symbols: Tensor | None = None
    per_channel: bool = False

    def head(self) -> bytes:
        """What comes before the coded symbols: kind, sizes, numbers."""
        brief = _brief(self.numbers)  # a part that was read holds float32
        form = _TYPES.index(brief.dtype)
        count = {TABLE: bytes([self.alphabet - 1]), GRID: bytes([self.alphabet // 2]),
                 SPARSE: number_bytes(self.numbers.numel()), VALUES: b""}[self.kind]  # fmt: skip
        numbers = brief.flatten().numpy()
        numbers = numbers.astype(numbers.dtype.newbyteorder("<")).tobytes()
        return bytes([self.kind | form << 2 | self.per_channel << 4]) + count + numbers

    def estimate(self) -> float:
        """About how many bits the part takes."""
        bits = 8.0 * len(self.head())
        if self.symbols is None:
            return bits
        counts = torch.bincount(self.symbols.flatten(), minlength=self.alphabet).tolist()
        return bits + _flip_bits(counts[0], sum(counts[1:])) + _tree_bits(counts[1:])


def shortest(tensor: Tensor) -> Part:
    """Write a tensor in the way that takes the fewest bits, exactly.

    Raises:
        ValueError: the tensor holds something else than finite float32 or int64 numbers.
    """
    if tensor.dtype not in (torch.float32, torch.int64) or not torch.isfinite(tensor).all():
        raise ValueError(
            f"a .small file holds finite float32 numbers; got {tensor.dtype} with "
            f"{int((~torch.isfinite(tensor)).sum())} values that are NaN or infinite."
        )
    ways = [Part(VALUES, _brief(tensor))]
    if tensor.dtype == torch.float32:
        used = tensor != 0
        ways.append(Part(SPARSE, _brief(tensor[used]), 2, used.long()))
        table = tensor[used].unique()
        if len(table) <= MOST:
            places = torch.searchsorted(table, tensor) + 1
            ways.append(Part(TABLE, _brief(table), len(table) + 1, places * used))
            ways += _on_grid(tensor, table)
    return min(ways, key=Part.estimate)


def grid(codes: Tensor, scale: Tensor) -> Part:
    """Write scale · code; scale is one number, or one for each entry of the first axis."""
    codes, top = codes.long(), max(1, int(codes.abs().max()))
    symbols = torch.where(codes < 0, codes + top + 1, codes + top) * (codes != 0)
    return Part(GRID, _brief(scale), 2 * top + 1, symbols, per_channel=scale.ndim > 0)


def read_part(reader: Reader, shape: torch.Size) -> Part:
    """Read a part's head; its symbols come later, and so are None."""
    first = reader.byte()
    kind, form, per_channel = first & 3, first >> 2 & 3, bool(first & 16)
    if first > 31 or form > 2 or (form == 2 and kind != VALUES) or (per_channel and kind != GRID):
        raise ValueError(f"no tensor begins with {first}")
    if kind == VALUES:
        count, alphabet = shape.numel(), 1
    elif kind == SPARSE:
        count, alphabet = reader.number(), 2
    elif kind == TABLE:
        count = reader.byte()
        alphabet = count + 1
    else:
        count, alphabet = shape[0] if per_channel and shape else 1, 2 * reader.byte() + 1
    return Part(kind, _numbers(reader, count, _TYPES[form]), alphabet, per_channel=per_channel)


def rebuild(part: Part, symbols: Tensor | None, shape: torch.Size) -> Tensor:
    """Turn a part and its symbols back into the tensor."""
    if part.kind == VALUES:
        return part.numbers.view(shape)
    symbols = symbols.view(shape)
    if part.kind == SPARSE:
        if len(part.numbers) != int((symbols > 0).sum()):
            raise ValueError("a sparse tensor has too few or too many numbers")
        return torch.zeros(shape).masked_scatter(symbols > 0, part.numbers)
    if part.kind == TABLE:
        return torch.cat([torch.zeros(1), part.numbers])[symbols]
    top = part.alphabet // 2
    codes = torch.where(symbols <= top, symbols - top - 1, symbols - top) * (symbols > 0)
    scale = part.numbers.view(-1, *[1] * (len(shape) - 1)) if part.per_channel else part.numbers
    return (scale * codes).view(shape)


def _numbers(reader: Reader, count: int, kind: torch.dtype) -> Tensor:
    import numpy

    name = {torch.float16: "<f2", torch.float32: "<f4", torch.int64: "<i8"}[kind]
    read = numpy.frombuffer(reader.take(count * numpy.dtype(name).itemsize), name)
    numbers = torch.from_numpy(read.astype(numpy.int64 if kind == torch.int64 else numpy.float32))
    if not torch.isfinite(numbers).all():
        raise ValueError("a number in it is NaN or infinite")
    return numbers


def _brief(numbers: Tensor) -> Tensor:
    """float16 where that is exact."""
    if numbers.dtype == torch.float32 and torch.equal(numbers.half().float(), numbers):
        return numbers.half()
    return numbers


def _on_grid(tensor: Tensor, table: Tensor) -> list[Part]:
    """The coarsest grid that holds every number exactly, if there is one."""
    if len(table) == 0:
        return []
    tops = torch.arange(1, MOST // 2 + 1)
    near = table.abs().max() / tops
    inf = torch.tensor(torch.inf)
    scales = torch.stack([near.half().float(), near, near.nextafter(inf), near.nextafter(-inf)], 1)
    scales = scales.flatten()  # by rising top; for each, float16 first
    codes = torch.round(table / scales[:, None])
    fits = (scales[:, None] * codes == table).all(1) & (codes.abs() <= MOST // 2).all(1)
    if not fits.any():
        return []
    scale = scales[int(fits.int().argmax())]
    return [grid(torch.round(tensor / scale), scale)]


def _flip_bits(no: int, yes: int) -> float:
    """What the coder pays for that many answers counted in one pair, in any order."""
    known = lgamma(no + 0.5) + lgamma(yes + 0.5) - 2 * lgamma(0.5) - lgamma(no + yes + 1)
    return -known / log(2)


def _tree_bits(counts: list[int]) -> float:
    """What the coder's tree of halves pays; the halves are those of `entropy.walk`."""
    if len(counts) < 2:
        return 0.0
    middle = len(counts) // 2
    left, right = counts[:middle], counts[middle:]
    return _flip_bits(sum(left), sum(right)) + _tree_bits(left) + _tree_bits(right)
