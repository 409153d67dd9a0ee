"""What papers report of small networks for MNIST, each with its source and what it counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NOT_CHECKED = "from memory, not checked"


@dataclass(frozen=True)
class Record:
    """A result as its authors report it; nobody here has measured it.

    Attributes:
        error: top-1 error on MNIST's test set, a share.
        counts: what the authors' number of bytes is made of, as far as their text says it.
        seen: where the figure was read.
    """

    network: str
    paper: str
    ratio: int
    error: float
    counts: str
    seen: str


RECORDS = (
    Record("LeNet-300-100", "Deep Compression (1510.00149)", 40, 0.0158,
           "weights, index, codebook; 27 KB", "its table 1"),
    Record("LeNet-300-100", "Soft weight-sharing (1702.04008)", 64, 0.0194,
           "as Deep Compression", "its table 1"),
    Record("LeNet-5", "Deep Compression (1510.00149)", 39, 0.0074,
           "weights, index, codebook; 44 KB", "its table 1"),
    Record("LeNet-5", "Soft weight-sharing (1702.04008)", 162, 0.0097,
           "as Deep Compression", "its table 1"),
    Record("LeNet-5", "Bayesian Compression, BC-GHS (1705.08665)", 419, 0.010,
           "bits of the weights left; no file", "its authors' code page"),
    Record("LeNet-5", "MIRACLE (1810.00440)", 555, 0.0069, "not known here", NOT_CHECKED),
    Record("LeNet-5", "MIRACLE (1810.00440)", 1110, 0.0096, "not known here", NOT_CHECKED),
)  # fmt: skip
"""From the smallest ratio to the largest, network by network."""


def rows() -> list[dict[str, Any]]:
    """The papers' results as table rows."""
    return [{"network": r.network, "paper": r.paper, "ratio, as reported": f"{r.ratio}×",
             "error": r.error, "what is counted": r.counts, "seen in": r.seen}
            for r in RECORDS]  # fmt: skip
