"""Points take turns, so that a busy moment of the machine hits them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mandible.benchmarks.grid.fresh import Round
from mandible.benchmarks.grid.point import Point
from mandible.errors import MandibleError


@dataclass
class Turns:
    """What came of it.

    Attributes:
        rounds: of the points that finished every round.
        failed: why the others did not.
    """

    rounds: dict[Point, list[Round]] = field(default_factory=dict)
    failed: dict[Point, str] = field(default_factory=dict)


def in_turns(
    points: Sequence[Point], rounds: int, timed: Callable[[Point], Round], tell: Callable[[str], None]
) -> Turns:
    """Time every point, then all of them again, each time beginning with another.

    A point that fails is left out from there on, and the others go on.
    """
    turns = Turns({point: [] for point in points})
    for number in range(rounds):
        first = number % max(1, len(points))
        for point in (*points[first:], *points[:first]):
            if point in turns.failed:
                continue
            tell(f"{point.told}, round {number + 1} of {rounds}")
            try:
                turns.rounds[point].append(timed(point))
            except MandibleError as error:
                turns.failed[point] = str(error)
                del turns.rounds[point]
    return turns
