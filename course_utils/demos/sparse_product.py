"""A sparse product against the dense one: its time, its bytes, and where it begins to pay."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping

import torch

from course_utils import measure


def sparse_ratios(
    shares: Iterable[float], *, outputs: int = 500, inputs: int = 800, batch: int = 256,
    runs: int = 15,
) -> dict[float, measure.Spread]:  # fmt: skip
    """Time a product in CSR form against the dense product: share of zeros -> ratio.

    Both run in numpy's world: SciPy's CSR on one thread, numpy's dense product on as many as
    it was given. Below 1 the sparse one is faster.
    """
    import numpy as np
    from scipy.sparse import csr_array

    generator = np.random.default_rng(0)
    dense = generator.standard_normal((outputs, inputs), dtype=np.float32)
    x = generator.standard_normal((inputs, batch), dtype=np.float32)
    ratios = {}
    for share in shares:
        w = np.where(generator.random(dense.shape) < share, np.float32(0), dense)
        rows = csr_array(w)
        ratios[share] = measure.latency_ratio(
            lambda _, rows=rows: rows @ x, lambda _, w=w: w @ x, torch.empty(0), runs=runs
        )
    return ratios


def csr_bytes(share: float, *, outputs: int = 500, inputs: int = 800) -> int:
    """Count a CSR matrix's bytes: for each weight left a float32 and a column, and the rows' ends.

    Columns and ends take 4 bytes each.
    """
    left = outputs * inputs - round(share * outputs * inputs)
    return 8 * left + 4 * (outputs + 1)


def break_even(ratios: Mapping[float, measure.Spread | float]) -> float:
    """Return the share of zeros from which on the ratio stays below 1.

    Between two measured shares the ratio's logarithm is taken as a straight line. 1.0 if the
    sparse product loses at the last share, the first share if it wins at every one.
    """
    medians = sorted((s, getattr(r, "median", r)) for s, r in ratios.items())
    if medians[-1][1] > 1:
        return 1.0
    for (a, over), (b, under) in reversed(list(itertools.pairwise(medians))):
        if over > 1 >= under:
            high, low = math.log(over), math.log(under)
            return a + (b - a) * high / (high - low)
    return medians[0][0]


def finding(ratios: Mapping[float, measure.Spread | float]) -> str:
    """Say what `break_even` finds, as a figure's title."""
    share = break_even(ratios)
    if share == 1:
        return "On this machine CSR is not faster in this range"
    return f"On this machine CSR begins to win at {share:.0%} zeros"
