"""The front: what nothing else beats, and how much of all that could be reached lies behind it."""

from __future__ import annotations

from collections.abc import Sequence

from course_utils.search.aims import DIRECTIONS

Point = Sequence[float]
"""A number for each aim."""


def losses(point: Point, directions: Sequence[str] = DIRECTIONS) -> tuple[float, ...]:
    """Return the numbers turned so that less is better in each."""
    return tuple(value if way == "minimize" else -value
                 for value, way in zip(point, directions, strict=True))  # fmt: skip


def dominates(one: Point, other: Point, directions: Sequence[str] = DIRECTIONS) -> bool:
    """Tell whether one is nowhere worse than the other, and somewhere better."""
    a, b = losses(one, directions), losses(other, directions)
    return a != b and all(x <= y for x, y in zip(a, b, strict=True))


def front(points: Sequence[Point], directions: Sequence[str] = DIRECTIONS) -> list[int]:
    """Return the places of the points that no other dominates; equal ones stay together."""
    return [i for i, one in enumerate(points)
            if not any(dominates(other, one, directions) for other in points)]  # fmt: skip


def hypervolume(
    points: Sequence[Point], reference: Point, directions: Sequence[str] = DIRECTIONS
) -> float:
    """Return the volume of all that the points dominate, as far as the reference (Zitzler 1999).

    One number for a front: it grows with every point that the front gains. It depends on the
    aims' scales and on the reference, so compare only what has both in common.

    Args:
        reference: a point that is worse than any of interest; points beyond it count nothing.
    """
    end = losses(reference, directions)
    turned = {losses(point, directions) for point in points}
    return _volume([p for p in turned if all(x < y for x, y in zip(p, end, strict=True))], end)


def _volume(points: list[tuple[float, ...]], end: tuple[float, ...]) -> float:
    """Cut the volume in slices along the first axis, each as deep as to the next point."""
    if not points:
        return 0.0
    if len(end) == 1:
        return end[0] - min(points)[0]
    points = sorted(points)
    edges = [point[0] for point in points[1:]] + [end[0]]
    return sum((edge - points[k][0]) * _volume([p[1:] for p in points[: k + 1]], end[1:])
               for k, edge in enumerate(edges) if edge > points[k][0])  # fmt: skip
