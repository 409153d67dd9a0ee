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


def break_even(ratios: Mapping[float, float]) -> float | None:
    """Return the share of zeros at which the ratio passes 1 for the last time; None: nowhere.

    Between two measured shares the ratio's logarithm is taken as a straight line.
    """
    pairs = list(itertools.pairwise(sorted(ratios.items())))
    for (a, over), (b, under) in reversed(pairs):
        if over > 1 >= under:
            high, low = math.log(over), math.log(under)
            return a + (b - a) * high / (high - low)
    return None
