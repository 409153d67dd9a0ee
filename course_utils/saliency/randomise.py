"""The randomisation test: forget what was learned, layer by layer, and explain again."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch
from torch import nn

from course_utils.saliency.scores import needs_gradients


def cascade(network: nn.Module, *, seed: int) -> Iterator[tuple[str, nn.Module]]:
    """Yield (layer, copy) from the last layer to the first (Adebayo 2018, 1810.03292).

    In each copy that layer and all behind it have fresh random weights, as before training;
    the network stays as it is. A map that stays the same does not show what was learned.
    """
    needs_gradients(network)
    now = copy.deepcopy(network)
    trained = [(name, part) for name, part in now.named_modules() if _is_trained(part)]
    if not trained:
        raise ValueError(f"{type(network).__name__} has no layer whose weights can be drawn anew.")
    for number, (name, part) in enumerate(reversed(trained)):
        with torch.random.fork_rng():
            torch.manual_seed(1000 * seed + number)  # every layer has numbers of its own
            part.reset_parameters()
        yield name, copy.deepcopy(now)


def _is_trained(part: nn.Module) -> bool:
    return hasattr(part, "reset_parameters") and any(True for _ in part.parameters(recurse=False))
