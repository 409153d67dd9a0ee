"""The first bytes of a `.small` file: which class, built with which settings, in a few bytes.

A setting is written without its name, in the order of the constructor's parameters; those
at the end that have their default are left out. Whole numbers up to 223 take one byte.
"""

from __future__ import annotations

import inspect
import struct
from decimal import Decimal

from course_utils.models.registry import ARCHITECTURES

NUMBERED = ("", "SimplifiedCNN", "Net", "LeNet5", "ShallowCNN", "ResNet", "TinyCNN")
"""Classes that one byte names, by their place here: add at the end only. Others are spelled out."""
LARGEST = 4096
"""No setting of a file may be larger: a file must not make its reader build a giant."""
_FALSE, _TRUE, _NONE, _WHOLE, _DECIMAL, _FLOAT, _WORD, _LIST = range(224, 232)


class Reader:
    """Takes bytes from the front, and never more than there are."""

    def __init__(self, content: bytes) -> None:
        self._content, self._place = content, 0

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        end = self._place + count
        if end > len(self._content):
            raise ValueError("it ends too early")
        part, self._place = self._content[self._place : end], end
        return part

    def byte(self) -> int:
        """Return the next byte as a number."""
        return self.take(1)[0]

    def number(self) -> int:
        """Return a whole number that `number_bytes` wrote."""
        total = 0
        for shift in range(0, 63, 7):
            digit = self.byte()
            total |= (digit & 127) << shift
            if digit < 128:
                return total
        raise ValueError("a number in it is too long")

    def rest(self) -> bytes:
        """Return all bytes that are left."""
        return self.take(len(self._content) - self._place)


def number_bytes(number: int) -> bytes:
    """Write a whole number from 0, seven bits to a byte, the lowest first."""
    out = bytearray()
    while number >= 128:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def header_bytes(architecture: str, settings: dict) -> bytes:
    """Write a class of this course by its name, and the settings it was built with."""
    defaults = _defaults(architecture)
    if unknown := set(settings) - set(defaults):
        raise ValueError(
            f"a .small file has no room for {', '.join(sorted(unknown))}; save it as .safetensors."
        )
    values = [settings.get(name, default) for name, default in defaults.items()]
    written = [_value_bytes(value) for value in values]
    kept = len(written)
    while kept and written[kept - 1] == _default_bytes(list(defaults.values())[kept - 1]):
        kept -= 1
    return _name_bytes(architecture) + bytes([kept]) + b"".join(written[:kept])


def read_header(reader: Reader) -> tuple[str, dict]:
    """Read back what `header_bytes` wrote: class name and settings."""
    number = reader.byte()
    if number >= len(NUMBERED):
        raise ValueError(f"class number {number} is unknown; was it made by a newer version?")
    architecture = NUMBERED[number] or reader.take(reader.byte()).decode()
    if architecture not in ARCHITECTURES:
        raise ValueError(f"unknown architecture {architecture!r}")
    names = list(_defaults(architecture))
    count = reader.byte()
    if count > len(names):
        raise ValueError(f"{architecture} has {len(names)} settings, the file {count}")
    return architecture, {name: _read_value(reader) for name in names[:count]}


def _defaults(architecture: str) -> dict[str, object]:
    """The constructor's parameters in order, with their defaults."""
    known = inspect.signature(ARCHITECTURES[architecture]).parameters.values()
    return {parameter.name: parameter.default for parameter in known}


def _default_bytes(default: object) -> bytes:
    return b"" if default is inspect.Parameter.empty else _value_bytes(default)


def _name_bytes(architecture: str) -> bytes:
    if architecture in NUMBERED:
        return bytes([NUMBERED.index(architecture)])
    return bytes([0, len(architecture)]) + architecture.encode()


def _value_bytes(value: object) -> bytes:
    if value is None or isinstance(value, bool):
        return bytes([{None: _NONE, False: _FALSE, True: _TRUE}[value]])
    if isinstance(value, int):
        _check(value)
        return bytes([value]) if value < _FALSE else bytes([_WHOLE]) + number_bytes(value)
    if isinstance(value, float):
        return _float_bytes(value)
    if isinstance(value, str):
        word = value.encode()
        return bytes([_WORD]) + number_bytes(len(word)) + word
    if isinstance(value, list | tuple):
        return bytes([_LIST]) + number_bytes(len(value)) + b"".join(map(_value_bytes, value))
    raise ValueError(f"a .small file has no room for the setting {value!r}.")


def _read_value(reader: Reader) -> object:
    sign = reader.byte()
    if sign < _FALSE:
        return sign
    if sign == _WHOLE:
        return _check(reader.number())
    if sign == _DECIMAL:
        digits = reader.number()
        return float(Decimal(digits).scaleb(-reader.byte()))
    if sign == _FLOAT:
        return struct.unpack("<d", reader.take(8))[0]
    if sign == _WORD:
        return reader.take(reader.number()).decode()
    if sign == _LIST:
        return [_read_value(reader) for _ in range(_check(reader.number()))]
    if sign not in (_FALSE, _TRUE, _NONE):
        raise ValueError(f"no setting begins with {sign}")
    return {_FALSE: False, _TRUE: True, _NONE: None}[sign]


def _float_bytes(value: float) -> bytes:
    """Write a short decimal such as 0.1306 by its digits, 1306, and its places, 4."""
    sign, digits, exponent = Decimal(repr(value)).as_tuple() if _finite(value) else (1, (), 0)
    if not sign and len(digits) <= 7 and -255 <= exponent <= 0:
        whole = int("".join(map(str, digits)))
        return bytes([_DECIMAL]) + number_bytes(whole) + bytes([-exponent])
    return bytes([_FLOAT]) + struct.pack("<d", value)


def _finite(value: float) -> bool:
    return value - value == 0


def _check(value: int) -> int:
    if not 0 <= value <= LARGEST:
        raise ValueError(f"a setting of a .small file lies in 0..{LARGEST}; got {value}")
    return value
