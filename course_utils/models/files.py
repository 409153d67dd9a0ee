"""Networks as files: one file alone rebuilds a network, and loading runs no code from it."""

from __future__ import annotations

import json
import lzma
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from course_utils import data
from course_utils.models.architectures import Network
from course_utils.models.registry import build

if TYPE_CHECKING:
    from course_utils.models.onnx_network import OnnxNetwork

FORMAT = "small-and-clear/1"
SUFFIXES = (".safetensors", ".safetensors.xz", ".small", ".onnx")
"""Endings of network files; `.xz` is the same file, coded by the standard library's LZMA.

`.small` is this course's own form, coded by `course_utils.entropy`."""


class NetworkFileError(ValueError):
    """A file does not hold a network of this course; the message says why."""


def network_path(name: str | Path) -> Path:
    """Return the file a name stands for: "SimplifiedCNN" is the committed network's.

    A path with one of the known endings is taken as it is.

    Raises:
        FileNotFoundError: nothing is there; the message lists the committed networks.
    """
    path, shelf = Path(name), data.folder() / "networks"
    candidates = [path, shelf / path] if path.name.endswith(SUFFIXES) else []
    candidates += [shelf / f"{name}{suffix}" for suffix in SUFFIXES]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    known = sorted(p.name for p in shelf.glob("*") if p.name.endswith(SUFFIXES))
    raise FileNotFoundError(f"no network file {str(name)!r}. Committed are: {', '.join(known)}.")


def bare_name(path: str | Path) -> str:
    """Return a network file's name without its ending: "PrunedCNN" of PrunedCNN.safetensors.xz."""
    name = Path(path).name
    return name.removesuffix(max((s for s in SUFFIXES if name.endswith(s)), key=len, default=""))


def load_network(path: str | Path) -> Callable[[torch.Tensor], torch.Tensor]:
    """Rebuild a network from one file alone, whatever its format.

    Args:
        path: a file with one of the known endings, or a committed network's bare name.

    Returns:
        A callable from images, n x channel x height x width in [0, 1], to logits,
        n x class, its normalisation included. From `.safetensors` and `.small` an
        nn.Module in eval mode; from `.onnx` an `OnnxNetwork`, which has no gradients.

    Raises:
        FileNotFoundError: no such file.
        NetworkFileError: the file is damaged or not one of this course.
    """
    path = network_path(path)
    if path.suffix == ".onnx":
        from course_utils.models.onnx_network import OnnxNetwork

        return OnnxNetwork(path)
    raw = path.read_bytes()
    try:
        if path.suffix == ".small":
            return _from_small_bytes(raw)
        return _from_bytes(lzma.decompress(raw) if path.suffix == ".xz" else raw)
    except (lzma.LZMAError, NetworkFileError) as error:
        raise NetworkFileError(
            f"{path.name} does not hold a network of this course, or is damaged: {error}"
        ) from None


def save_network(
    network: nn.Module | OnnxNetwork, path: str | Path, *, bits: int | str | dict | None = None
) -> Path:
    """Write a network into one file that `load_network` reads back; return its path.

    The file appears in one step: an interrupted write leaves the old one as it was.

    Args:
        network: a Network (one that remembers its settings) or an OnnxNetwork.
        path: ends in `.safetensors`, in `.safetensors.xz` (coded: zeros and repeated codes
            then cost little), in `.small` (each tensor exactly, in its shortest form: the
            place for networks that are pruned, shared or rounded; up to 4 million numbers),
            or in `.onnx` for an OnnxNetwork.
        bits: None keeps float32; 2 to 8, "ternary" or "binary" round the weights to
            that grid and store packed codes; {layer name: bits} does so for those layers.
    """
    path = Path(path)
    if not path.name.endswith(SUFFIXES):
        raise ValueError(f"a network file ends in {', '.join(SUFFIXES)}; got {path.name!r}.")
    if path.suffix == ".onnx":
        if not hasattr(network, "bytes"):
            raise ValueError(
                "only an OnnxNetwork is saved as .onnx; quantize.export_onnx makes one of a module."
            )
        return write_atomically(path, network.bytes)
    content = network_bytes(
        network, bits=bits, coded=path.suffix == ".xz", small=path.suffix == ".small"
    )
    return write_atomically(path, content)


def network_bytes(
    network: nn.Module,
    *,
    bits: int | str | dict | None = None,
    coded: bool = False,
    small: bool = False,
) -> bytes:
    """Return the content that `save_network` writes; coded: the `.xz` form; small: `.small`."""
    if coded and small:
        raise ValueError("coded is the .xz form and small the .small form: choose one.")
    if not isinstance(network, Network):
        raise ValueError(
            f"save_network takes a Network of this course, which remembers how it was built; "
            f"got {type(network).__name__}."
        )
    if small:
        from course_utils.models.small import to_small

        return to_small(network, bits=bits)
    raw = _to_bytes(network, bits)
    return xz_bytes(raw) if coded else raw


def xz_bytes(raw: bytes) -> bytes:
    """Return bytes coded by LZMA, as an `.xz` file holds them.

    They are as few as `lzma.compress` gives, but it looks back no further than there are bytes:
    some megabytes of memory for a network of ours instead of 94.
    """
    back = 1 << max(12, min(23, (len(raw) - 1).bit_length()))
    return lzma.compress(raw, filters=[{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": back}])


def write_atomically(path: Path, content: bytes) -> Path:
    """Write a file in one step: others see the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(part, 0o644)
        os.replace(part, path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    return path


def _to_bytes(network: Network, bits: int | str | dict | None) -> bytes:
    from safetensors.torch import save

    header = {
        "format": FORMAT,
        "architecture": type(network).__name__,
        "settings": network.settings,
    }
    if bits is None:
        tensors = network.state_dict()
    else:
        from course_utils.quantize.packed import pack_weights

        tensors, header["layout"] = pack_weights(network, bits=bits)
    tensors = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    return save(tensors, {"course": json.dumps(header, separators=(",", ":"))})


def _from_small_bytes(raw: bytes) -> Network:
    from course_utils.models.small import from_small

    try:
        return from_small(raw)
    except (KeyError, TypeError, ValueError, RuntimeError, ArithmeticError) as error:
        raise NetworkFileError(str(error)) from None


def _from_bytes(raw: bytes) -> Network:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        size = int.from_bytes(raw[:8], "little")  # the header's length comes first
        header = json.loads(json.loads(raw[8 : 8 + size])["__metadata__"]["course"])
        tensors = load(raw)
        if header["format"] != FORMAT:
            raise ValueError(f"its format is {header['format']!r}, this course reads {FORMAT!r}")
        network = build(header["architecture"], header["settings"])
        if "layout" in header:
            from course_utils.quantize.packed import unpack_weights

            tensors = unpack_weights(tensors, header["layout"])
        network.load_state_dict(tensors)
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise NetworkFileError(str(error)) from None
    return network.eval()
