"""When the state of a hop holds, in whole tenths of a millisecond.

Hop ``t`` is complete at ``(t + 1) * 10 ms``. It describes the 10 ms that begin ``delay_ms`` before that:
half the analysis window (12.5), half a hop (5), the model's lookahead and the decoder's delay. An ``aligned``
track says when the sound had that mouth shape; an ``emission`` track says when the shape left the line, later
by the delay.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from mandible.device.frames import HOP_MS
from mandible.models.visemes import Viseme

TICKS_PER_S = 10_000
TICKS_PER_MS = 10
HOP_TICKS = HOP_MS * TICKS_PER_MS
# Flushing pushes a few hops beyond the end of the sound, and only close() knows where that was.
HELD_BACK_TICKS = 20 * HOP_TICKS
FULL_OPENNESS = 255

ALIGNED, EMISSION = "aligned", "emission"
STAMPS = (ALIGNED, EMISSION)


class Timeline:
    """Turns hop numbers and durations into ticks of 0.1 ms."""

    def __init__(self, stamp: str, delay_ms: float) -> None:
        delay_ticks = round(delay_ms * TICKS_PER_MS)
        self._hop_shift = delay_ticks if stamp == ALIGNED else 0
        self._end_shift = 0 if stamp == ALIGNED else delay_ticks

    def start_tick(self, index: int) -> int:
        """Where the state of hop ``index`` begins; the first few may lie before 0."""
        return (index + 1) * HOP_TICKS - self._hop_shift

    def end_tick(self, duration_s: float) -> int:
        """Where the track ends; at least one tick after 0."""
        return max(1, round(duration_s * TICKS_PER_S)) + self._end_shift


@dataclass(frozen=True, slots=True)
class Row:
    """A stretch of time with one viseme.

    Attributes:
        start_tick: beginning, in 0.1 ms.
        end_tick: end, in 0.1 ms; always later than the beginning.
        viseme: what the mouth shows.
        openness: mean jaw opening over the row, 0..1.
    """

    start_tick: int
    end_tick: int
    viseme: Viseme
    openness: float


@dataclass(slots=True)
class _Run:
    start_tick: int
    end_tick: int
    viseme: Viseme
    opening_ticks: int

    def row(self) -> Row:
        length = self.end_tick - self.start_tick
        return Row(self.start_tick, self.end_tick, self.viseme, self.opening_ticks / (FULL_OPENNESS * length))


class RowBuilder:
    """Joins equal neighbours into rows that follow each other without gaps, from 0 to the end of the track.

    A state holds until the next one begins, so hops lost on the way leave no hole. Before the first described
    instant the mouth is at rest: ``sil``, closed.
    """

    def __init__(self) -> None:
        self._state: tuple[int, Viseme, int] = (0, Viseme.sil, 0)
        self._spans: deque[_Run] = deque()
        self._run: _Run | None = None

    def put(self, start_tick: int, viseme: Viseme, openness: int) -> Iterator[Row]:
        """Take the state (openness 0..255) from ``start_tick`` on; yield rows that can no longer change."""
        begin = max(0, start_tick)
        self._hold_until(begin)
        self._state = (begin, viseme, openness)
        while self._spans and self._spans[0].end_tick <= begin - HELD_BACK_TICKS:
            yield from self._join(self._spans.popleft())

    def finish(self, end_tick: int) -> Iterator[Row]:
        """Cut or stretch to ``end_tick`` and yield the remaining rows."""
        self._hold_until(end_tick)
        for span in self._spans:
            whole = span.end_tick - span.start_tick
            kept = min(span.end_tick, end_tick) - span.start_tick
            if kept > 0:
                opening_ticks = span.opening_ticks // whole * kept
                yield from self._join(
                    _Run(span.start_tick, span.start_tick + kept, span.viseme, opening_ticks)
                )
        self._spans.clear()
        if self._run is not None:
            yield self._run.row()
            self._run = None

    def _hold_until(self, tick: int) -> None:
        start, viseme, openness = self._state
        if tick > start:
            self._spans.append(_Run(start, tick, viseme, openness * (tick - start)))

    def _join(self, span: _Run) -> Iterator[Row]:
        run = self._run
        if run is None or run.viseme is not span.viseme:
            if run is not None:
                yield run.row()
            self._run = span
            return
        run.end_tick = span.end_tick
        run.opening_ticks += span.opening_ticks
