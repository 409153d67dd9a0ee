"""The `.small` form of a network's file: few bytes for few values, then coded symbols.

    version · class and settings · each tensor's numbers · all symbols, coded · checksum

Nothing in the file is code, and nothing in it is run. Every tensor is written exactly, in the
shortest of four ways (`small_parts`): pruning, sharing and rounding make the file short.
"""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from course_utils import entropy
from course_utils.models.architectures import Network
from course_utils.models.registry import build
from course_utils.models.small_header import Reader, header_bytes, read_header
from course_utils.models.small_parts import VALUES, Part, grid, read_part, rebuild, shortest

if TYPE_CHECKING:
    from course_utils.quantize.grid import Quantized

VERSION = 1
MOST_NUMBERS = 2**22
"""Numbers in the largest network of this form: more would take minutes to decode."""
MOST_CALLS = 20_000
"""Calls of torch that building a network may make: enough for hundreds of layers."""


def to_small(network: Network, *, bits: int | str | dict | None = None) -> bytes:
    """Write a network; `from_small` gives back every number to the last bit (−0 becomes 0).

    Args:
        bits: 2 to 8, "ternary" or "binary" round the weights to that grid first; {layer name:
            bits} does so for those layers. None rounds nothing.
    """
    from course_utils.quantize.straight_through import bake

    plain, architecture = bake(network), type(network).__name__
    fresh = _built(architecture, network.settings)
    state = {name: t.detach().cpu() for name, t in plain.state_dict().items()}
    if [(n, t.shape) for n, t in state.items()] != [(n, t.shape) for n, t in _slots(fresh)]:
        raise ValueError(f"this {architecture}'s layers are not those that its settings build.")
    known, buffers = _known_codes(plain, bits), not _built_in(fresh, state)
    parts = [_part(state[name], known.get(name)) for name, _ in _stored(fresh, buffers)]
    content = bytes([VERSION]) + header_bytes(architecture, network.settings) + bytes([buffers])
    content += b"".join(part.head() for part in parts) + _symbol_bytes(parts)
    return content + crc_hqx(content, 0).to_bytes(2, "big")


def from_small(content: bytes) -> Network:
    """Rebuild the network that `to_small` wrote.

    Raises:
        ValueError, TypeError, KeyError, RuntimeError: the file is damaged or makes no sense.
    """
    network, parts = take_apart(content)
    state = dict(network.state_dict())
    for name, part in parts.items():
        tensor = state[name]
        state[name] = rebuild(part, part.symbols, tensor.shape)
        if state[name].dtype != tensor.dtype:
            raise ValueError(f"{name} holds {state[name].dtype} instead of {tensor.dtype}")
    network.load_state_dict(state)
    return network.eval()


def take_apart(content: bytes) -> tuple[Network, dict[str, Part]]:
    """Read a file without putting the network together.

    Returns:
        the untrained network that the file names, and each tensor as it stands in the file.
    """
    content, checksum = content[:-2], content[-2:]
    if crc_hqx(content, 0).to_bytes(2, "big") != checksum:
        raise ValueError("its checksum is wrong")
    reader = Reader(content)
    if (version := reader.byte()) != VERSION:
        raise ValueError(f"its version is {version}, this course reads {VERSION}")
    network = _built(*read_header(reader))
    slots = dict(_stored(network, bool(reader.byte())))
    heads = [read_part(reader, tensor.shape) for tensor in slots.values()]
    symbols = _read_symbols(reader.rest(), heads, [tensor.shape for tensor in slots.values()])
    parts = [replace(head, symbols=read) for head, read in zip(heads, symbols, strict=True)]
    return network, dict(zip(slots, parts, strict=True))


def _built(architecture: str, settings: dict) -> Network:
    """Build a network, after a look at its size, and without a trace on the random numbers."""
    with _Budget(MOST_CALLS), torch.device("meta"):  # tensors without memory
        size = sum(t.numel() for _, t in _slots(build(architecture, settings)))
    if size > MOST_NUMBERS:
        raise ValueError(f"{architecture} with {size:,} numbers; at most are {MOST_NUMBERS:,}")
    with torch.random.fork_rng(devices=[]):
        return build(architecture, settings)


class _Budget(TorchFunctionMode):
    """Stops a file's settings from building layer upon layer without end."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self.calls = calls

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.calls -= 1
        if self.calls == -1:  # once: the calls that clean up behind it must pass
            raise ValueError("its settings ask for too many layers")
        return function(*args, **(kwargs or {}))


def _slots(network: nn.Module) -> list[tuple[str, Tensor]]:
    return list(network.state_dict().items())


def _built_in(fresh: Network, state: dict[str, Tensor]) -> bool:
    """Whether all buffers, such as a normalisation, are what the settings make of them."""
    return all(torch.equal(state[name], t) for name, t in fresh.named_buffers() if name in state)


def _stored(network: Network, buffers: bool) -> list[tuple[str, Tensor]]:
    """The tensors that stand in the file: the parameters, and the buffers if asked."""
    known = set() if buffers else {name for name, _ in network.named_buffers()}
    return [(name, t) for name, t in _slots(network) if name not in known]


def _known_codes(plain: nn.Module, bits: int | str | dict | None) -> dict[str, Quantized]:
    """The codes of rounded weights: of those rounded now, or before by `quantize`."""
    from course_utils.quantize.weights import placed, weight_codes, weighted_layers

    if bits is not None:
        return weight_codes(plain, bits=bits)
    layers = weighted_layers(plain).items()
    return {f"{name}.weight": known for name, layer in layers if (known := placed(layer))}


def _part(tensor: Tensor, known: Quantized | None) -> Part:
    """The shortest way to write a tensor, or the codes that it is to be rounded to."""
    if known is None or known.axis:
        return shortest(tensor)
    rounded = shortest(known.dequantize().cpu())
    return min(rounded, grid(known.codes.cpu(), known.scale.cpu()), key=Part.estimate)


def _columns(shape: torch.Size) -> int:
    """Length of a row of symbols: all that one output reads."""
    return max(1, shape[1:].numel() if len(shape) > 1 else shape.numel())


def _symbol_bytes(parts: list[Part]) -> bytes:
    coder = entropy.Encoder()
    for part in parts:
        if part.symbols is not None:
            flat, row = part.symbols.flatten().tolist(), _columns(part.symbols.shape)
            entropy.walk(coder, flat, alphabet=part.alphabet, columns=row)
    return coder.finish()


def _read_symbols(
    message: bytes, parts: list[Part], shapes: list[torch.Size]
) -> Iterator[Tensor | None]:
    """Give each part's symbols in turn (None where it has none), then check the end."""
    coder = entropy.Decoder(message)
    for part, shape in zip(parts, shapes, strict=True):
        if part.kind == VALUES:
            yield None
            continue
        blank = [0] * shape.numel()
        read = entropy.walk(coder, blank, alphabet=part.alphabet, columns=_columns(shape))
        yield torch.tensor(read, dtype=torch.int64).view(shape)
    coder.finish()
