"""How every committed network and small set was made: `make networks` does it all again.

A recipe takes the folder of the networks and returns the files that it wrote there. Each is
seeded, chooses on validation and runs on one thread for at most ten minutes or so.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from course_utils.recipes import (
    condensed,
    control,
    dense,
    digits,
    drift,
    guided,
    language,
    matched,
    photographs,
    population,
    pruned,
    quantized,
    readable,
    searched,
    taught,
)

Recipe = tuple[Callable[[Path], list[Path]], str, str | None]
"""The recipe, the lesson that tells its story, and the method; None: it has no row."""

RECIPES: dict[str, Recipe] = {
    **dense.RECIPES,
    **pruned.RECIPES,
    **taught.RECIPES,
    **condensed.RECIPES,
    **quantized.RECIPES,
    **digits.RECIPES,
    **drift.RECIPES,
    **population.RECIPES,
    **photographs.RECIPES,
    **guided.RECIPES,
    **matched.RECIPES,
    **readable.RECIPES,
    **control.RECIPES,
    **searched.RECIPES,
    **language.RECIPES,
}
"""By name, in the order in which they need each other."""
