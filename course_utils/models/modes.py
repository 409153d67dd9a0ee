"""Train and eval mode: whoever changes it gives it back, module by module."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def keeping_modes(network: object) -> Iterator[None]:
    """Give every module of a network the mode it had back, even after a crash.

    A callable that is no module has no mode: nothing happens.
    """
    modules = list(network.modules()) if isinstance(network, nn.Module) else []
    modes = [module.training for module in modules]
    try:
        yield
    finally:
        for module, mode in zip(modules, modes, strict=True):
            module.training = mode


@contextmanager
def evaluating(network: object) -> Iterator[None]:
    """Put a network into eval mode for the length of a `with` block."""
    with keeping_modes(network):
        if isinstance(network, nn.Module):
            network.eval()
        yield
