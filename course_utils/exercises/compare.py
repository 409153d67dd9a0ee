"""Comparisons for the checks: what came, what was expected, and the likely slip."""

import math
from numbers import Real
from typing import Any

import numpy as np
import torch


def expect(
    got: Any,
    wanted: Any,
    where: str = "",
    *,
    tolerance: float | None = None,
    same_dtype: bool = False,
) -> str | None:
    """A remark on how `got` differs from `wanted`; None when it does not.

    Numbers agree when ``|got - wanted| <= tolerance * max(1, |wanted|)``. Without a tolerance
    it is 1e-4, and a wanted ``int``, being a count, must be met exactly.

    Args:
        where: for which input, beginning with "for", such as "for a share of 0.5".
        same_dtype: tensors must also be of the same type.
    """
    remark = differs(got, wanted, tolerance, same_dtype)
    if remark is None:
        return None
    return f"{where[:1].upper()}{where[1:]}: {remark}" if where else remark[:1].upper() + remark[1:]


def kind(value: Any) -> str:
    """A value's kind in words: "a tensor of shape (3,)", "a list of 3", "0.5"."""
    if isinstance(value, (torch.Tensor, np.ndarray)):
        name = "tensor" if isinstance(value, torch.Tensor) else "numpy array"
        return f"a {name} of shape {tuple(value.shape)}"
    if isinstance(value, (bool, Real)) or value is None:
        return _plain(value)
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, (list, tuple, dict)):
        return f"a {type(value).__name__} of {len(value)}"
    name = type(value).__name__
    return f"the {name} `{value.__name__}`" if hasattr(value, "__name__") else f"a {name}"


def differs(got: Any, wanted: Any, tolerance: float | None, same_dtype: bool) -> str | None:
    """What distinguishes `got` from `wanted`, without the input; None when nothing does."""
    if got is None and wanted is not None:
        return "nothing (None) came back. Is a `return` missing?"
    if got is Ellipsis:
        return "there is still a `...` to fill in."
    if isinstance(wanted, (torch.Tensor, np.ndarray)) and wanted.ndim:
        return _array(got, wanted, tolerance, same_dtype)
    if isinstance(wanted, (list, tuple, dict)):
        return _container(got, wanted, tolerance, same_dtype)
    if isinstance(wanted, (torch.Tensor, np.ndarray, np.generic)):
        wanted = wanted.item()
    if isinstance(wanted, (bool, str)) or not isinstance(wanted, Real):
        got = got.item() if _single(got) else got
        same = type(got) is type(wanted) and got == wanted
        return None if same else f"{kind(got)} came, {kind(wanted)} was expected."
    return _number(got, wanted, tolerance)


def _number(got: Any, wanted: float, tolerance: float | None) -> str | None:
    got = got.item() if _single(got) else got
    if isinstance(got, bool) or not isinstance(got, Real):
        return f"{kind(got)} came, one number was expected."
    got = got if isinstance(got, int) else float(got)  # a Fraction is a number, too
    # A count is right or wrong, however large.
    near = 1e-9 if tolerance is None and isinstance(wanted, int) else tolerance
    if _close(got, wanted, near):
        return None
    slip = _slip(np.float64(got), np.float64(wanted), near)
    return f"{_plain(got)} came, {_plain(wanted)} was expected.{slip}"


def _array(got: Any, wanted: Any, tolerance: float | None, same_dtype: bool) -> str | None:
    if type(got) is not type(wanted) and not (
        isinstance(got, torch.Tensor) and isinstance(wanted, torch.Tensor)
    ):
        return f"{kind(got)} came, {kind(wanted)} was expected."
    if tuple(got.shape) != tuple(wanted.shape):
        turned = tuple(got.shape) == tuple(wanted.shape)[::-1]
        more = " Are rows and columns exchanged?" if turned else ""
        return f"the shape {tuple(got.shape)} came, {tuple(wanted.shape)} was expected.{more}"
    came, right = as_numpy(got), as_numpy(wanted)
    bad = ~_close(came, right, tolerance)
    if bad.any():
        return _worst(came, right, bad, tolerance)
    if same_dtype and got.dtype != wanted.dtype:
        return f"the values are right; their type is {got.dtype}, expected was {wanted.dtype}."
    return None


def _worst(came: np.ndarray, right: np.ndarray, bad: np.ndarray, tolerance: float | None) -> str:
    """The remark on the place where two arrays differ most."""
    gap = np.where(bad, np.nan_to_num(np.abs(came - right), nan=np.inf), -1.0)
    place = tuple(int(i) for i in np.unravel_index(gap.argmax(), gap.shape))
    at = place[0] if len(place) == 1 else place
    count = f"{bad.sum():,} of {bad.size:,} values differ" if bad.size > 1 else "the value differs"
    return (
        f"{count}; at position {at} came {_plain(came[place])}, "
        f"expected was {_plain(right[place])}.{_slip(came, right, tolerance)}"
    )


def _container(got: Any, wanted: Any, tolerance: float | None, same_dtype: bool) -> str | None:
    listed = isinstance(wanted, (list, tuple)) and isinstance(got, (list, tuple))
    if not listed and not (isinstance(wanted, dict) and isinstance(got, dict)):
        return f"{kind(got)} came, {kind(wanted)} was expected."
    if isinstance(wanted, dict):
        if set(got) != set(wanted):
            return (
                f"the keys {sorted(map(str, got))} came, {sorted(map(str, wanted))} were expected."
            )
        pairs = [(k, got[k], wanted[k]) for k in wanted]
    else:
        if len(got) != len(wanted):
            return f"{len(got)} values came, {len(wanted)} were expected."
        pairs = [(i, g, w) for i, (g, w) in enumerate(zip(got, wanted, strict=True))]
    for name, one, other in pairs:
        remark = differs(one, other, tolerance, same_dtype)
        if remark:
            return f"at {name!r}, {remark}"
    return None


def _slip(got: np.ndarray, wanted: np.ndarray, tolerance: float | None) -> str:
    """The likely slip behind a wrong value, or nothing."""
    if np.isnan(got).any() and not np.isnan(wanted).any():
        return " nan means not a number: is there 0/0, or the logarithm or root of a negative?"
    if np.isinf(got).any() and not np.isinf(wanted).any():
        return " Is something divided by zero, or the logarithm of zero taken?"
    for factor, words in (
        (-1.0, "Exactly the other sign."),
        (100.0, "Exactly 100 times too much: a percentage instead of a share?"),
        (0.01, "Exactly a hundredth: a share instead of a percentage?"),
    ):
        if np.any(wanted != 0) and np.all(_close(got, factor * wanted, tolerance)):
            return f" {words}"
    return ""


def _close(got: Any, wanted: Any, tolerance: float | None) -> Any:
    tolerance = 1e-4 if tolerance is None else tolerance
    with np.errstate(invalid="ignore"):
        near = np.abs(got - wanted) <= tolerance * np.maximum(1.0, np.abs(wanted))
        near = near & np.isfinite(wanted)  # any number is within infinity of infinity
        same = np.equal(got, wanted) | (np.isnan(got) & np.isnan(wanted))
    return near | same


def as_numpy(values: Any) -> np.ndarray:
    """Any tensor or array as float64."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu().to_dense().to(torch.float64).numpy()
    return np.asarray(values, dtype=np.float64)


def _single(value: Any) -> bool:
    return isinstance(value, (torch.Tensor, np.ndarray, np.generic)) and value.ndim == 0


def _plain(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(value)
    value = float(value)
    if value.is_integer() and abs(value) < 1e15:
        return f"{int(value)}"
    return f"{value:.6g}" if math.isfinite(value) else str(value)
