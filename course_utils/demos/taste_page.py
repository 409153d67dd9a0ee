"""What the taste shows: three meters and four tiles, as HTML that is quick to make."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import torch

from course_utils import data, page, plots
from course_utils.demos.taste import Explained, Measured, Taste

BITS = ("float32", 8, 7, 6, 5, 4, 3, 2)
MARK = plots.COLOURS["pruning"]
TILE = 160  # pixels wide on the page
GAP = 12
_GREY = "rgba(127,127,127,.25)"


def live(taste: Taste) -> Any:
    """Show the taste with its controls: share removed, bits per weight, picture."""
    from course_utils import widgets

    return widgets.live(
        lambda **chosen: draw(taste, **chosen),
        alt="A network made smaller: its file, accuracy and map, beside the whole network's",
        removed=widgets.slider(0.0, 0.98, start=0.5, step=0.02, label="share of weights removed"),
        bits=widgets.choice(BITS, start=4, label="bits for each weight left"),
        picture=widgets.choice(data.FASHION_CLASSES, start="coat", label="picture"),
    )


def draw(taste: Taste, *, removed: float, bits: int | str, picture: str) -> str:
    """Draw size, accuracy and one picture's maps: whole, smaller and untrained network.

    Args:
        removed: share of the weights set to zero, in [0, 1).
        bits: one of BITS.
        picture: one of the classes; its first image is shown.
    """
    small = taste.measure(removed, None if bits == "float32" else bits)
    place = data.FASHION_CLASSES.index(picture)
    maps = [
        taste.explain(network, place)
        for network in (taste.whole.network, small.network, taste.control)
    ]
    times = taste.whole.bytes / small.bytes
    parts = (
        f"<b>{times:.1f} times smaller than the plain float32 file</b>",
        _meters(taste, small, ours=maps[1], control=maps[2]),
        _tiles(taste.pictures[place], *maps),
        _captions(picture, *maps),
        _legend(data.FASHION_CLASSES[taste.classes[place]]),
    )
    return f'<div style="max-width:{4 * TILE + 3 * GAP}px">{"".join(parts)}</div>'


def correlation(value: float) -> str:
    """A rank correlation in words."""
    return f"{value:z.2f}".replace("-", "−")


def said(logits: torch.Tensor) -> str:
    """The class that the logits of one image choose, with its probability."""
    share, label = logits.softmax(0).max(0)
    return f"“{data.FASHION_CLASSES[label]}”, {share:.0%} sure"


def _meters(taste: Taste, small: Measured, *, ours: Explained, control: Explained) -> str:
    n = len(taste.labels)
    return "".join((
        _meter("whole file", small.bytes / taste.whole.bytes, f"{small.bytes:,} bytes",
               plots.COLOURS["quantization"]),
        _meter(f"right, of {n:,}", small.right / n, f"{small.right:,}",
               "currentColor", mark=taste.whole.right / n),
        _meter("map agreement", ours.agreement, correlation(ours.agreement),
               plots.COLOURS["gradient"], mark=control.agreement),
    ))  # fmt: skip


def _meter(name: str, share: float, words: str, colour: str, *, mark: float | None = None) -> str:
    """A bar from 0 to 1 with its value in words, and a mark to compare with."""
    line = ""
    if mark is not None:
        line = (f'<div style="position:absolute;left:{_percent(mark)};top:-3px;bottom:-3px;'
                f'border-left:3px solid {MARK}"></div>')  # fmt: skip
    bar = f'<div style="width:{_percent(share)};height:100%;background:{colour}"></div>'
    return (
        '<div style="display:grid;grid-template-columns:9em 1fr 8em;gap:.8em;align-items:center;'
        f'margin:.35em 0"><span>{name}</span><div style="position:relative;height:14px;'
        f'background:{_GREY}">{bar}{line}</div><b>{words}</b></div>'
    )


def _percent(share: float) -> str:
    """A share as a length of style sheets; what is outside 0 and 1 is cut off."""
    return f"{100 * min(max(share, 0.0), 1.0):.2f}%"


def _legend(name: str) -> str:
    look = "font-size:85%;opacity:.8;line-height:1.35;margin-top:.5em"
    return (
        f'<div style="{look}">The <b style="color:{MARK}">upright line</b> is '
        "the whole network's accuracy, and the untrained network's agreement. In the maps, orange "
        f"speaks for “{name}” and purple against it.</div>"
    )


def _tiles(picture: torch.Tensor, whole: Explained, ours: Explained, control: Explained) -> str:
    """The picture and the three maps in one row, the first two maps on one scale."""
    limit = _limit(whole.map)
    row = [_grey(picture)] + [
        _coloured(one.map, picture, most)
        for one, most in ((whole, limit), (ours, limit), (control, _limit(control.map)))
    ]
    alt = (
        "Four tiles: the picture; the whole network's map; this network's map, rank correlation "
        f"{correlation(ours.agreement)} with it; an untrained network's, "
        f"{correlation(control.agreement)}"
    )
    return (
        f'<img alt="{page.escape(alt)}" src="data:image/png;base64,{_png(_side_by_side(row))}" '
        'style="width:100%;height:auto;image-rendering:pixelated;margin-top:.5em">'
    )


def _captions(name: str, whole: Explained, ours: Explained, control: Explained) -> str:
    columns = (
        ("the picture", name, ""),
        ("whole network", said(whole.logits), "the map to compare with"),
        ("this network", said(ours.logits), f"agreement {correlation(ours.agreement)}"),
        ("untrained network", "control, own colour scale",
         f"agreement {correlation(control.agreement)}"),
    )  # fmt: skip
    cells = "".join(
        f'<div style="line-height:1.3"><b>{head}</b><br>{words}<br>{more}</div>'
        for head, words, more in columns
    )
    return (
        f'<div style="display:grid;grid-template-columns:repeat(4,1fr);gap:{GAP}px;'
        f'text-align:center;font-size:90%">{cells}</div>'
    )


def _limit(attribution: torch.Tensor) -> float:
    """The strongest colour: 99 of 100 pixels stay below it."""
    return float(attribution.abs().quantile(0.99)) or 1.0


def _grey(picture: torch.Tensor) -> np.ndarray:
    """One image as height x width x red, green, blue in [0, 1]."""
    return np.repeat(picture[0].numpy()[:, :, None], 3, axis=2)


def _coloured(attribution: torch.Tensor, picture: torch.Tensor, limit: float) -> np.ndarray:
    """A map over its pale picture, as `plots.draw_attribution` colours it."""
    from matplotlib import colormaps

    values = attribution[0].numpy() / limit
    colours = colormaps[plots.DIVERGING](np.clip((values + 1) / 2, 0, 1))[:, :, :3]
    weight = np.clip(np.abs(values), 0.15, 1.0)[:, :, None]
    return weight * colours + (1 - weight) * (0.5 + 0.5 * _grey(picture))


def _side_by_side(row: list[np.ndarray]) -> np.ndarray:
    """Join tiles with transparent gaps: height x width x red, green, blue, opacity."""
    grow = TILE // row[0].shape[0]
    tiles = [np.kron(np.dstack([t, np.ones(t.shape[:2])]), np.ones((grow, grow, 1))) for t in row]
    gap = np.zeros((tiles[0].shape[0], GAP, 4))
    parts = [part for tile in tiles for part in (gap, tile)]
    return np.concatenate(parts[1:], axis=1)


def _png(pixels: np.ndarray) -> str:
    from matplotlib import image

    file = io.BytesIO()
    image.imsave(file, pixels, format="png")
    return base64.b64encode(file.getvalue()).decode()
