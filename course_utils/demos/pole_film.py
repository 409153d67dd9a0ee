"""An episode as a film: an SVG picture that moves by CSS, and is a still where nothing moves.

No script and no file from elsewhere: a `<picture>` that holds everything. Readers whose system
asks for less motion get a second drawing without style: the last moment, and ghosts of the pole
at earlier ones. (A question about motion inside the drawing itself is not heard by browsers.)
"""

from __future__ import annotations

import base64
from collections.abc import Callable

import numpy as np

from course_utils import page, plots
from course_utils.control import physics

METRE = 125
"""Pixels a metre."""
GROUND, PLOT, HEIGHT, WIDTH = 184, 236, 280, 660
FRAMES = 120
TURNS = 2
"""How often a film runs."""


def film(states: np.ndarray, *, fell: bool, caption: str = "", world=None) -> page.Html:
    """Return an episode as a `<picture>`: the cart with its pole, below it the pole's angle.

    The film runs twice in real time, an episode of under two seconds in two seconds.

    Args:
        states: time x 4, as `episode` returns them, the last one included.
        fell: whether the last state ended it.
        caption: words above the track.
        world: for the pole's length; None: CartPole-v1.
    """
    world = world or physics.World()
    kept = states[np.unique(np.linspace(0, len(states) - 1, FRAMES).round().astype(int))]
    seconds = max(2.0, len(states) * world.tau)
    moving, still = (_address(_svg(kept, states, fell, caption, world, style))
                     for style in (_moves(kept, seconds), ""))  # fmt: skip
    alt = page.escape(words(states, fell=fell))
    return page.Html(
        f'<picture><source media="(prefers-reduced-motion: reduce)" srcset="{still}">'
        f'<img alt="{alt}" style="max-width:100%" width="{WIDTH}" src="{moving}"></picture>'
    )


def words(states: np.ndarray, *, fell: bool) -> str:
    """Say what a film shows."""
    lean, far = np.rad2deg(abs(states[:, 2])).max(), abs(states[:, 0]).max()
    over = abs(states[-1, 2]) > physics.TILT
    ended = "the pole falls" if over else "the cart leaves the track"
    end = ended if fell else "it stands"
    return (f"A pole on a cart for {len(states) - 1} steps; then {end}. The pole leaned at most "
            f"{lean:.1f} degrees, the cart was at most {far:.2f} m off the middle.")  # fmt: skip


def episode(
    acting: physics.Policy, start: np.ndarray, *, steps: int = 500, world=None
) -> tuple[np.ndarray, bool]:
    """Return the states of one episode, the last one included, and whether it fell."""
    world = world or physics.World()
    found = physics.run(acting, start[None], steps=steps, world=world, record=True)
    last = physics.step(found.states[-1], found.actions[-1], world)
    fell = bool(physics.fallen(last)[0])
    return np.concatenate([found.states[:, 0], last]), fell


def _address(drawing: str) -> str:
    """The drawing itself as an address."""
    return "data:image/svg+xml;base64," + base64.b64encode(drawing.encode()).decode()


def _moves(kept, seconds) -> str:
    """The style that moves cart, pole and mark."""
    cart = _frames("cart", kept, lambda s: f"translateX({_across(s[0]):.1f}px)")
    pole = _frames("pole", kept, lambda s: f"rotate({np.rad2deg(s[2]):.2f}deg)")
    mark = _frames("mark", np.arange(len(kept)) / max(1, len(kept) - 1),
                   lambda share: f"translateX({_along(share):.1f}px)")  # fmt: skip
    moves = "".join(f".{name}{{animation:{name} {seconds:.2f}s linear {TURNS}}}"
                    for name in ("cart", "pole", "mark"))  # fmt: skip
    return cart + pole + mark + moves


def _svg(kept, states, fell, caption, world, style) -> str:
    ghosts = "".join(_cart(s, world, faint=True) for s in kept[:: max(1, len(kept) // 6)][:-1])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="12"><style>{style}</style>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
        f'<text x="12" y="16" font-size="13">{page.escape(caption)}</text>'
        f"{_track()}{ghosts}{_cart(kept[-1], world)}{_trace(states, fell, world)}</svg>"
    )


def _frames(name: str, values, say: Callable) -> str:
    """A named list of key frames, evenly spaced."""
    last = max(1, len(values) - 1)
    steps = "".join(f"{100 * k / last:.2f}%{{transform:{say(value)}}}"
                    for k, value in enumerate(values))  # fmt: skip
    return f"@keyframes {name}{{{steps}}}"


def _across(x: float) -> float:
    """The pixel of a place on the track."""
    return WIDTH / 2 + METRE * float(x)


def _along(share: float) -> float:
    """The pixel of a moment in the plot of the angle."""
    return 60 + (WIDTH - 80) * float(share)


def _track() -> str:
    ends = "".join(
        f'<line x1="{_across(x)}" x2="{_across(x)}" y1="{GROUND - 14}" y2="{GROUND + 8}" '
        'stroke="#555" stroke-width="3"/>' for x in (-physics.EDGE, physics.EDGE)
    )  # fmt: skip
    return (f'<line x1="0" x2="{WIDTH}" y1="{GROUND}" y2="{GROUND}" stroke="#555"/>{ends}'
            f'<text x="{_across(-2.4) + 6}" y="{GROUND + 14}" fill="#555">−2.4 m</text>'
            f'<text x="{_across(2.4) - 42}" y="{GROUND + 14}" fill="#555">'
            "2.4 m</text>")  # fmt: skip


def _cart(state: np.ndarray, world: physics.World, *, faint: bool = False) -> str:
    """Cart and pole; the one that moves has classes, the ghosts are pale."""
    cart, pole = ("", "") if faint else (' class="cart"', ' class="pole"')
    look = ' opacity="0.15"' if faint else ""
    length = min(2 * world.length * METRE, GROUND - 44)
    return (
        f'<g{cart}{look} transform="translate({_across(state[0]):.1f} 0)">'
        f'<rect x="-26" y="{GROUND - 24}" width="52" height="24" rx="3" '
        f'fill="{plots.COLOURS["reference"]}"/><g transform="translate(0 {GROUND - 24})">'
        f'<g{pole} transform="rotate({np.rad2deg(state[2]):.2f})">'
        f'<line y2="{-length}" stroke="{plots.COLOURS["distillation"]}" stroke-width="8" '
        'stroke-linecap="round"/></g></g></g>'
    )  # fmt: skip


def _trace(states: np.ndarray, fell: bool, world: physics.World) -> str:
    """The pole's angle over the episode, its two limits, and the moving mark."""
    shares = np.arange(len(states)) / max(1, len(states) - 1)
    high = PLOT - 26 * np.clip(states[:, 2] / physics.TILT, -1.2, 1.2)
    points = " ".join(f"{_along(s):.1f},{y:.1f}" for s, y in zip(shares, high))
    limits = "".join(f'<line x1="60" x2="{WIDTH - 20}" y1="{y}" y2="{y}" stroke="#bbb" '
                     'stroke-dasharray="4 3"/>' for y in (PLOT - 26, PLOT + 26))  # fmt: skip
    steps = len(states) - 1
    end = f"{steps} steps, {steps * world.tau:.1f} s" + (": over" if fell else "")
    return (
        f'{limits}<text x="8" y="{PLOT - 22}" fill="#555">+12°</text>'
        f'<text x="8" y="{PLOT + 4}" fill="#555">angle</text>'
        f'<text x="8" y="{PLOT + 30}" fill="#555">−12°</text>'
        f'<polyline points="{points}" fill="none" stroke="{plots.COLOURS["distillation"]}"/>'
        f'<text x="{WIDTH - 20}" y="{HEIGHT - 4}" fill="#555" text-anchor="end">{end}</text>'
        f'<line class="mark" transform="translate({_along(1):.1f} 0)" y1="{PLOT - 30}" '
        f'y2="{PLOT + 30}" stroke="#222"/>'
    )
