"""Sound that comes in lumps, or not at all, handed out as one hop every 10 ms, with silence in between."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator

import numpy as np

from mandible.device.frames import HOP_NS, HOP_SAMPLES, Frame, Pcm

# A hop that is late by no more than this shifts those after it; a later one finds silence in its place.
PATIENCE_NS = 60_000_000
# How long hops have to lie in the queue before the queue counts as crowded.
WATCH_HOPS = 200
# What may lie there; more is late for nothing, and is worked off by handing hops out half a percent faster.
SPARE_HOPS = 2
HURRY_NS = HOP_NS // 200
# This much never leaves the queue that way in any useful time: the oldest of it is dropped.
LATE_HOPS = 30
# A consumer that was away for longer (a stopped process) goes on with the present.
AWAY_NS = 200_000_000
# How often the wait for a late hop looks again. Waits are sleeps, for the reason that `StopFlag` gives.
LOOK_S = 0.001


class Playout:
    """A bounded queue of hops between one network or pipe thread and the line.

    Args:
        capacity_hops: as many may wait.
        whole: True for speech that is sent faster than it is spoken and must all be heard: who puts into a
            full queue waits. False for sound that is live: the oldest is dropped and counted, and the queue
            is kept short, since the sender's clock may be faster than ours.

    Attributes:
        dropped_hops: hops that nobody will hear, and hops of time that the consumer slept through.
    """

    def __init__(self, capacity_hops: int, whole: bool = False) -> None:
        self._hops: deque[tuple[int, Pcm]] = deque()
        self._capacity = capacity_hops
        self._whole = whole
        self._sequence = 0
        self._taken = 0
        self._closed = False
        self._changed = threading.Condition()
        self.dropped_hops = 0

    def put(self, pcm: Pcm) -> bool:
        """Append (160,) int16; False once the queue is closed."""
        with self._changed:
            if self._whole:
                self._changed.wait_for(lambda: self._closed or len(self._hops) < self._capacity)
            if self._closed:
                return False
            if len(self._hops) >= self._capacity:
                self._drop(1)
            self._hops.append((self._sequence, pcm))
            self._sequence += 1
            self._changed.notify_all()
            return True

    def wait_empty(self) -> None:
        """Return when everything put so far was handed out, or the queue was closed."""
        with self._changed:
            last = self._sequence
            self._changed.wait_for(lambda: self._closed or self._taken >= last)

    def close(self) -> None:
        """Wake everyone for good."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def frames(self) -> Iterator[Frame]:
        """Yield a frame for every 10 ms of our clock until the queue is closed.

        ``captured_ns`` is when the frame was due. A jump of ``index`` means hops lost or slept through.
        """
        due_ns = time.monotonic_ns() + HOP_NS
        index, expected, silent, watched, fewest = 0, 0, True, 0, self._capacity
        while self._wait_until(due_ns):
            away_hops = (time.monotonic_ns() - due_ns - AWAY_NS) // HOP_NS
            if away_hops > 0:
                index, due_ns = index + away_hops, due_ns + away_hops * HOP_NS
                with self._changed:
                    self.dropped_hops += away_hops
            hop = self._take(due_ns, silent)
            if self._closed:
                return
            if hop is None:
                silent, watched, fewest = True, 0, self._capacity
                yield Frame(index, due_ns, np.zeros(HOP_SAMPLES, np.int16))
            else:
                sequence, pcm, arrived_ns, waiting = hop
                if not silent:
                    due_ns = max(due_ns, arrived_ns)
                index, expected, silent = index + sequence - expected, sequence + 1, False
                watched, fewest = watched + 1, min(fewest, waiting)
                yield Frame(index, due_ns, pcm)
            index += 1
            due_ns += HOP_NS
            if not self._whole and fewest > SPARE_HOPS and watched >= WATCH_HOPS:
                due_ns -= HURRY_NS
                if fewest > LATE_HOPS:
                    self._forget(fewest - SPARE_HOPS)
            if watched >= 2 * WATCH_HOPS:
                watched, fewest = 0, self._capacity

    def _wait_until(self, due_ns: int) -> bool:
        while not self._closed and (left_ns := due_ns - time.monotonic_ns()) > 0:
            time.sleep(min(left_ns, HOP_NS) / 1e9)
        return not self._closed

    def _take(self, due_ns: int, silent: bool) -> tuple[int, Pcm, int, int] | None:
        """Return sequence, samples, the time it was there at, and how many still wait; None for silence."""
        arrived_ns = due_ns
        if not self._hops and not silent:
            arrived_ns = time.monotonic_ns()
            while not self._closed and not self._hops and arrived_ns < due_ns + PATIENCE_NS:
                time.sleep(LOOK_S)
                arrived_ns = time.monotonic_ns()
        with self._changed:
            if not self._hops:
                return None
            sequence, pcm = self._hops.popleft()
            self._taken = sequence + 1
            self._changed.notify_all()
            return sequence, pcm, arrived_ns, len(self._hops)

    def _forget(self, hops: int) -> None:
        with self._changed:
            self._drop(min(hops, len(self._hops)))

    def _drop(self, hops: int) -> None:
        for _ in range(hops):
            self._taken = self._hops.popleft()[0] + 1
        self.dropped_hops += hops
