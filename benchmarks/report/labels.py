"""Places labels beside points so that none lies on another, nor on a point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mandible.benchmarks.report.told import width_of

Box = tuple[float, float, float, float]
_HEIGHT, _GAP = 13.0, 9.0
_DIRECTIONS = ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (1, 1), (-1, -1), (-1, 1))
# How far from its point a label may stand, in pixels; past the first, a line leads there.
_REACHES = (0.0, 10.0, 22.0, 36.0, 52.0, 70.0, 90.0, 115.0)


@dataclass(frozen=True)
class Label:
    """A label: its words, the point it is of, and the box that it fills (left, top, right, bottom)."""

    words: str
    point: tuple[float, float]
    box: Box
    led: bool

    @property
    def base(self) -> tuple[float, float]:
        """Where its text begins."""
        return self.box[0] + 1, self.box[3] - 3


def overlap(one: Box, other: Box) -> bool:
    """Tell whether two boxes share paper."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def placed(
    wanted: Sequence[tuple[float, float, str]],
    frame: Box,
    marks: Sequence[Box],
    bars: Sequence[Box] = (),
    longest_px: float = 60,
    size: float = 12,
) -> list[Label]:
    """Return the labels that found a place inside ``frame``, the first wanted first; others are left out.

    Args:
        wanted: x, y and words.
        frame: the paper there is.
        marks: boxes that no label may touch.
        bars: boxes that a label keeps off where it can.
        longest_px: how far from its point a label may stand.
        size: of the text, in pixels.
    """
    found: list[Label] = []
    for x, y, words in wanted:
        wide = width_of(words, size) + 2
        for obstacles in ([*marks, *bars], marks):
            label = _first_free(
                x, y, words, wide, frame, longest_px, [*obstacles, *(one.box for one in found)]
            )
            if label is not None:
                found.append(label)
                break
    return found


def _first_free(
    x: float, y: float, words: str, wide: float, frame: Box, longest_px: float, obstacles: Sequence[Box]
) -> Label | None:
    for reach in (reach for reach in _REACHES if reach <= longest_px):
        for right, down in _DIRECTIONS:
            off = _GAP + reach
            middle_x = x + right * (off + wide / 2)
            middle_y = y + down * (off + _HEIGHT / 2 - 2)
            box = (middle_x - wide / 2, middle_y - _HEIGHT / 2, middle_x + wide / 2, middle_y + _HEIGHT / 2)
            inside = box[0] >= frame[0] and box[2] <= frame[2] and box[1] >= frame[1] and box[3] <= frame[3]
            if inside and not any(overlap(box, other) for other in obstacles):
                return Label(words, (x, y), box, reach > 0)
    return None


def leader(label: Label) -> tuple[float, float, float, float]:
    """Return the line from a label's nearest edge to its point."""
    x, y = label.point
    left, top, right, bottom = label.box
    return min(max(x, left), right), min(max(y, top), bottom), x, y
