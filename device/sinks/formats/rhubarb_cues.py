"""Rhubarb Lip Sync's mouth cues: nine shapes, A to H and X, on a grid of 0.01 s.

Shapes and file formats as documented in Rhubarb's README ("Mouth shapes", "Output formats").
"""

from __future__ import annotations

import csv
import io
from abc import abstractmethod
from array import array
from collections.abc import Iterator
from functools import cache
from importlib import resources

from mandible.device.sinks.atomic_file import Output
from mandible.device.sinks.formats.timeline import TICKS_PER_S, Row
from mandible.device.sinks.formats.track import RowTrack, TrackSettings
from mandible.models.visemes import VISEME_NAMES

SHAPES = "ABCDEFGHX"
TICKS_PER_CS = TICKS_PER_S // 100


@cache
def shape_table() -> dict[str, str]:
    """Viseme name -> mouth shape, from ``models/tables/rhubarb.csv``."""
    text = resources.files("mandible.models").joinpath("tables/rhubarb.csv").read_text(encoding="utf-8")
    table = {row["viseme"]: row["shape"] for row in csv.DictReader(io.StringIO(text))}
    if tuple(table) != VISEME_NAMES or not set(table.values()) <= set(SHAPES):
        raise ValueError("models/tables/rhubarb.csv must map the fifteen visemes, in order, to A..H and X")
    return table


class MouthCues(RowTrack):
    """Gathers cues; a cue too short for the grid of 0.01 s gives way to the one that follows it."""

    def __init__(self, output: Output, settings: TrackSettings) -> None:
        super().__init__(output, settings)
        self._shape_of = shape_table()
        # Times in 0.01 s and shapes apart: five bytes a cue, so that a day of speech fits in memory.
        self._starts_cs = array("I")
        self._shapes = bytearray()

    def row(self, row: Row) -> None:
        """Take the next viseme row."""
        start_cs = (row.start_tick + TICKS_PER_CS // 2) // TICKS_PER_CS
        if self._starts_cs and self._starts_cs[-1] == start_cs:
            self._starts_cs.pop()
            self._shapes.pop()
        shape = ord(self._shape_of[row.viseme.name])
        if not self._shapes or self._shapes[-1] != shape:
            self._starts_cs.append(start_cs)
            self._shapes.append(shape)

    def finish(self, end_tick: int) -> None:
        """Write the file; its length is truncated to 0.01 s, as Rhubarb does."""
        super().finish(end_tick)
        end_cs = end_tick // TICKS_PER_CS
        while self._starts_cs and self._starts_cs[-1] >= end_cs:
            self._starts_cs.pop()
            self._shapes.pop()
        self.write_cues(end_cs)

    @abstractmethod
    def write_cues(self, end_cs: int) -> None:
        """Write every cue; the track ends at ``end_cs`` (0.01 s)."""

    def cues(self, end_cs: int) -> Iterator[tuple[str, str, str]]:
        """Start and end in seconds, as text, and the shape."""
        for number, shape in enumerate(self._shapes):
            last = number + 1 == len(self._shapes)
            stop_cs = end_cs if last else self._starts_cs[number + 1]
            yield seconds(self._starts_cs[number]), seconds(stop_cs), chr(shape)


def seconds(centiseconds: int) -> str:
    """Hundredths of a second as text with two decimals."""
    return f"{centiseconds // 100}.{centiseconds % 100:02d}"
