"""Blocks of a device that comes and goes, made into hops whose numbers and stamps go on as time does."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mandible.device.audio.capture_ring import Block
from mandible.device.audio.conform import Conformer
from mandible.device.frames import HOP_NS, HOP_SAMPLES, SAMPLE_RATE_HZ, Frame, Pcm

INT16_BYTES = 2
# A device that says nothing for so long is given up for the moment. Sound servers under load may pause for
# 100 ms.
PATIENCE_NS = 250_000_000
# After silence, what a server had held back arrives all at once, blocks closer together than this. Its time
# has been filled with silence already: what would make the numbers run ahead of time by more is dropped.
BURST_STEP_NS = 5_000_000
AHEAD_NS = 2 * HOP_NS
# A consumer that was away for longer than this (a stopped process, a sleeping computer) is not made to hear
# its silence hop by hop.
AWAY_HOPS = 100
# Stamps jitter by the 20 ms in which servers hand sound over: the mean of so many hops.
SLOT_SMOOTHING = 64


class Timeline:
    """Numbers hops and stamps them; fills the time without sound with silence.

    While sound arrives, a hop's stamp follows from the block that brought its last sample, and hops the ring
    lost make the number jump. After ``PATIENCE_NS`` without a block the caller asks for ``silence``: hops of
    zeros, 10 ms apart, beginning where the sound ended. When sound returns the numbers go on without a jump,
    unless nobody asked for more than a second.

    Args:
        start_ns: monotonic time at which listening begins.

    Attributes:
        heard: True once any sound arrived.
        dropped_hops: hops lost in the ring, overflows that the driver reported, hops that came too late, and
            those of time that the consumer was away for.
    """

    def __init__(self, start_ns: int) -> None:
        self.dropped_hops = 0
        self._next_index = 0
        # When the latest hop ended by the numbers, which the stamps' jitter does not move, and by its stamp.
        self._slot_ns = self._stamp_ns = self._previous_ns = self._arrived_ns = start_ns
        # How far the numbers run ahead of the stamps since the device came back.
        self._ahead_ns = self._compared = 0
        self.heard = self._filling = self._returning = False
        self._taken_samples = self._hops = self._next_sequence = self._overflows = 0
        self._opened(SAMPLE_RATE_HZ, 1)

    def open(self, rate_hz: int, channels: int) -> None:
        """A device was opened: its blocks are numbered from 0 again, and have this form."""
        self._opened(rate_hz, channels)
        # Whatever time has passed since the last sound of the one before is made up for with silence.
        self._filling = self._filling or self.heard

    @property
    def due_ns(self) -> int:
        """When ``silence`` is next to be asked for, if no block arrives before."""
        return (
            self._slot_ns + HOP_NS if self._filling else max(self._stamp_ns, self._arrived_ns) + PATIENCE_NS
        )

    def hear(self, block: Block, arrived_ns: int) -> Iterator[Frame]:
        """Yield the hops that this block completes.

        ``arrived_ns`` is when the consumer got it: one that was busy for a while reads old blocks first, and
        the device is not lost because of that.
        """
        self._arrived_ns = arrived_ns
        lost = block.sequence - self._next_sequence
        self._next_sequence = block.sequence + 1
        self._next_index += lost
        self._slot_ns += lost * HOP_NS
        self.dropped_hops += lost + block.overflows - self._overflows
        self._overflows = block.overflows
        self._taken_samples += len(block.raw) // (INT16_BYTES * self._channels)
        for pcm in self._conformer.push_int16(block.raw, self._channels):
            self._hops += 1
            # A block's stamp belongs to its last sample; this hop's last sample lies this much before it.
            behind_s = self._taken_samples / self._rate_hz - self._hops * HOP_SAMPLES / SAMPLE_RATE_HZ
            hop_ns = block.captured_ns - round(behind_s * 1e9)
            if self._filling:
                yield from self._silent_until(hop_ns - HOP_NS // 2)
                self._filling, self._returning = False, True
            elif self._returning and hop_ns - self._previous_ns >= BURST_STEP_NS:
                self._returning = self._slot_ns + HOP_NS - hop_ns > AHEAD_NS
                self._compared = 0
            self._previous_ns = hop_ns
            if self._returning and self._slot_ns + HOP_NS - hop_ns > AHEAD_NS:
                self.dropped_hops += 1
                continue
            self._slot_ns = self._slot_ns + HOP_NS if self.heard else hop_ns
            if not self._returning:
                self._compare(hop_ns)
            self.heard = True
            yield self._frame(hop_ns, pcm)

    def silence(self, now_ns: int) -> Iterator[Frame]:
        """Yield silent hops up to ``now_ns``, which has passed ``due_ns``: no sound arrived until now."""
        self._filling = True
        yield from self._silent_until(now_ns)

    def _compare(self, hop_ns: int) -> None:
        """Learn how far the numbers run ahead of the stamps, then follow the device's clock."""
        ahead_ns = self._slot_ns - hop_ns
        if self._compared < SLOT_SMOOTHING:
            self._compared += 1
            self._ahead_ns += (ahead_ns - self._ahead_ns) // self._compared
        else:
            self._slot_ns += (self._ahead_ns - ahead_ns) // SLOT_SMOOTHING

    def _silent_until(self, end_ns: int) -> Iterator[Frame]:
        away_hops = (end_ns - self._slot_ns) // HOP_NS
        if away_hops > AWAY_HOPS:
            self._next_index += away_hops
            self._slot_ns += away_hops * HOP_NS
            self.dropped_hops += away_hops
        while self._slot_ns + HOP_NS <= end_ns:
            self._slot_ns += HOP_NS
            yield self._frame(self._slot_ns, np.zeros(HOP_SAMPLES, np.int16))

    def _frame(self, captured_ns: int, pcm: Pcm) -> Frame:
        self._stamp_ns = max(captured_ns, self._stamp_ns)
        self._next_index += 1
        return Frame(self._next_index - 1, self._stamp_ns, pcm)

    def _opened(self, rate_hz: int, channels: int) -> None:
        self._rate_hz, self._channels = rate_hz, channels
        self._conformer = Conformer(rate_hz)
        self._taken_samples = self._hops = self._next_sequence = self._overflows = 0
