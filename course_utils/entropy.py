"""Entropy coding: frequent symbols take little room, down to a small part of a bit.

An adaptive arithmetic coder (Rissanen 1976; with counts: Witten, Neal and Cleary 1987). A
message is one number in an interval. Every yes-or-no decision cuts the interval in two, in
proportion to how often each answer came before; the part with the true answer goes on. A
likely answer keeps nearly all of the interval, and so costs nearly nothing. The decoder
keeps the same counts, so no table travels with the message.

A symbol is a few decisions: is it zero, as most weights of a pruned network are? If not,
a walk down a tree of halves finds it. All arithmetic is on integers: every machine gives
the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Protocol

import torch
from torch import Tensor

_BITS = 48
_FULL = 1 << _BITS
_LEAST = _FULL >> 8  # a narrower interval has fixed its top byte, which is written out
_TAIL = _BITS // 8  # bytes the decoder holds in its window
_LEVELS = 64

Pair = list[int]
"""[count of no, count of yes], doubled, plus 1: the estimator of Krichevsky and Trofimov 1981."""


class Coder(Protocol):
    """What `walk` needs: one decision at a time, in an order both sides share."""

    def bit(self, pair: Pair, answer: bool) -> bool:
        """Code one decision, count it in the pair, and return it."""
        ...


class Encoder:
    """Turns decisions into bytes."""

    def __init__(self) -> None:
        self._low, self._width, self._out = 0, _FULL, bytearray()

    def bit(self, pair: Pair, answer: bool) -> bool:
        """Narrow the interval to the answer's part."""
        no = self._width * pair[0] // (pair[0] + pair[1])
        if answer:
            self._add(no)
            self._width -= no
        else:
            self._width = no
        pair[answer] += 2
        while self._width < _LEAST:
            self._out.append(self._low >> (_BITS - 8))
            self._low = (self._low << 8) & (_FULL - 1)
            self._width <<= 8
        return answer

    def finish(self) -> bytes:
        """Return the message: the shortest number that lies in the interval."""
        for count in range(_TAIL + 1):
            rest = (1 << (_BITS - 8 * count)) - 1
            up = -self._low & rest  # to the next number whose other bytes are all zero
            if up < self._width:
                break
        self._add(up)
        return bytes(self._out + self._low.to_bytes(_TAIL, "big")[:count])

    def _add(self, step: int) -> None:
        self._low += step
        if self._low >= _FULL:  # carry into the bytes already written
            self._low -= _FULL
            place = len(self._out) - 1
            while self._out[place] == 255:
                self._out[place] = 0
                place -= 1
            self._out[place] += 1


class Decoder:
    """Turns the bytes of an Encoder back into its decisions.

    Reading never goes on for long after the bytes have ended: it raises ValueError.
    """

    def __init__(self, message: bytes) -> None:
        self._message, self._read, self._width = message, _TAIL, _FULL
        self._value = int.from_bytes(message[:_TAIL].ljust(_TAIL, b"\0"), "big")

    def bit(self, pair: Pair, answer: bool = False) -> bool:
        """Return the next decision; `answer` is not looked at."""
        no = self._width * pair[0] // (pair[0] + pair[1])
        answer = self._value >= no
        if answer:
            self._value -= no
            self._width -= no
        else:
            self._width = no
        pair[answer] += 2
        while self._width < _LEAST:
            self._value = self._value << 8 | self._next()
            self._width <<= 8
        return answer

    def finish(self) -> None:
        """Raise ValueError when bytes are left over."""
        if self._read < len(self._message):
            raise ValueError(f"{len(self._message) - self._read} coded bytes are left over")

    def _next(self) -> int:
        place, self._read = self._read, self._read + 1
        if place < len(self._message):
            return self._message[place]
        if place >= len(self._message) + _TAIL:
            raise ValueError("the coded message ends too early")
        return 0


class Meter:
    """Writes nothing and adds up what decisions cost: `bits`, −log2 of their probabilities."""

    def __init__(self) -> None:
        self.bits = 0.0

    def bit(self, pair: Pair, answer: bool) -> bool:
        """Add the decision's cost."""
        self.bits -= math.log2(pair[answer] / (pair[0] + pair[1]))
        pair[answer] += 2
        return answer


def walk(coder: Coder, symbols: list[int], *, alphabet: int, columns: int) -> list[int]:
    """Code symbols in order; all counts start anew. The one model of both directions.

    Whether a symbol is zero is counted apart for each likelihood that its row and its column
    suggest so far: weights that survive pruning stand in crowded rows and columns.

    Args:
        symbols: in [0, alphabet). A Decoder needs only a list of the right length.
        columns: length of a row; a last row may be shorter.

    Returns:
        the symbols coded: those given, or those the Decoder read.
    """
    flags = [[1, 1] for _ in range(_LEVELS)]
    tree = [[1, 1] for _ in range(alphabet)]
    in_column, in_all, done = [0] * min(columns, len(symbols)), 0, []
    for start in range(0, len(symbols), columns):
        in_row, rows = 0, start // columns + 1
        for column, symbol in enumerate(symbols[start : start + columns]):
            likely = (2 * in_row + 1) * (2 * in_column[column] + 1) * (start + column + 1) << 8
            level = (likely // ((2 * in_all + 1) * rows * (column + 1))).bit_length()
            if alphabet > 1 and coder.bit(flags[level], symbol > 0):
                in_row, in_all = in_row + 1, in_all + 1
                in_column[column] += 1
                done.append(_descend(coder, tree, symbol))
            else:
                done.append(0)
    return done


def encode(symbols: Tensor | Iterable[int], *, alphabet: int, columns: int | None = None) -> bytes:
    """Return the bytes that `decode` turns back into the symbols, all in [0, alphabet).

    Args:
        symbols: integers, any shape, read in row-major order.
        columns: length of a row; None takes a tensor's last axis, else one row for all.
    """
    coder = Encoder()
    _walk_given(coder, symbols, alphabet, columns)
    return coder.finish()


def decode(message: bytes, *, count: int, alphabet: int, columns: int | None = None) -> Tensor:
    """Read back `count` symbols as int64, one axis.

    Raises:
        ValueError: the message ends too early, or is longer than its symbols.
    """
    if count < 0:
        raise ValueError(f"count must be 0 or more; got {count}.")
    coder = Decoder(message)
    symbols = walk(coder, [0] * count, alphabet=alphabet, columns=columns or max(1, count))
    coder.finish()
    return torch.tensor(symbols, dtype=torch.int64)


def bits(symbols: Tensor | Iterable[int], *, alphabet: int, columns: int | None = None) -> float:
    """Return what `encode` would pay at best, in bits: the adaptive entropy of the symbols."""
    meter = Meter()
    _walk_given(meter, symbols, alphabet, columns)
    return meter.bits


def _walk_given(coder: Coder, symbols: Tensor | Iterable[int], alphabet: int, columns) -> None:
    symbols = symbols if isinstance(symbols, Tensor) else torch.tensor(list(symbols))
    if symbols.numel() and (symbols.is_floating_point() or symbols.dtype == torch.bool):
        raise TypeError(
            f"symbols must be integers; got {symbols.dtype}. Did you pass the weights instead "
            "of their codes?"
        )
    row = symbols.shape[-1] if symbols.ndim > 1 else symbols.numel()
    flat = symbols.flatten().tolist()
    if flat and not 0 <= min(flat) <= max(flat) < alphabet:
        raise ValueError(
            f"symbols must lie in 0..{alphabet - 1}; got {min(flat)}..{max(flat)}. Is alphabet "
            "the number of symbols, the zero counted?"
        )
    walk(coder, flat, alphabet=alphabet, columns=columns or max(1, row))


def _descend(coder: Coder, tree: list[Pair], symbol: int) -> int:
    """Find a symbol from 1 to the tree's length − 1 by halving; each middle has its own counts."""
    low, high = 1, len(tree)
    while high - low > 1:
        middle = (low + high) // 2
        if coder.bit(tree[middle], symbol >= middle):
            low = middle
        else:
            high = middle
    return low
