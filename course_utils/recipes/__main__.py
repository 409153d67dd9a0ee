"""Make the networks and sets again: all of them, or those named.

`python -m course_utils.recipes` remakes all and the scoreboard's rows; names after it remake
only those: `python -m course_utils.recipes SimplifiedCNN`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from course_utils import data
from course_utils.recipes import RECIPES
from course_utils.recipes.rows import write_rows


def main(names: list[str], *, folder: Path | None = None) -> None:
    """Run the named recipes, or all, and measure what they made."""
    unknown = [name for name in names if name not in RECIPES]
    if unknown:
        sys.exit(f"no recipe {', '.join(unknown)}; there are: {', '.join(RECIPES)}.")
    folder, made = folder or data.folder() / "networks", {}
    for name in names or RECIPES:
        recipe, lesson, method = RECIPES[name]
        print(f"{name} …", flush=True)
        files = recipe(folder)
        if method is not None:
            made |= dict.fromkeys(files, (lesson, method))
    write_rows(made)


if __name__ == "__main__":
    main(sys.argv[1:])
