"""One look for every figure: the style file, and a colour for each method."""

from functools import lru_cache
from pathlib import Path
from typing import Any

STYLE = Path(__file__).with_name("course.mplstyle")
WIDTH = 7.0  # inches; 700 points on the page
DIVERGING = "PuOr_r"  # zero is white, readable to colour-blind eyes

# Okabe and Ito's eight colours, and three of Paul Tol's for what is left.
COLOURS = {
    "reference": "#333333",
    "structure": "#56B4E9",
    "quantization": "#0072B2",
    "pruning": "#D55E00",
    "distillation": "#009E73",
    "data": "#E69F00",
    "gradient": "#CC79A7",
    "lime": "#999933",
    "shap": "#882255",
    "random": "#b5b5b5",
}
COLOURS["saliency"] = COLOURS["gradient"]
COLOURS["control"] = COLOURS["random"]


def use_style() -> None:
    """Give all figures made from now on the course's look."""
    import matplotlib

    matplotlib.rcParams.update(_parameters())


@lru_cache
def _parameters() -> dict[str, Any]:
    """The style file's settings."""
    import matplotlib

    return matplotlib.rc_params_from_file(STYLE, use_default_template=False)


def colour(method: str) -> str:
    """The colour of a method, the same in every lesson.

    Raises:
        ValueError: no such method.
    """
    if method not in COLOURS:
        raise ValueError(f"unknown method {method!r}; the methods are {', '.join(COLOURS)}")
    return COLOURS[method]


def figure(
    *,
    rows: int = 1,
    columns: int = 1,
    width: float = WIDTH,
    height: float | None = None,
    **options: Any,
) -> tuple[Any, Any]:
    """A figure and its axes, in the course's look, unknown to pyplot: nothing to close.

    Args:
        width: inches; the page holds about 8.
        height: inches; 3.2 a row unless told.
        options: for ``Figure.subplots``, such as ``sharey=True``.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_parameters()):
        made = Figure(figsize=(width, height or 3.2 * rows))
        return made, made.subplots(rows, columns, **options)
