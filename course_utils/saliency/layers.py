"""A layer inside a network: find it, and read what it says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from course_utils.models import evaluating
from course_utils.saliency.scores import in_batches, needs_gradients


def last_convolution(network: nn.Module) -> str:
    """Return the name of the last layer that convolves: a convolution, or a block of them.

    A block that is no plain chain counts as a whole, so that a residual block's output has
    its skip added.

    Raises:
        ValueError: the network has no convolution, so no layer keeps the places of the image.
    """
    needs_gradients(network)
    name, here = [], network
    while isinstance(here, nn.Sequential) or here is network:
        holding = [(key, child) for key, child in here.named_children() if _convolves(child)]
        if not holding:
            raise ValueError(
                f"{type(network).__name__} has no convolution: no layer keeps the places of the "
                "image, so there is no class activation map. Use a gradient method or occlusion."
            )
        key, here = holding[-1]
        name.append(key)
    return ".".join(name)


@contextmanager
def watching(network: nn.Module, layer: str) -> Iterator[list[torch.Tensor]]:
    """Give a list that each forward pass adds the layer's output to; the hook goes with the block.

    The output is cut off from what comes before it and asks for its own gradient: a backward
    pass ends there.

    Raises:
        ValueError: no such layer.
    """
    seen: list[torch.Tensor] = []

    def keep(_module: nn.Module, _inputs: tuple, output: torch.Tensor) -> torch.Tensor:
        seen.append(output.detach().requires_grad_())
        return seen[-1].clone()  # so that a layer that works in place cannot change what is kept

    hook = _layer(network, layer).register_forward_hook(keep)
    try:
        yield seen
    finally:
        hook.remove()


def activations(
    network: nn.Module, images: torch.Tensor, layer: str, *, batch_size: int = 250
) -> torch.Tensor:
    """Return what a layer puts out for each image, n x channel x height x width (or n x unit)."""
    needs_gradients(network)

    def read(part: torch.Tensor) -> torch.Tensor:
        network(part)
        if not seen:
            raise ValueError(f"the network did not run its layer {layer!r}.")
        output = seen[-1].detach()
        seen.clear()
        return output

    with evaluating(network), torch.no_grad(), watching(network, layer) as seen:
        return in_batches(read, images, batch_size=batch_size)


def _convolves(module: nn.Module) -> bool:
    return any(isinstance(part, nn.Conv2d) for part in module.modules())


def _layer(network: nn.Module, name: str) -> nn.Module:
    needs_gradients(network)
    layers = dict(network.named_modules())
    layers.pop("")
    if name not in layers:
        raise ValueError(f"no layer is named {name!r}; the layers are {', '.join(layers)}.")
    return layers[name]
