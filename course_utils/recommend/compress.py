"""Smaller factors: fewer bits, fewer rows, fewer dimensions; and the files that hold them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from course_utils import codec
from course_utils.quantize import symmetric
from course_utils.recommend.factors import Factors

VECTORS = ("user", "film")
BIASES = ("user_bias", "film_bias")


def rounded(factors: Factors, *, bits: int) -> Factors:
    """Round every vector to signed codes of so many bits, with a scale of its own.

    The scales are rounded to 16 bits, as the file keeps them.
    """
    parts = {name: _floats(*_codes(getattr(factors, name), bits)) for name in VECTORS}
    return replace(factors, **parts)


def with_rows(factors: Factors, stays: Tensor) -> Factors:
    """Set the vectors of all films but some to zero; a file leaves those out.

    Args:
        stays: film, bool.
    """
    if stays.dtype != torch.bool or len(stays) != len(factors.film):
        raise ValueError(f"stays must be a bool for each of {len(factors.film)} films; got "
                         f"{stays.dtype} of shape {tuple(stays.shape)}")  # fmt: skip
    return replace(factors, film=factors.film * stays[:, None])


def truncated(factors: Factors, *, dimensions: int) -> Factors:
    """Keep the strongest directions of user · film: the best that so few dimensions can do.

    No other product of so few dimensions is nearer to all scores, in squares (Eckart & Young 1936).
    """
    if not 1 <= dimensions <= factors.dimensions:
        raise ValueError(f"dimensions must be 1 to {factors.dimensions}; got {dimensions}")
    (left, a), (right, b) = (torch.linalg.qr(one) for one in (factors.user, factors.film))
    u, strength, v = torch.linalg.svd(a @ b.T)
    root = strength[:dimensions].sqrt()
    return replace(factors, user=left @ u[:, :dimensions] * root,
                   film=right @ v.T[:, :dimensions] * root)  # fmt: skip


def save(factors: Factors, path: str | Path, *, bits: int | None = None) -> int:
    """Write factors to a safetensors file and return its bytes.

    Vectors that are zero are left out. Biases go in 16 bits when vectors are rounded, and are left
    out when all are zero.

    Args:
        bits: of each number in a vector; None keeps float32.
    """
    from safetensors.torch import save_file

    tensors = {"mean": factors.mean.reshape(1)}
    for name in VECTORS:
        table = getattr(factors, name)
        there = (table != 0).any(1)
        if not there.all():
            tensors[f"{name}.rows"] = codec.pack(there.long(), bits=1)
        tensors |= _vectors(name, table[there], bits)
    for name in BIASES:
        values = getattr(factors, name)
        if (values != 0).any():
            tensors[name] = values if bits is None else values.half()
    shape = {"users": str(len(factors.user)), "films": str(len(factors.film)),
             "dimensions": str(factors.dimensions), "bits": str(bits or 0)}  # fmt: skip
    save_file({name: one.contiguous() for name, one in tensors.items()}, path, shape)
    return Path(path).stat().st_size


def load(path: str | Path) -> Factors:
    """Read what `save` wrote: the rounded factors, bit for bit."""
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        about = {name: int(value) for name, value in file.metadata().items()}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    count = {"user": about["users"], "film": about["films"]}
    parts = {name: _read(tensors, name, count[name], about) for name in VECTORS}
    for name in BIASES:
        empty = torch.zeros(count[name.removesuffix("_bias")])
        parts[name] = tensors.get(name, empty).float()
    return Factors(**parts, mean=tensors["mean"][0])


def _vectors(name: str, table: Tensor, bits: int | None) -> dict[str, Tensor]:
    if bits is None:
        return {name: table}
    codes, scale = _codes(table, bits)
    shifted = codes + 2 ** (bits - 1) - 1
    return {f"{name}.codes": codec.pack(shifted, bits=bits), f"{name}.scale": scale}


def _read(tensors: dict[str, Tensor], name: str, count: int, about: dict[str, int]) -> Tensor:
    there = torch.ones(count, dtype=torch.bool)
    if f"{name}.rows" in tensors:
        there = codec.unpack(tensors[f"{name}.rows"], bits=1, count=count).bool()
    size, bits = about["dimensions"], about["bits"]
    table = torch.zeros(count, size)
    if not bits:
        table[there] = tensors[name]
        return table
    packed = tensors[f"{name}.codes"]
    codes = codec.unpack(packed, bits=bits, count=int(there.sum()) * size) - 2 ** (bits - 1) + 1
    table[there] = _floats(codes.view(-1, size), tensors[f"{name}.scale"])
    return table


def _codes(table: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """Codes and 16-bit scales, one a row; a zero row has codes 0."""
    if not table.numel():
        return table.long(), torch.zeros(len(table), dtype=torch.float16)
    top = 2 ** (bits - 1) - 1
    scale = symmetric(table, bits=bits, axis=0).scale.half()
    scale = scale.clamp(min=torch.finfo(torch.float16).tiny)
    codes = torch.round(table / scale.float()[:, None]).clamp(-top, top)
    return codes.long(), scale


def _floats(codes: Tensor, scale: Tensor) -> Tensor:
    return codes * scale.float()[:, None]
