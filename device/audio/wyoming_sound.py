"""Wyoming's audio events to the line's hops, whatever rate, width and channels they come in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mandible.device.audio.conform import Conformer
from mandible.device.audio.riff import MAX_RATE_HZ, MIN_RATE_HZ
from mandible.device.audio.samples import SampleFormat, to_mono
from mandible.device.audio.wyoming_events import Event, whole_number
from mandible.device.frames import Pcm

# Bytes a sample -> how it is stored, as the wyoming package's own converter reads them.
FORMATS = {1: SampleFormat.UINT8, 2: SampleFormat.INT16, 3: SampleFormat.INT24, 4: SampleFormat.INT32}
MOST_CHANNELS = 32
# A chunk is worked on in pieces of this length, so that no chunk takes much memory, whatever its rate.
PIECES_PER_S = 4


@dataclass(frozen=True, slots=True)
class ChunkFormat:
    """What an audio event says of its samples."""

    rate_hz: int
    width_bytes: int
    channels: int

    @classmethod
    def of(cls, event: Event) -> ChunkFormat:
        """Read and check ``rate``, ``width`` and ``channels``; ProtocolError where one is wrong."""
        said = event.data
        return cls(
            whole_number(said.get("rate"), "rate", MIN_RATE_HZ, MAX_RATE_HZ),
            whole_number(said.get("width"), "width", 1, max(FORMATS)),
            whole_number(said.get("channels"), "channels", 1, MOST_CHANNELS),
        )


class SoundEvents:
    """Turns ``audio-start``, ``audio-chunk`` and ``audio-stop`` into hops; other events give none.

    A format may change from chunk to chunk: the sound before the change is completed first.
    """

    def __init__(self) -> None:
        self._format: ChunkFormat | None = None
        self._conformer: Conformer | None = None

    def hops(self, event: Event) -> Iterator[Pcm]:
        """Yield the hops that are complete with this event.

        Raises:
            ProtocolError: a format that no sound has.
        """
        if event.type in ("audio-start", "audio-stop"):
            yield from self.flush()
        elif event.type == "audio-chunk":
            form = ChunkFormat.of(event)
            if form != self._format or self._conformer is None:
                yield from self.flush()
                self._format, self._conformer = form, Conformer(form.rate_hz)
            frame_bytes = form.width_bytes * form.channels
            piece_bytes = max(1, form.rate_hz // PIECES_PER_S) * frame_bytes
            # Part of a frame at the end means nothing to anybody.
            whole_bytes = len(event.payload) // frame_bytes * frame_bytes
            for start in range(0, whole_bytes, piece_bytes):
                raw = event.payload[start : min(start + piece_bytes, whole_bytes)]
                yield from self._conformer.push(to_mono(raw, FORMATS[form.width_bytes], form.channels))

    def flush(self) -> Iterator[Pcm]:
        """Yield what is left of the sound so far; the last hop is filled up with zeros."""
        if self._conformer is not None:
            yield from self._conformer.flush()
        self._format = self._conformer = None
