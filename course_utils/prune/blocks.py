"""N:M pruning: n of every m neighbours stay, a pattern that hardware can skip."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import nn

from course_utils.prune.masks import Masks, weights_to_prune


def n_of_m(weight: torch.Tensor, *, n: int = 2, m: int = 4) -> torch.Tensor:
    """Return the mask that keeps the n largest of every m inputs (Mishra 2021, 2104.08378).

    Every block of m neighbours along axis 1 keeps exactly n, with ties too (the later stay).
    NVIDIA's tensor cores, from Ampere on, skip the zeros of 2:4 weights; this course's
    processors do not.

    Args:
        weight: output x input, or output x input x height x width: there a block is m
            channels at one place of the kernel, which are neighbours in the matrix product.
    """
    _check_pattern(n, m)
    if weight.dim() < 2 or weight.shape[1] % m:
        raise ValueError(
            f"the input axis must be a multiple of {m} to be cut into blocks; got a weight of "
            f"shape {tuple(weight.shape)} (axis 1 counts the inputs)."
        )
    inputs_last = weight.detach().abs().movedim(1, -1)
    blocks = inputs_last.unflatten(-1, (-1, m))
    kept = torch.ones_like(blocks, dtype=torch.bool)
    kept.scatter_(-1, blocks.argsort(dim=-1, stable=True)[..., : m - n], False)
    return kept.flatten(-2).movedim(-1, 1).contiguous()


def n_of_m_masks(
    model: nn.Module, *, n: int = 2, m: int = 4, layers: Collection[str] | None = None
) -> Masks:
    """Return `n_of_m` masks for `apply` and `keep_zeros`.

    Args:
        layers: names of the layers to prune, such as ("conv2", "fc1"); None takes all, and
            all must have a multiple of m inputs.
    """
    _check_pattern(n, m)
    weights = {name.removesuffix(".weight"): w for name, w in weights_to_prune(model).items()}
    chosen = list(weights) if layers is None else [layers] if isinstance(layers, str) else layers
    if unknown := set(chosen) - set(weights):
        raise ValueError(f"no layer {', '.join(sorted(unknown))}; there are {', '.join(weights)}.")
    fitting = tuple(name for name, weight in weights.items() if weight.shape[1] % m == 0)
    for name in chosen:
        if name not in fitting:
            raise ValueError(
                f"{name} has {weights[name].shape[1]} inputs, not a multiple of {m}. "
                f"Leave it out: layers={fitting!r}."
            )
    return {f"{name}.weight": n_of_m(weights[name], n=n, m=m) for name in chosen}


def _check_pattern(n: int, m: int) -> None:
    for name, value in (("n", n), ("m", m)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(f"{name} must be a whole number, 1 or more; got {value!r}.")
    if n > m:
        raise ValueError(f"n of every m stay, so n is at most m; got n={n}, m={m}. Swapped?")
