"""The image files unpacked, as torchvision wants them."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Literal

from course_utils.data import files


def torchvision_root(dataset: Literal["FashionMNIST", "MNIST"]) -> Path:
    """Return a root from which torchvision.datasets reads the set with download=False.

    torchvision wants the files unpacked. They are unpacked beside the archives, or, where
    that folder cannot be written, in the user's cache folder.
    """
    if dataset not in ("FashionMNIST", "MNIST"):
        raise ValueError(f"dataset must be 'FashionMNIST' or 'MNIST'; got {dataset!r}.")
    names = [name for name in files.SHA256 if name.startswith(f"{dataset}/raw/")]
    for root in (files.folder(), _cache_folder()):
        try:
            for name in names:
                _unpack(name, root / name.removesuffix(".gz"))
            return root
        except files.DataError:
            raise
        except OSError:  # this folder cannot be written: try the next one
            continue
    raise files.DataError(
        f"neither {files.folder()} nor {_cache_folder()} can be written; make one writable."
    )


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "small-and-clear"


def _unpack(name: str, target: Path) -> None:
    """Write the unpacked file in one step, so that a reader never sees half of it."""
    raw = files.unpacked(name)
    if target.exists() and target.stat().st_size == len(raw):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as part:
        part.write(raw)
    shutil.move(part.name, target)
