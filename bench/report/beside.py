"""Names beside their points in a scatter plot: each where it covers nothing, or none at all.

Plain geometry in points (1/72 inch) with the origin at the lower left of the axes; it knows no plotting library.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CLEARANCE_PT = 7.0
ON_A_LINE_PT = 9.0
MISLEADING_PT = 40.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle that text must not cover, or that text fills."""

    left: float
    bottom: float
    right: float
    top: float

    def overlaps(self, other: Box) -> bool:
        """Whether the two share more than an edge."""
        apart = self.right <= other.left or other.right <= self.left or self.top <= other.bottom
        return not (apart or other.top <= self.bottom)

    def inside(self, other: Box) -> bool:
        """Whether it lies within the other, edges included."""
        across = other.left <= self.left and self.right <= other.right
        return across and other.bottom <= self.bottom and self.top <= other.top


@dataclass(frozen=True, slots=True)
class Mark:
    """A point to be named: its place, and the box that its marker and cross fill."""

    x: float
    y: float
    reach: Box


@dataclass(frozen=True, slots=True)
class Ground:
    """Where names may stand: within bounds, never on `solid`, on `lines` only when nothing else is free."""

    bounds: Box
    solid: tuple[Box, ...]
    lines: tuple[Box, ...]


def place_beside(marks: Sequence[Mark], sizes: Sequence[tuple[float, float]], ground: Ground) -> list[Box] | None:
    """One box a point, as near to it and as far from the others as can be; None when one of them finds no room.

    sizes: (width, height) of the names. Greedy, from right to left: enough for a dozen points, and repeatable.
    """
    filled, placed = list(ground.solid), {}
    for i in sorted(range(len(marks)), key=lambda i: (-marks[i].x, marks[i].y)):
        free = [
            box
            for box in _around(marks[i], sizes[i])
            if box.inside(ground.bounds) and not any(box.overlaps(other) for other in filled)
        ]
        if not free:
            return None
        placed[i] = min(free, key=lambda box: _cost(box, i, marks, ground.lines))
        filled.append(placed[i])
    return [placed[i] for i in range(len(marks))]


def _around(mark: Mark, size: tuple[float, float]) -> list[Box]:
    """The places around a point, the easiest to read first."""
    x, y, (width, height) = mark.x, mark.y, size
    right, left, centre = x + CLEARANCE_PT, x - CLEARANCE_PT - width, x - width / 2
    above, below, middle = y + 3, y - 3 - height, y - height / 2
    places = [(mark.reach.right + 3, middle), (right, above), (right, below), (mark.reach.left - 3 - width, middle)]
    places += [(left, above), (left, below), (centre, mark.reach.top + 1), (centre, mark.reach.bottom - 1 - height)]
    heights = [above + 9, below - 9, above + 18, below - 18]
    places += [(at, bottom) for bottom in heights for at in (right, left, centre)]
    return [Box(at, bottom, at + width, bottom + height) for at, bottom in places]


def _cost(box: Box, i: int, marks: Sequence[Mark], lines: Sequence[Box]) -> float:
    """Points of distance to the own mark, dearer on a line, dearest nearer to another mark than to its own."""
    own = _distance(box, marks[i])
    others = min((_distance(box, mark) for j, mark in enumerate(marks) if j != i), default=float("inf"))
    return own + ON_A_LINE_PT * sum(box.overlaps(line) for line in lines) + (MISLEADING_PT if others < own else 0.0)


def _distance(box: Box, mark: Mark) -> float:
    across = max(box.left - mark.x, mark.x - box.right, 0.0)
    up = max(box.bottom - mark.y, mark.y - box.top, 0.0)
    return float((across**2 + up**2) ** 0.5)
