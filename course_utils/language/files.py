"""A reader in one file: the numbers and the words. Loading runs no code from it."""

from __future__ import annotations

import json
from pathlib import Path

from torch import nn

from course_utils.language.networks import KINDS
from course_utils.language.reader import Reader
from course_utils.language.tokens import Vocabulary
from course_utils.models import NetworkFileError, write_atomically

FORMAT = "small-and-clear/reader/1"


def save(reader: Reader, path: str | Path) -> int:
    """Write a reader to a `.safetensors` or an `.onnx` file in one step; return its bytes.

    The vocabulary goes into the file, too: without it the numbers mean nothing.
    """
    path = Path(path)
    if path.suffix == ".onnx":
        if isinstance(reader.network, nn.Module):
            raise ValueError("this network is in PyTorch; onnx_files.export makes an .onnx of it.")
        content = reader.network.bytes
    elif path.suffix == ".safetensors":
        content = file_content(reader)
    else:
        raise ValueError(f"a reader's file ends in .safetensors or .onnx; got {path.name!r}.")
    return write_atomically(path, content).stat().st_size


def file_content(reader: Reader) -> bytes:
    """Return the bytes of a reader's safetensors file."""
    from safetensors.torch import save

    if not isinstance(reader.network, nn.Module):
        raise ValueError("an ONNX network is no set of tensors; save it to a name in .onnx.")
    (kind,) = [name for name, one in KINDS.items() if type(reader.network) is one]
    notes = {"format": FORMAT, "kind": kind, "settings": json.dumps(reader.network.settings),
             "words": " ".join(reader.vocabulary.known)}  # fmt: skip
    tensors = {name: one.contiguous() for name, one in reader.network.state_dict().items()}
    return save(tensors, notes)


def load(path: str | Path) -> Reader:
    """Read what `save` wrote, from the file alone.

    Raises:
        NetworkFileError: the file is damaged, or holds no reader.
    """
    path = Path(path)
    if path.suffix == ".onnx":
        from course_utils.language.onnx_files import opened

        return opened(path.read_bytes())
    return _from_tensors(path)


def _from_tensors(path: Path) -> Reader:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            notes = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise NetworkFileError(f"{path.name} is damaged or no safetensors file: {error}") from None
    if notes.get("format") != FORMAT or notes.get("kind") not in KINDS:
        raise NetworkFileError(f"{path.name} holds no reader of this course.")
    network = KINDS[notes["kind"]](**json.loads(notes["settings"]))
    network.load_state_dict(tensors)
    return Reader(Vocabulary(tuple(notes["words"].split())), network.eval())
