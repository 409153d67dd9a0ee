"""Fashion-MNIST and MNIST as tensors, split once and for all."""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
import torch

from course_utils.data import files

Split = Literal["train", "validation", "test"]
VALIDATION = 5_000

FASHION_CLASSES = (
    "T-shirt", "trouser", "pullover", "dress", "coat",
    "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


def fashion_mnist(
    split: Split, *, pad: int = 2, limit: int | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Load Fashion-MNIST (Xiao 2017, 1708.07747), padded with black to 32 x 32.

    Args:
        split: "train" (55,000 images), "validation" (5,000, held out of the official
            training set, 500 a class) or "test" (the official 10,000).
        pad: black pixels added on each side; 0 keeps 28 x 28.
        limit: only the first so many images; a slice of all would keep all in memory.

    Returns:
        images, n x 1 x height x width, float32 in [0, 1]; labels, n, int64
        (indices into FASHION_CLASSES).

    Raises:
        DataError: a file is missing or damaged. Nothing is overwritten.
    """
    return _load("FashionMNIST", split, pad, limit)


def mnist(
    split: Split, *, pad: int = 0, limit: int | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Load MNIST's handwritten digits, n x 1 x 28 x 28; otherwise as `fashion_mnist`."""
    return _load("MNIST", split, pad, limit)


def split_indices(labels: np.ndarray, split: Split) -> np.ndarray:
    """Return the rows of the official training set that belong to a split, in rising order.

    The 5,000 validation rows are the same on every machine, drawn class by class in the
    classes' own shares.
    """
    # RandomState's stream is frozen for ever; default_rng's may change between versions.
    random = np.random.RandomState(0)
    chosen = np.zeros(len(labels), dtype=bool)
    for label, quota in enumerate(_quotas(np.bincount(labels))):
        chosen[random.permutation(np.flatnonzero(labels == label))[:quota]] = True
    return np.flatnonzero(chosen if split == "validation" else ~chosen)


def _quotas(counts: np.ndarray) -> np.ndarray:
    """Share VALIDATION rows out in the classes' proportions (largest remainders)."""
    exact = VALIDATION * counts / counts.sum()
    quotas = np.floor(exact).astype(int)
    quotas[np.argsort(quotas - exact)[: VALIDATION - quotas.sum()]] += 1
    return quotas


def _load(
    dataset: str, split: Split, pad: int, limit: int | None
) -> tuple[torch.Tensor, torch.Tensor]:
    if split not in ("train", "validation", "test"):
        raise ValueError(f"split must be 'train', 'validation' or 'test'; got {split!r}.")
    if not isinstance(pad, int) or pad < 0:
        raise ValueError(f"pad must be a whole number of pixels, 0 or more; got {pad!r}.")
    if limit is not None and (not isinstance(limit, int) or limit < 1):
        raise ValueError(f"limit must be a whole number of images, 1 or more; got {limit!r}.")
    images, labels = _official(dataset, "t10k" if split == "test" else "train")
    if split != "test":
        rows = split_indices(labels, split)
        images, labels = images[rows[:limit]], labels[rows[:limit]]
    images, labels = images[:limit], labels[:limit]
    pixels = torch.tensor(images).unsqueeze(1).float().div_(255)
    return torch.nn.functional.pad(pixels, [pad] * 4), torch.tensor(labels, dtype=torch.int64)


@cache
def _official(dataset: str, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return one official file pair as uint8 arrays: images n x height x width, labels n."""
    images = _read_idx(f"{dataset}/raw/{part}-images-idx3-ubyte.gz")
    return images, _read_idx(f"{dataset}/raw/{part}-labels-idx1-ubyte.gz")


def _read_idx(name: str) -> np.ndarray:
    """Decode an IDX file: two zero bytes, type, number of axes, sizes, then the values."""
    raw = files.unpacked(name)
    axes = raw[3]
    sizes = np.frombuffer(raw, ">i4", count=axes, offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(sizes)
