"""The voice, held back by a fixed time between two clocks that do not run alike: arithmetic, no device.

One thread writes hops with their capture times, the audio callback takes blocks. Which sample is due is
decided by the time it was captured at, not by how full the ring is; so lost hops, a stalled line and a
stalled loudspeaker leave no lasting shift.
"""

from __future__ import annotations

import numpy as np
import soxr

from mandible.device.frames import HOP_SAMPLES, SAMPLE_RATE_HZ, Frame
from mandible.device.speaker.playback_ring import Block, PlaybackRing
from mandible.device.speaker.sample_clock import SampleClock
from mandible.device.speaker.stretching import glided, lengthened_by_one, shortened_by_one
from mandible.device.speaker.usual_latency import UsualLatency

# Off by more than this, hops are shortened or lengthened by one sample each until it is made good.
TOLERANCE_MS = 1.5
# Off by more than this, the voice leaps to where it should be.
LEAP_MS = 30.0
GLIDE_MS = 5
SPARE_MS = 1000
# A hop of the source, a block of the loudspeaker, and a little for threads that wait for each other.
LEAST_MS = 30.0
# A longer hole in the source is no hole any more: what follows starts afresh.
LONGEST_HOLE_HOPS = 50
# Whatever its quality, soxr gives its result in lumps; those of this one are at most 20 ms long, not 60.
QUALITY = "LQ"


class DelayedVoice:
    """Holds the voice back by ``delay_ms`` between its capture and the moment it is heard.

    A device that itself holds nearly as much, or more, gets the voice as soon as can be, for as long as it
    does so.

    Attributes:
        underruns: times at which the device asked for sound that had not come, and got silence.
        corrections: hops that were made one sample longer or shorter.
        leaps: times at which the voice was moved by more than that.
        overruns: hops that found the ring full, because the device took nothing.
    """

    def __init__(self, delay_ms: float, rate_hz: int = SAMPLE_RATE_HZ, channels: int = 1) -> None:
        self._asked_ns = self._delay_ns = delay_ms * 1e6
        self._latency = UsualLatency()
        self._rate_hz = rate_hz
        self._channels = channels
        self._ring = PlaybackRing(round((delay_ms + SPARE_MS) * rate_hz / 1000), channels)
        self._captured = SampleClock(SAMPLE_RATE_HZ)
        self._heard = SampleClock(rate_hz)
        self._next_index: int | None = None
        self._begin_stream(0)
        # Ring position and the capture time (ns) that belongs to it; replaced whole, for the other thread.
        self._head: tuple[int, float] | None = None
        self._given = 0
        self._playing = False
        self._correcting = False
        self._error_ms = 0.0
        self.underruns = self.corrections = self.leaps = self.overruns = 0

    @property
    def held_ms(self) -> float | None:
        """How long the voice is held back now; None while none is played."""
        return self._delay_ns / 1e6 + self._error_ms if self._playing else None

    def write(self, frame: Frame) -> None:
        """Take a hop in: ``index``, ``captured_ns`` and ``pcm``. Never waits."""
        lost = -1 if self._next_index is None else frame.index - self._next_index
        self._next_index = frame.index + 1
        if not 0 <= lost <= LONGEST_HOLE_HOPS:
            self._begin_stream(frame.index)
            lost = 0
        for _ in range(lost):
            self._append(np.zeros(HOP_SAMPLES, np.int16))
        self._captured.note(frame.captured_ns, (frame.index + 1) * HOP_SAMPLES)
        self._append(frame.pcm)

    def give(self, count: int, now_ns: int, heard_ns: int) -> Block:
        """Return (``count``, channels) int16 that the device asks for now and lets hear at ``heard_ns``."""
        block = np.zeros((count, self._channels), np.int16)
        self._heard.note(heard_ns, self._given)
        latency_ns = self._latency.note(heard_ns - now_ns)
        head = self._head
        if head is not None and self._heard.settled:
            self._delay_ns = max(self._asked_ns, latency_ns + LEAST_MS * 1e6)
            self._fill(block, *head)
        self._given += count
        return block

    def _begin_stream(self, index: int) -> None:
        self._first_position = index * HOP_SAMPLES
        self._produced = 0
        self._resampler = (
            None
            if self._rate_hz == SAMPLE_RATE_HZ
            else soxr.ResampleStream(SAMPLE_RATE_HZ, self._rate_hz, 1, dtype="int16", quality=QUALITY)
        )

    def _append(self, pcm: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> None:
        mono = pcm if self._resampler is None else self._resampler.resample_chunk(pcm)
        if len(mono) == 0:
            return
        self._produced += len(mono)
        block = np.repeat(mono[:, None], self._channels, axis=1) if self._channels > 1 else mono[:, None]
        block = self._corrected(block)
        self.overruns += self._ring.put(block) < len(block)
        position = self._first_position + self._produced * SAMPLE_RATE_HZ / self._rate_hz
        self._head = (self._ring.written, self._captured.time_ns(position))

    def _corrected(self, block: Block) -> Block:
        error_ms = self._error_ms if self._playing else 0.0
        # Once begun, go on to the middle: what was only just too much would be so again at once.
        self._correcting = abs(error_ms) > (TOLERANCE_MS / 10 if self._correcting else TOLERANCE_MS)
        if not self._correcting or len(block) < 2:
            return block
        self.corrections += 1
        return shortened_by_one(block) if error_ms > 0 else lengthened_by_one(block)

    def _fill(self, block: Block, written: int, head_ns: float) -> None:
        ring, per_ms = self._ring, self._rate_hz / 1000
        taken_ns = head_ns - (written - ring.taken) / self._rate_hz * 1e9
        error_ms = (self._heard.time_ns(self._given) - taken_ns - self._delay_ns) / 1e6
        silent = 0
        if not self._playing or abs(error_ms) > LEAP_MS:
            off = round(error_ms * per_ms)
            if off < 0:
                silent = min(len(block), -off)
            elif self._playing:
                self._leap(block, off)
                silent = min(len(block), round(GLIDE_MS * per_ms))
            else:
                ring.skip(off)
            self.leaps += self._playing
            error_ms = 0.0
        self._error_ms = error_ms
        if silent == len(block) and ring.waiting:
            return
        filled = silent + ring.take(block[silent:])
        # A ring that was empty already has been counted.
        self.underruns += filled < len(block) and self._playing
        self._playing = filled == len(block)

    def _leap(self, block: Block, skipped: int) -> None:
        """Glide from the present sound to what is ``skipped`` frames further on."""
        count = min(len(block), round(GLIDE_MS * self._rate_hz / 1000))
        old, new = np.zeros_like(block[:count]), np.zeros_like(block[:count])
        self._ring.peek(old, 0)
        self._ring.peek(new, skipped)
        block[:count] = glided(old, new)
        self._ring.skip(skipped + count)
