"""Where a file's bytes go: step by step, part by part, and what the places of zeros cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from course_utils import entropy, models
from course_utils.models.small import take_apart
from course_utils.models.small_parts import VALUES

COUNTS = ("header and checksum", "biases", "tables and scales", "where the zeros are", "values")
STEPS = ("dense, float32", "pruned: a bit a place, 32 bits a value",
         "shared: 4 bits a value, and tables", "coded by LZMA, the file",
         "coded by our coder, the file")  # fmt: skip


def anatomy(content: bytes) -> dict[str, float]:
    """Say where the bytes of a `.small` file go; the shares sum to its length.

    What coded symbols cost is the coder's own account, −log2 of the probabilities it used:
    parts of a byte.

    Returns:
        bytes by COUNTS.
    """
    _, parts = take_apart(content)
    spent = dict.fromkeys(COUNTS, 0.0)
    for name, part in parts.items():
        spent["biases" if name.endswith("bias") else "tables and scales"] += len(part.head())
        if part.kind == VALUES:
            continue
        zeros, rest = _symbol_bytes(part.symbols, part.alphabet)
        if name.endswith("bias"):
            spent["biases"] += zeros + rest
        else:
            spent["where the zeros are"] += zeros
            spent["values"] += rest
    spent["header and checksum"] = len(content) - sum(spent.values())
    return spent


def step_bytes(sparse: models.Network, shared: models.Network) -> dict[str, int]:
    """What a network takes after each step of Deep Compression, and in two real files.

    Until the files, all is counted: biases as float32, places at one bit a weight.

    Args:
        sparse: pruned, its weights not yet shared.
        shared: the same with shared weights.
    """
    layers = [layer.weight.detach() for layer in _weighted(sparse)]
    every, used = sum(w.numel() for w in layers), sum(int((w != 0).sum()) for w in layers)
    biases = 4 * sum(layer.bias.numel() for layer in _weighted(sparse))
    table = max(len(layer.weight.detach().unique()) - 1 for layer in _weighted(shared))
    code = (table - 1).bit_length()
    return {
        STEPS[0]: biases + 4 * every,
        STEPS[1]: biases + (every + 32 * used + 7) // 8,
        STEPS[2]: biases + (every + code * used + 7) // 8 + 4 * table * len(layers),
        STEPS[3]: len(models.network_bytes(shared, coded=True)),
        STEPS[4]: len(models.network_bytes(shared, small=True)),
    }


def factors(runs: Sequence[Mapping[str, int]]) -> dict[str, float]:
    """How many times smaller each step makes it, mean bytes over mean bytes; ours codes."""
    dense, sparse, shared, _, coded = (sum(run[step] for run in runs) for step in STEPS)
    return {"pruning": dense / sparse, "sharing": sparse / shared, "coding": shared / coded}


def index_entries(mask: Tensor, longest: int) -> int:
    """Count the entries of Deep Compression's index: one a weight that is left, and fillers.

    An entry says how far its weight stands behind the one before it, 1 to `longest`. Where it
    is farther, filler entries with the value zero bridge the way, `longest` places each.
    """
    places = mask.flatten().nonzero().flatten()
    gaps = places.diff(prepend=torch.tensor([-1]))
    return int(((gaps - 1) // longest + 1).sum())


def shuffled_bytes(symbols: Tensor, alphabet: int, *, seed: int) -> float:
    """What the coder pays for the same symbols in random order, in bytes."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(symbols.numel(), generator=generator)
    return entropy.bits(symbols.flatten()[order].view_as(symbols), alphabet=alphabet) / 8


def _symbol_bytes(symbols: Tensor, alphabet: int) -> tuple[float, float]:
    """What telling zeros from the others costs, and what the others' values cost."""
    columns = max(1, symbols[0].numel() if symbols.ndim > 1 else symbols.numel())
    flat = symbols.flatten()
    both = entropy.bits(flat, alphabet=alphabet, columns=columns) / 8
    zeros = entropy.bits((flat > 0).long(), alphabet=2, columns=columns) / 8
    return zeros, both - zeros


def _weighted(network: nn.Module) -> list[nn.Module]:
    return [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
