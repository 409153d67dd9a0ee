"""The plots that lessons share, all in one look."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_utils import page
from course_utils.style import COLOURS, DIVERGING, WIDTH, colour, figure, use_style

__all__ = [
    "COLOURS", "DIVERGING", "WIDTH", "bars", "colour", "draw_attribution", "draw_image", "figure",
    "image_row", "pareto", "pareto_front", "use_style",
]  # fmt: skip


def image_row(
    images: Sequence[Any],
    titles: Sequence[str] | None = None,
    *,
    title: str = "",
    limit: float | None = None,
) -> Any:
    """Images side by side on one scale, for instance eight filters or one image in eight versions.

    Args:
        images: arrays or tensors, height x width or 1 x height x width in [0, 1]; all are drawn on
            the same grey scale.
        titles: one short text each.
        limit: draw on the zero-centred scale from -limit to limit instead.
    """
    images = [_plane(i) for i in images]
    titles = [""] * len(images) if titles is None else list(titles)
    if len(titles) != len(images) or not images:
        raise ValueError(f"{len(images)} images and {len(titles)} titles; each image needs one")
    size = min(WIDTH / len(images), 2.2)
    height = size + 0.2 * any(titles) + 0.3 * bool(title)
    made, axes = figure(columns=len(images), width=size * len(images), height=height, squeeze=False)
    for axis, one, words in zip(axes[0], images, titles, strict=True):
        draw_image(axis, one, limit=limit)
        axis.set_title(words, fontsize=9.5, fontweight="normal", loc="center", pad=4)
    if title:
        made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def draw_image(axis: Any, image: Any, *, limit: float | None = None) -> Any:
    """Draw one image without axes: grey in [0, 1], or zero-centred from -limit to limit."""
    low, colours = (0.0, "gray") if limit is None else (-limit, DIVERGING)
    axis.set_axis_off()
    return axis.imshow(_plane(image), cmap=colours, vmin=low, vmax=1.0 if limit is None else limit)


def draw_attribution(
    axis: Any, attribution: Any, *, over: Any = None, limit: float | None = None
) -> Any:
    """Draw an attribution on a zero-centred scale, over the pale image it explains.

    Args:
        attribution: height x width or 1 x height x width; orange speaks for, purple against.
        over: the image, same shape.
        limit: the value of the strongest colour; the largest magnitude unless told. Give the same
            limit to maps that are compared.
    """
    values = _plane(attribution)
    limit = limit or float(np.abs(values).max()) or 1.0
    picture = draw_image(axis, values, limit=limit)
    if over is not None:
        picture.set_zorder(1)
        picture.set_alpha(np.clip(np.abs(values) / limit, 0.15, 1.0))
        axis.imshow(0.5 + 0.5 * _plane(over), cmap="gray", vmin=0, vmax=1, zorder=0)
    return picture


def bars(
    values: Mapping[str, float | Sequence[float]],
    *,
    unit: str,
    title: str,
    methods: Sequence[str] = (),
) -> Any:
    """Horizontal bars, labelled; a bar of several values shows their mean, and each as a dot.

    Args:
        values: by name; a number, or one number per seed.
        unit: what the axis counts, with its unit.
        title: the finding, as a sentence.
        methods: names in `COLOURS`, one a bar; all "reference" unless told.
    """
    made, axis = figure(height=0.9 + 0.42 * len(values))
    colours = [colour(m) for m in methods] or [COLOURS["reference"]] * len(values)
    for place, (several, shade) in enumerate(zip(values.values(), colours, strict=True)):
        several = np.atleast_1d(np.asarray(several, dtype=float))
        axis.barh(place, several.mean(), color=shade, height=0.66, alpha=0.85)
        if len(several) > 1:
            axis.plot(several, [place] * len(several), "o", color="white", mec="black", ms=4)
        axis.annotate(f"{several.mean():.3g}", (several.max(), place), xytext=(5, 0),
                      textcoords="offset points", va="center")  # fmt: skip
    axis.set_yticks(range(len(values)), list(values))
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)
    axis.margins(x=0.12)
    axis.set(xlabel=unit, title=title)
    return made


def pareto(
    points: Sequence[Mapping[str, Any]], *, x: str, y: str, title: str, logarithmic: bool = True
) -> Any:
    """Networks as labelled points: cost to the right, quality upwards, the best of each joined.

    Args:
        points: rows with "name", "method" (see `COLOURS`) and the two columns.
        x: the column where less is better, such as "kilobytes"; it names the axis.
        y: the column where more is better.
        logarithmic: the cost axis counts in factors.
    """
    from matplotlib.ticker import LogLocator, NullLocator

    made, axis = figure(height=4.2)
    for point in points:
        axis.plot(point[x], point[y], "o", ms=8, color=colour(point["method"]), zorder=3)
    front = pareto_front([(p[x], p[y]) for p in points])
    if front:
        axis.step(*zip(*front, strict=True), where="post", color="#bbbbbb", zorder=1)
    if logarithmic:
        axis.set_xscale("log")
        axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter(lambda value, _: page.number(value))
    axis.margins(x=0.18, y=0.12)
    axis.set(xlabel=x, ylabel=y, title=title)
    _label(axis, [(point["name"], (point[x], point[y])) for point in points])
    return made


def pareto_front(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points that no other beats in both (less first, more second), from cheap to dear."""
    front: list[tuple[float, float]] = []
    for cost, worth in sorted(points, key=lambda p: (p[0], -p[1])):
        if not front or worth > front[-1][1]:
            front.append((cost, worth))
    return front


def _label(axis: Any, names: Sequence[tuple[str, tuple[float, float]]]) -> None:
    """Write each name beside its point, where it covers no other name and no point if it can."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.patheffects import withStroke
    from matplotlib.transforms import Bbox

    edge = [withStroke(linewidth=2.5, foreground="white")]  # no line strikes a name through
    FigureCanvasAgg(axis.figure).draw()  # settles the limits, so that places are in pixels
    dots = [axis.transData.transform(at) for _, at in names]
    taken = [Bbox.from_bounds(*(dot - 6), 12, 12) for dot in dots]
    for name, at in sorted(names, key=lambda one: -one[1][1]):
        text = axis.annotate(name, at, (0, 0), textcoords="offset points", fontsize=8,
                             path_effects=edge)  # fmt: skip
        tries = []
        for offset, side in _PLACES:
            text.set(position=offset, ha=side)
            box = text.get_window_extent()
            hidden = sum(_area(Bbox.intersection(box, other)) for other in taken)
            inside = _area(Bbox.intersection(box, axis.bbox))
            tries.append((hidden + box.width * box.height - inside, len(tries)))
        best = _PLACES[min(tries)[1]]
        text.set(position=best[0], ha=best[1])
        taken.append(text.get_window_extent())


_PLACES = tuple(
    ((right * 8, up), "left" if right > 0 else "right")
    for up in (-3, 5, -11, 13, -19, 21, -27)
    for right in (1, -1)
)
"""Where a name may stand: offset in points from its dot and its alignment, best first."""


def _area(box: Any) -> float:
    return box.width * box.height if box is not None else 0.0


def _plane(image: Any) -> np.ndarray:
    """An image or tensor as height x width."""
    values = np.asarray(image.detach().cpu() if hasattr(image, "detach") else image, dtype=float)
    if values.ndim == 3 and values.shape[0] == 1:
        values = values[0]
    if values.ndim != 2:
        raise ValueError(f"an image of height x width is needed, got shape {values.shape}")
    return values
