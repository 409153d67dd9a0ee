"""Choosing the range [low, high] that a grid covers, from data.

A wide range clips nothing and has coarse steps; a narrow one has fine steps and clips. Each
function takes floats of any shape and returns (low, high) for `affine`.
"""

import numpy as np
import torch
from torch import Tensor

from course_utils.quantize.checks import check_bits, check_floats
from course_utils.quantize.grid import affine, per_channel, symmetric

_FLOOR = 1e-4


def min_max(x: Tensor) -> tuple[float, float]:
    """Covers everything: the smallest and the largest value seen."""
    x = check_floats(x)
    return x.min().item(), x.max().item()


def percentile(x: Tensor, *, share: float = 0.999) -> tuple[float, float]:
    """Covers the central share of the values, and clips equally many at both ends.

    Args:
        share: in (0, 1]; 1 is min_max.
    """
    if not 0 < share <= 1:
        slip = f" Did you mean {share / 100:g}?" if 1 < share <= 100 else ""
        raise ValueError(f"share must be in (0, 1]; got {share!r}.{slip}")
    tail = (1 - share) / 2
    low, high = np.quantile(check_floats(x).cpu().numpy(), [tail, 1 - tail])
    return float(low), float(high)


def mse(x: Tensor, *, bits: int = 8, candidates: int = 50) -> tuple[float, float]:
    """Covers the range with the least mean squared rounding error.

    Tries `candidates` ranges, from the whole one shrunk evenly towards zero. Takes time in
    proportion to candidates times the size of x.
    """
    low, high = min_max(x)

    def error(share: float) -> float:
        rounded = affine(x, bits=bits, low=low * share, high=high * share).dequantize()
        return torch.mean((rounded - x.detach()) ** 2).item()

    best = min(_shares(candidates), key=error)
    return low * best, high * best


def mse_limit(
    x: Tensor, *, bits: int = 8, axis: int | None = None, candidates: int = 50
) -> Tensor:
    """Finds the limit of a symmetric grid with the least mean squared rounding error.

    Returns:
        one number, or one per channel: the largest |x| times a share in (0, 1].
    """
    x = check_floats(x)
    largest = per_channel(x.abs(), axis).amax(-1)
    best, least = largest, torch.full_like(largest, float("inf"))
    for share in _shares(candidates):
        limit = largest * share
        rounded = symmetric(x, bits=bits, axis=axis, limit=limit).dequantize()
        error = per_channel((rounded - x) ** 2, axis).mean(-1)
        best = torch.where(error < least, limit, best)
        least = torch.minimum(error, least)
    return best


def kl(x: Tensor, *, bits: int = 8, bins: int = 2048) -> tuple[float, float]:
    """Covers the range whose rounded histogram keeps most of the original's information.

    Entropy calibration as published for TensorRT (Migacz 2017, "8-bit inference with
    TensorRT"): for every limit, the histogram of |x| clipped at the limit is compared, by KL
    divergence, with the same histogram spread over as few levels as there are codes. Exact
    zeros are left out: every grid here represents them without error.

    Made for smooth histograms. A spike, such as the one black of a picture's background,
    hides what is clipped onto it: then the range comes out much too narrow.

    Returns:
        (0, limit) when no value is negative, else (−limit, limit).
    """
    check_bits(bits, high=10)
    x = check_floats(x)
    signed = bool((x < 0).any())
    levels = 2 ** (bits - 1) if signed else 2**bits
    size = x.abs()[x != 0].double().cpu().numpy()
    if size.size == 0:
        return 0.0, 0.0
    counts, edges = np.histogram(size, bins=bins, range=(0, size.max()))
    limits = range(levels, bins + 1)
    best = min(limits, key=lambda last: _divergence(counts, last, levels))
    high = float(edges[best])
    return (-high if signed else 0.0), high


def _shares(candidates: int) -> list[float]:
    """1, ..., 1/candidates: how far a range is shrunk."""
    if isinstance(candidates, bool) or not isinstance(candidates, int) or candidates < 1:
        raise ValueError(f"candidates must be a whole number, 1 or more; got {candidates!r}")
    return [1 - i / candidates for i in range(candidates)]


def _divergence(counts: np.ndarray, last: int, levels: int) -> float:
    """KL(clipped histogram ‖ the same spread evenly over `levels` levels)."""
    inside = counts[:last].astype(float)
    if not inside.any():
        return float("inf")
    clipped = inside.copy()
    clipped[-1] += counts[last:].sum()
    group = np.arange(last) * levels // last
    filled = inside > 0
    mass = np.bincount(group, inside, minlength=levels)
    bins_filled = np.bincount(group, filled, minlength=levels)
    spread = np.where(filled, (mass / np.maximum(bins_filled, 1))[group], 0)
    p = clipped / clipped.sum()
    q = spread / spread.sum()
    # Clipped values may land in a bin that was empty: a floor keeps their cost finite.
    q[(p > 0) & (q == 0)] = _FLOOR
    q /= q.sum()
    return float((p[p > 0] * np.log(p[p > 0] / q[p > 0])).sum())
