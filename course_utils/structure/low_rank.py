"""Low rank: two thin layers in the place of one (Denil 2013, 1306.0543; SVD: Eckart 1936)."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import nn

from course_utils.models import evaluating, replace, weighted_layer


def factors(weight: torch.Tensor, rank: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return up, m x rank, and down, rank x n, whose product is the nearest of that rank.

    No matrix of that rank has a smaller squared error; the error is the sum of the squares
    of the singular values left out (Eckart & Young 1936). Each factor gets the square root
    of the singular values, so that both have weights of one size.
    """
    if weight.dim() != 2 or not 1 <= rank <= min(weight.shape):
        raise ValueError(
            f"factors takes a matrix and a rank from 1 to its shorter side; got shape "
            f"{tuple(weight.shape)} and rank {rank}."
        )
    u, s, v = torch.linalg.svd(weight.detach(), full_matrices=False)
    root = s[:rank].sqrt()
    return u[:, :rank] * root, root[:, None] * v[:rank]


def break_even(rows: int, columns: int) -> int:
    """Return the largest rank at which two factors hold fewer numbers than the matrix.

    rank · (rows + columns) < rows · columns; 0 where no rank saves anything.
    """
    if rows < 1 or columns < 1:
        raise ValueError(f"a matrix has at least one row and column; got {rows} x {columns}.")
    return (rows * columns - 1) // (rows + columns)


@torch.no_grad()
def low_rank(
    network: nn.Module, ranks: Mapping[str, int], *, images: torch.Tensor | None = None
) -> nn.Module:
    """Return a copy in which two thin layers, `down` and `up`, stand in place of each named one.

    A convolution becomes one with its kernel to `rank` channels, then a 1 x 1 convolution.
    The copy saves and loads as any network of the course.

    Args:
        ranks: layer name to rank, 1 to the shorter side of its weight as a matrix,
            outputs x all that one output reads.
        images: None approximates the weights best. With images, n x channel x height x
            width, the layer's outputs on them are approximated best instead, their mean
            exactly (Zhang 2015, 1505.06798); a layer without bias keeps its mean's error.
    """
    copied = replace(copy.deepcopy(network), {n: ("low_rank", r) for n, r in ranks.items()})
    for name, rank in ranks.items():
        old, new = weighted_layer(network, name), copied.get_submodule(name)
        matrix = old.weight.flatten(1)
        if images is None:
            up, down = factors(matrix, rank)
            shift = 0.0
        else:
            up, down, shift = _for_outputs(_outputs(network, old, images), matrix, rank)
        new.down.weight.copy_(down.view_as(new.down.weight))
        new.up.weight.copy_(up.view_as(new.up.weight))
        if old.bias is not None:
            new.up.bias.copy_(old.bias + shift)
    return copied


def _for_outputs(
    outputs: torch.Tensor, matrix: torch.Tensor, rank: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Keep the directions in which the outputs vary most; return up, down, shift of the bias."""
    mean = outputs.mean(0)
    main = torch.linalg.svd(outputs - mean, full_matrices=False)[2][:rank].T
    if main.shape[1] < rank:
        raise ValueError(f"{len(outputs)} outputs do not show {rank} directions; give more images.")
    return main, main.T @ matrix, mean - main @ (main.T @ mean)


def _outputs(
    network: nn.Module, layer: nn.Conv2d | nn.Linear, images: torch.Tensor
) -> torch.Tensor:
    """What the layer gives for these images without its bias, one row a place."""
    seen = []
    hook = layer.register_forward_hook(lambda _, __, output: seen.append(output))
    try:
        with evaluating(network):
            network(images)
    finally:
        hook.remove()
    rows = seen[0].movedim(1, -1).flatten(0, -2)
    return rows if layer.bias is None else rows - layer.bias
