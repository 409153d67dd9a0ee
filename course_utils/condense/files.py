"""A small learned set as a small file: 8 bits a pixel, 8 bits a target."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from course_utils import data, training
from course_utils.models.files import write_atomically

FORMAT = "small-and-clear-set/1"
SUFFIX = ".safetensors"


class CondensedFileError(ValueError):
    """A file does not hold a small set of this course; the message says why."""


def save_set(images: torch.Tensor, targets: torch.Tensor, path: str | Path) -> Path:
    """Write images and soft targets into one file that `load_set` reads back; return its path.

    Pixels in [0, 1] become 256 steps of grey; targets become 8-bit codes of one scale, as
    in 3.2: |target − stored| ≤ largest |target| / 254. Class indices are refused.
    """
    from safetensors.torch import save

    path = Path(path)
    if path.suffix != SUFFIX:
        raise ValueError(f"a set's file ends in {SUFFIX}; got {path.name!r}.")
    if targets.dim() != 2 or len(images) != len(targets) or images.dim() != 4:
        raise ValueError(
            "a set is images n x channel x height x width and targets n x class; got "
            f"{tuple(images.shape)} and {tuple(targets.shape)}."
        )
    if not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(
            f"pixels must lie in [0, 1]; got {images.min():.3g} to {images.max():.3g}."
        )
    scale = targets.abs().max().clamp_min(1e-12).item() / 127
    tensors = {
        "images": (images * 255).round().to(torch.uint8).contiguous(),
        "targets": (targets / scale).round().to(torch.int8).contiguous(),
    }
    header = json.dumps({"format": FORMAT, "scale": scale})  # one key: several have no fixed order
    return write_atomically(path, save(tensors, {"course": header}))


def load_set(path: str | Path) -> training.Pair:
    """Read a small set: images in [0, 1], n x channel x height x width, and targets, n x class.

    Args:
        path: a file, or a committed set's bare name: "Fashion-100", "Fashion-10", "MNIST-10".

    Raises:
        FileNotFoundError: no such file; the message lists the committed sets.
        CondensedFileError: the file is damaged or not one of this course.
    """
    from safetensors.torch import load

    raw = set_path(path).read_bytes()
    try:
        length = int.from_bytes(raw[:8], "little")
        header = json.loads(json.loads(raw[8 : 8 + length])["__metadata__"]["course"])
        if header.get("format") != FORMAT:
            raise ValueError(f"its format is {header.get('format')!r}, not {FORMAT!r}")
        tensors = load(raw)
        images, codes = tensors["images"], tensors["targets"]
        if images.dtype != torch.uint8 or codes.dtype != torch.int8 or len(images) != len(codes):
            raise ValueError(f"it holds {images.dtype} images and {codes.dtype} targets")
        scale = float(header["scale"])
    except Exception as error:  # safetensors raises its own class, json and struct theirs
        raise CondensedFileError(
            f"{Path(path).name} does not hold a small set of this course, or is damaged: {error}"
        ) from None
    return images.float() / 255, codes.float() * scale


def set_path(name: str | Path) -> Path:
    """Return the file a name stands for: "Fashion-100" is the committed set's."""
    shelf = data.folder() / "condensed"
    for candidate in (Path(name), shelf / f"{name}{SUFFIX}", shelf / name):
        if candidate.is_file():
            return candidate
    known = sorted(p.stem for p in shelf.glob(f"*{SUFFIX}"))
    raise FileNotFoundError(f"no set {str(name)!r}. Committed are: {', '.join(known)}.")
