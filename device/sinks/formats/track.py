"""What a track sink is, and the part that every row-based format shares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType

from mandible.device.frames import Frame, Weights
from mandible.device.sinks.atomic_file import Output
from mandible.device.sinks.formats.timeline import STAMPS, Row, RowBuilder, Timeline
from mandible.models.visemes import Viseme

__all__ = ["STAMPS", "RowTrack", "TrackSettings", "TrackSink"]


@dataclass(frozen=True, slots=True)
class TrackSettings:
    """What a track is told once.

    Attributes:
        stamp: ``aligned`` or ``emission``.
        delay_ms: known delay of the line: 17.5 + lookahead + decoder.
        header: model, engine, lookahead, source, conditioning ... for formats with room for them.
    """

    stamp: str
    delay_ms: float
    header: Mapping[str, object]


class TrackSink(ABC):
    """Takes decoded frames in order; nothing appears at its path before ``close``.

    Leaving it as a context manager without ``close`` gives up, as ``abort`` does.
    """

    def __init__(self, output: Output, settings: TrackSettings) -> None:
        self.output = output
        self.settings = settings
        self.timeline = Timeline(settings.stamp, settings.delay_ms)

    @abstractmethod
    def write(self, frame: Frame) -> None:
        """Take one frame with ``viseme``, ``openness`` and ``weights`` filled in."""

    @abstractmethod
    def finish(self, end_tick: int) -> None:
        """Write what is still held back; the track ends at ``end_tick``."""

    def close(self, duration_s: float) -> None:
        """End the track where the sound ended (plus the known delay if stamped at emission)."""
        try:
            self.finish(self.timeline.end_tick(duration_s))
        except BaseException:
            self.abort()
            raise
        self.output.commit()

    def abort(self) -> None:
        """Give up: what was there before stays, and nothing else does."""
        self.output.abort()

    def __enter__(self) -> TrackSink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()


class RowTrack(TrackSink):
    """A format made of one entry per run of equal visemes."""

    def __init__(self, output: Output, settings: TrackSettings) -> None:
        super().__init__(output, settings)
        self._rows = RowBuilder()

    @abstractmethod
    def row(self, row: Row) -> None:
        """Take the next row."""

    def write(self, frame: Frame) -> None:
        """Join the frame to the rows."""
        viseme, openness, _ = decoded(frame)
        for row in self._rows.put(self.timeline.start_tick(frame.index), viseme, openness):
            self.row(row)

    def finish(self, end_tick: int) -> None:
        """Close the last rows."""
        for row in self._rows.finish(end_tick):
            self.row(row)


def decoded(frame: Frame) -> tuple[Viseme, int, Weights]:
    """What the decoder put into a frame.

    Raises:
        ValueError: the frame has not been through the decoder.
    """
    if frame.viseme is None or frame.openness is None or frame.weights is None:
        raise ValueError(f"frame {frame.index} reached a track without viseme, openness and weights")
    return frame.viseme, frame.openness, frame.weights
