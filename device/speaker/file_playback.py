"""Plays a recording, and says when each moment of it is heard."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mandible.device.speaker.file_sound import FileSound
from mandible.device.speaker.output import Give, Output, OutputFormat
from mandible.device.speaker.playback_ring import Block, PlaybackRing
from mandible.device.speaker.sample_clock import SampleClock

AHEAD_MS = 1000
# What lies with the loudspeaker does not make a recording late.
BLOCK_MS = 50
# Silence before the sound, in which the loudspeaker's pace is learnt.
WARM_UP_MS = 500.0
# A device that has asked for nothing for this long stands still, and the mouth with it.
STALL_NS = 300_000_000


@dataclass(slots=True)
class _Stream:
    """The way to one opening of the loudspeaker; ``waiting`` was read and has not fitted in yet."""

    ring: PlaybackRing
    blocks: Iterator[Block]
    waiting: Block
    complete: bool = False


class FilePlayback:
    """A recording on its way to a loudspeaker, at its own rate and channels where the device takes them.

    ``top_up`` must be called at least twice a second by one thread. A device that is lost stops the sound; it
    goes on where it stopped.

    Args:
        path: a WAV file.
        name: the loudspeaker's, or None for the default one.
        lead_in_ms: so much silence comes first.
        gain_db: louder or softer; what is too loud saturates.

    Attributes:
        underruns: times at which the sound stood still because nobody topped it up.
        output: the loudspeaker.

    Raises:
        InputError: the file is wrong.
        DeviceError: PyAudio or the loudspeaker is missing.
    """

    def __init__(self, path: Path, name: str | None, lead_in_ms: float = 0.0, gain_db: float = 0.0) -> None:
        self.sound = FileSound(path, gain_db)
        self._lead_in_s = (WARM_UP_MS + lead_in_ms) / 1000
        self.underruns = 0
        self._played_s = 0.0
        # When (ns) which second since the start of the lead-in is heard.
        self._mark: tuple[float, float] | None = None
        self._stream: _Stream | None = None
        form = self.sound.format
        self.output = Output(name, form.rate_hz, form.channels, self._prepare, block_ms=BLOCK_MS)

    @property
    def duration_s(self) -> float:
        """Length of the recording."""
        return self.sound.format.duration_s

    def heard_at_ns(self, sound_s: float) -> float | None:
        """Return the monotonic time at which a moment of the recording is heard; None while all stands still.

        It may change a little as the loudspeaker's pace is learnt, and much if the sound is held up.
        """
        mark = self._mark
        if mark is None or time.monotonic_ns() - mark[0] > STALL_NS:
            return None
        return mark[0] + (self._lead_in_s + sound_s - mark[1]) * 1e9

    def top_up(self) -> None:
        """Read on in the file until enough of it waits; never waits itself for the loudspeaker."""
        stream = self._stream
        while stream is not None and not stream.complete:
            if len(stream.waiting) == 0:
                following = next(stream.blocks, None)
                if following is None:
                    stream.complete = True
                    return
                stream.waiting = following
            taken = stream.ring.put(stream.waiting)
            stream.waiting = stream.waiting[taken:]
            if len(stream.waiting):
                return

    def close(self) -> None:
        """Fall silent and release the loudspeaker."""
        self.output.close()

    def __enter__(self) -> FilePlayback:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _prepare(self, form: OutputFormat) -> Give:
        """Begin, or go on after the device was lost: a ring, a clock and the file from where it stopped."""
        rate_hz, from_s = form.rate_hz, self._played_s
        ring = PlaybackRing(AHEAD_MS * rate_hz // 1000, form.channels)
        stream = _Stream(ring, self._blocks(form, from_s), np.zeros((0, form.channels), np.int16))
        clock = SampleClock(rate_hz)
        given, playing = 0, False
        self._mark, self._stream = None, stream

        def give(count: int, _now_ns: int, heard_ns: int) -> Block:
            nonlocal given, playing
            block = np.zeros((count, form.channels), np.int16)
            clock.note(heard_ns, given)
            filled = ring.take(block)
            given += count
            self.underruns += filled < count and playing and not stream.complete
            playing = filled == count
            # Silence in place of missing sound holds the recording up; that after its end does not.
            self._played_s += (count if stream.complete and ring.waiting == 0 else filled) / rate_hz
            if clock.settled:
                self._mark = (clock.time_ns(given), self._played_s)
            return block

        return give

    def _blocks(self, form: OutputFormat, from_s: float) -> Iterator[Block]:
        """Yield the rest of the lead-in, then the rest of the recording."""
        silent = max(0, round((self._lead_in_s - from_s) * form.rate_hz))
        yield np.zeros((silent, form.channels), np.int16)
        yield from self.sound.blocks(form.rate_hz, form.channels, max(0.0, from_s - self._lead_in_s))
