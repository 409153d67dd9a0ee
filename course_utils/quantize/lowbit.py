"""Fewer than two bits, and grids that are not even: ternary, binary, codebooks."""

from dataclasses import dataclass

import torch
from torch import Tensor

from course_utils.quantize.checks import check_axis, check_floats, precise
from course_utils.quantize.grid import Quantized, per_channel, spread

TERNARY_THRESHOLD = 0.7  # times mean |w|: the paper's approximation to the best threshold


def ternary(w: Tensor, *, axis: int | None = None) -> Quantized:
    """Rounds weights to −scale, 0 or +scale (Li 2016, arXiv 1605.04711).

    Weights below 0.7 · mean|w| become 0; scale is the mean size of the others, the value
    that loses least in squared error for those codes.
    """
    w = check_floats(w, name="w")
    axis = check_axis(w, axis)
    size = per_channel(precise(w).abs(), axis)
    keep = size > TERNARY_THRESHOLD * size.mean(-1, keepdim=True)
    scale = ((size * keep).sum(-1) / keep.sum(-1).clamp(min=1)).float()
    threshold = spread(TERNARY_THRESHOLD * size.mean(-1), w, axis)
    codes = w.sign() * (precise(w).abs() > threshold)
    return _signed(codes, scale, "ternary", axis)


def binary(w: Tensor, *, axis: int | None = None) -> Quantized:
    """Rounds weights to −scale or +scale, scale = mean|w| (Rastegari 2016, arXiv 1603.05279).

    Zero has no code of its own: it becomes +scale.
    """
    w = check_floats(w, name="w")
    axis = check_axis(w, axis)
    scale = per_channel(precise(w).abs(), axis).mean(-1).float()
    codes = torch.where(w < 0, -1, 1)
    return _signed(codes, scale, "binary", axis)


@dataclass(frozen=True, eq=False)
class Codebook:
    """Codes that point into a short table of values.

    Attributes:
        codes: int32, shaped like the floats they stand for; places in centroids.
        centroids: float32, one axis, increasing.
    """

    codes: Tensor
    centroids: Tensor

    def dequantize(self) -> Tensor:
        """Looks every code up in the table."""
        return self.centroids[self.codes.long()]


def codebook(x: Tensor, *, clusters: int, seed: int = 0, rounds: int = 100) -> Codebook:
    """Clusters values on a line by k-means (Lloyd), for weights that share values.

    Starts from k-means++ (Arthur 2007) and ends when nothing moves: then every centroid is
    the mean of its values, and every value has its nearest centroid. A table for fewer
    distinct values than `clusters` has one entry for each of them, and is exact.

    Args:
        x: floats, any shape.
        clusters: length of the table, 2 or more; b bits can point into 2**b entries.
        seed: of the starting centroids.
        rounds: stop after this many rounds in any case.
    """
    if isinstance(clusters, bool) or not isinstance(clusters, int) or clusters < 2:
        raise ValueError(f"clusters must be a whole number of at least 2; got {clusters!r}")
    x = check_floats(x)
    values = precise(x).flatten()
    centroids = _spread_out_start(values, clusters, seed)
    for _ in range(rounds):
        codes = _nearest(values, centroids)
        count = torch.bincount(codes, minlength=len(centroids))
        means = torch.bincount(codes, values, minlength=len(centroids)) / count.clamp(min=1)
        means = torch.where(count > 0, means, centroids).sort().values
        if torch.equal(means, centroids):
            break
        centroids = means
    codes = _nearest(values, centroids)
    return Codebook(codes.to(torch.int32).view(x.shape), centroids.float())


def _spread_out_start(values: Tensor, clusters: int, seed: int) -> Tensor:
    """Draws each new centroid with a chance proportional to its squared distance from all."""
    generator = torch.Generator().manual_seed(seed)
    first = torch.randint(len(values), (1,), generator=generator).item()
    centroids = [values[first]]
    distance = (values - centroids[0]) ** 2
    while len(centroids) < clusters and distance.sum() > 0:
        point = torch.rand((), generator=generator, dtype=values.dtype) * distance.sum()
        chosen = torch.searchsorted(distance.cumsum(0), point).clamp(max=len(values) - 1)
        centroids.append(values[chosen])
        distance = torch.minimum(distance, (values - centroids[-1]) ** 2)
    return torch.stack(centroids).unique()


def _nearest(values: Tensor, centroids: Tensor) -> Tensor:
    """On a line, the nearest centroid changes half-way between two neighbours."""
    return torch.bucketize(values, (centroids[1:] + centroids[:-1]) / 2)


def _signed(codes: Tensor, scale: Tensor, word: str, axis: int | None) -> Quantized:
    codes = codes.to(torch.int32)
    return Quantized(codes, scale, torch.zeros_like(scale, dtype=torch.int32), word, axis)
