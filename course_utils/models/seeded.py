"""First weights from a seed."""

from collections.abc import Callable
from typing import TypeVar

import torch

Made = TypeVar("Made")


def seeded(make: Callable[..., Made], seed: int, **settings) -> Made:
    """Return `make(**settings)`, its weights drawn from this seed.

    torch's global generator is left as it was, and two networks made by one call of each with the
    same seed begin alike.

    Args:
        make: an architecture, or any function that draws from torch's global generator.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make(**settings)
