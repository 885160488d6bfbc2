"""A serial line to somebody else's controller: nothing on it waits longer than it was told to.

What is sent goes out whole or not at all, so that a device that stalls never gets half a command followed by
another; what arrives is bounded, whoever floods us.
"""

from __future__ import annotations

import array
import errno
import fcntl
import select
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from mandible.errors import DeviceError
from mandible.firmware_bridge.port_url import PortUrl
from mandible.firmware_bridge.ports import SerialPort

Found = TypeVar("Found")

# A device that has not taken a frame by then will not take the next one either.
_STUCK_NS = 1_000_000_000
# No answer anyone waits for is longer; what came before these bytes is no part of it.
_LONGEST_ANSWER = 1024
_MOST_DISCARDED = 64
# In the kernel or the adapter's own buffer; a fraction of any frame.
_MOST_WAITING = 16
_BITS_A_BYTE = 10
_SETTLE_S = 0.2
_SETTLE_STEP_S = 0.002
_PERIODS_US = (5_000, 10_000, 20_000)


class Wire:
    """One tty, held exclusively by this process."""

    def __init__(self, path: str, baud: int) -> None:
        """Open ``path``; DeviceError, with the remedy, where that fails."""
        self.path = path
        self._port = SerialPort(path, baud)
        self._unsent = b""
        self._busy_since_ns: int | None = None

    def ready(self) -> bool:
        """Return whether what was sent earlier has left: new pulses must not queue up behind old ones.

        Raises OSError when the device is gone or has taken nothing for a second.
        """
        if self._unsent:
            self._push(self._unsent)
        if not self._unsent and self._waiting_in_kernel() <= _MOST_WAITING:
            self._busy_since_ns = None
            return True
        now_ns = time.monotonic_ns()
        if self._busy_since_ns is None:
            self._busy_since_ns = now_ns
        elif now_ns - self._busy_since_ns > _STUCK_NS:
            raise OSError(errno.ETIMEDOUT, "the device takes no more bytes")
        return False

    def send(self, data: bytes) -> bool:
        """Send ``data``, or leave it out and say False where earlier bytes found no room; never waits.

        Raises OSError when the device is gone.
        """
        if self._unsent:
            self._push(self._unsent)
        if self._unsent:
            return False
        self._push(data)
        return True

    def receive(self) -> bytes:
        """Return what has arrived, maybe nothing. Raises OSError when the device is gone."""
        return self._port.read()

    def discard(self) -> bool:
        """Throw away what has arrived so far; say whether there was anything."""
        for round_index in range(_MOST_DISCARDED):
            if not self.receive():
                return round_index > 0
        return True

    def listen(self, understood: Callable[[bytes], Found | None], wait_s: float) -> Found | None:
        """Return what ``understood`` makes of the bytes that arrive, or None after ``wait_s``.

        It is shown everything since the call, at most the last kilobyte, each time more has come.
        """
        heard = b""
        end_s = time.monotonic() + wait_s
        while (left_s := end_s - time.monotonic()) > 0:
            if not select.select([self._port.fileno()], [], [], left_s)[0]:
                return None
            heard = (heard + self.receive())[-_LONGEST_ANSWER:]
            found = understood(heard)
            if found is not None:
                return found
        return None

    def ask(
        self, question: bytes, understood: Callable[[bytes], Found | None], wait_s: float
    ) -> Found | None:
        """Send ``question`` and ``listen``; what had arrived before is no answer."""
        self.discard()
        return self.listen(understood, wait_s) if self.send(question) else None

    def finish(self, data: bytes) -> None:
        """Send the last bytes and give the tty back; waits for less than half a second, raises nothing."""
        with suppress(OSError, termios.error):
            self.settle()
            if data:
                self.send(data)
            if not self.settle():
                # Closing a tty waits for what is still to be sent, for as long as the kernel likes.
                termios.tcflush(self._port.fileno(), termios.TCOFLUSH)
        self.close()

    def close(self) -> None:
        """Give the tty back; raises nothing."""
        self._port.close()

    def settle(self) -> bool:
        """Wait for at most a fifth of a second until what was sent has left; say whether it has.

        Raises OSError when the device is gone.
        """
        end_s = time.monotonic() + _SETTLE_S
        while not (ready := self.ready()) and time.monotonic() < end_s:
            select.select([], [], [], _SETTLE_STEP_S)
        return ready

    def _push(self, data: bytes) -> None:
        self._unsent = data[self._port.write(data) :]

    def _waiting_in_kernel(self) -> int:
        """Return how many bytes the driver still has to send: on a slow line they pile up there unseen."""
        waiting = array.array("i", [0])
        try:
            fcntl.ioctl(self._port.fileno(), termios.TIOCOUTQ, waiting)
        except OSError:  # a kind of tty that cannot say
            return 0
        return waiting[0]


@contextmanager
def opening(url: PortUrl) -> Iterator[Wire]:
    """Open a port for as long as it takes to open the driver behind it: it stays open unless that fails.

    A device that goes away meanwhile is a DeviceError.
    """
    wire = Wire(url.path, url.baud)
    try:
        yield wire
    except OSError as error:
        wire.close()
        raise DeviceError(f"{url.path}: the device went away while it was asked; plug it in again") from error
    except BaseException:
        wire.close()
        raise


def shortest_period_us(frame_bytes: int, baud: int, least_us: int) -> int:
    """Return 5, 10 or 20 ms: the shortest, not under ``least_us``, that leaves a fifth of the line free.

    20 ms where not even that is long enough: frames are then left out, never torn or queued.
    """
    needed_us = max(least_us, frame_bytes * _BITS_A_BYTE * 1_000_000 * 5 // (baud * 4))
    return next((period_us for period_us in _PERIODS_US if period_us >= needed_us), _PERIODS_US[-1])
