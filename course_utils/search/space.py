"""The space: what may be chosen, layer by layer, for a smaller SimplifiedCNN."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING

from course_utils import structure

if TYPE_CHECKING:
    import optuna

LAYERS = ("conv1", "conv2", "fc1", "fc2")
THINNED = ("conv2", "fc1")
"""Layers whose weights may become zero; the other two hold one weight in two hundred."""
Choices = Mapping[str, int | float | str]
"""A value for each name of SPACE: all that tells one network of the space from another."""
Range = tuple[int, int, int] | tuple[float, float, float]
"""Lowest, highest, step."""

SPACE: dict[str, Range | tuple[str, ...]] = {
    "order": structure.ORDERS,
    "conv1 kept": (4, 16, 2),
    "conv2 kept": (8, 32, 4),
    "fc1 kept": (16, 128, 16),
    **{f"{layer} zeros": (0.0, 0.9, 0.1) for layer in THINNED},
    **{f"{layer} bits": (2, 8, 1) for layer in LAYERS},
}
"""By name: words to choose from, or a range.

The order in which filters and units go; how many of a layer's stay; which share of the weights
that are left is zero; and how many bits each weight of a layer has in the file.
"""


def suggest(trial: optuna.Trial) -> dict[str, int | float | str]:
    """Return one value for each name of SPACE, as the trial's sampler chooses it."""
    return {name: _one(trial, name, values) for name, values in SPACE.items()}


def _one(trial: optuna.Trial, name: str, values: tuple) -> int | float | str:
    if isinstance(values[0], str):
        return trial.suggest_categorical(name, values)
    low, high, step = values
    kind = trial.suggest_int if isinstance(low, int) else trial.suggest_float
    return kind(name, low, high, step=step)


def distributions() -> dict[str, optuna.distributions.BaseDistribution]:
    """Return the space as Optuna writes it, to make trials of rows that were measured before."""
    from optuna import distributions as kinds

    found = {}
    for name, values in SPACE.items():
        if isinstance(values[0], str):
            found[name] = kinds.CategoricalDistribution(values)
        else:
            low, high, step = values
            kind = kinds.IntDistribution if isinstance(low, int) else kinds.FloatDistribution
            found[name] = kind(low, high, step=step)
    return found


def size() -> int:
    """Return how many different choices the space holds."""
    return prod(len(values) if isinstance(values[0], str)
                else round((values[1] - values[0]) / values[2]) + 1
                for values in SPACE.values())  # fmt: skip


def checked(choices: Mapping) -> dict[str, int | float | str]:
    """Return only the choices of a row that may hold more, each of its kind and in its range.

    Raises:
        ValueError: one is missing, or lies outside.
    """
    if missing := [name for name in SPACE if name not in choices]:
        raise ValueError(f"choices lack {', '.join(missing)}; they need all of SPACE.")
    found = {}
    for name, values in SPACE.items():
        value = choices[name]
        if isinstance(values[0], str):
            inside = value in values
        else:
            low, high, _ = values
            kind = int if isinstance(low, int) else float
            inside = low <= value <= high + 1e-9 and kind(value) == value
            value = kind(value) if inside else value
        if not inside:
            hint = ", ".join(map(str, values)) if isinstance(values[0], str) else (
                f"{values[0]:g} to {values[1]:g}")  # fmt: skip
            hint += f". Did you mean {value / 100:g}?" if "zeros" in name and value > 1 else ""
            raise ValueError(f"{name!r} must be of {hint}; got {value!r}.")
        found[name] = value
    return found
