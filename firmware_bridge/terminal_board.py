"""The firmware's portable core behind a pseudo-terminal, its periods kept on the monotonic clock."""

from __future__ import annotations

import contextlib
import os
import select
import stat
import struct
import time
import tty
from collections.abc import Callable, Sequence

from mandible.errors import DeviceError
from mandible.firmware_bridge import _board

# Start of the period in µs of the board's clock, and 12 pulses in µs, 0 for none.
Outlet = Callable[[int, Sequence[int]], None]

_PULSES = struct.Struct("<12H")
_CHUNK_BYTES = 4096


class TerminalBoard:
    """One board on one pseudo-terminal.

    Attributes:
        path: the terminal to talk to.
    """

    def __init__(
        self, core: _board.Board, outlet: Outlet, keep: Callable[[bytes], None], catch_up_us: int
    ) -> None:
        """Open the terminal and switch the board on; DeviceError where there are no terminals.

        ``outlet`` gets every period's pulses, ``keep`` the permanent memory after every word from the host. A
        board that comes late runs the periods of the last ``catch_up_us``; older ones are gone, as they would
        be on a halted board.
        """
        # The board holds the client's side open as well: it stays raw, and closing it is no event here.
        try:
            self._master, self._slave = os.openpty()
        except OSError as error:
            raise DeviceError(f"no pseudo-terminal to be had ({error.strerror}); mount /dev/pts") from error
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self._core = core
        self._outlet = outlet
        self._keep = keep
        self._catch_up_us = catch_up_us
        self._start_ns = time.monotonic_ns()
        self._period_us = 0
        self._stop = False
        self._parking = False
        self._pulsing = False

    def stop(self) -> None:
        """Make ``run`` return; safe to call from a signal handler."""
        self._stop = True

    def park(self) -> None:
        """Hear no host any more: ``run`` returns once the core's watchdog has parked and detached all.

        Safe to call from a signal handler.
        """
        self._parking = True
        self._pulsing = True  # until the next period says otherwise: a channel may have just attached

    @property
    def parking(self) -> bool:
        """Whether ``park`` was called, or the owner has gone."""
        return self._parking

    def run(self, owner: int | None) -> None:
        """Serve until stopped, or until ``owner`` (a descriptor) has closed and no channel has pulses."""
        watched = [self._master] if owner is None else [self._master, owner]
        while not (self._stop or (self._parking and not self._pulsing)):
            wait_us = max(0, self._period_us - self._now_us())
            readable = select.select(watched, [], [], wait_us / 1e6)[0]
            self._give_pulses()
            if self._master in readable:
                self._answer()
            if owner in readable and os.read(owner, _CHUNK_BYTES) == b"":
                self.park()
                watched.remove(owner)

    def close(self) -> None:
        """Give the terminal back."""
        os.close(self._master)
        os.close(self._slave)

    def _now_us(self) -> int:
        return (time.monotonic_ns() - self._start_ns) // 1000

    def _give_pulses(self) -> None:
        """Run every period that has begun and is not gone, each at its own time."""
        now_us = self._now_us()
        length_us = self._core.period_us
        if now_us - self._period_us > max(self._catch_up_us, length_us):
            self._period_us = now_us - now_us % length_us
        while self._period_us <= now_us:
            self._core.poll(self._period_us)
            pulses_us = _PULSES.unpack(self._core.pulses(self._period_us))
            self._pulsing = any(pulses_us)
            self._outlet(self._period_us, pulses_us)
            self._period_us = next_period_us(self._period_us, self._core.period_us)

    def _answer(self) -> None:
        data = os.read(self._master, _CHUNK_BYTES)
        if self._parking:
            return
        self._core.receive(data, self._now_us())
        self._keep(self._core.eeprom())
        # A terminal that nobody reads fills up; like a wire, it then loses the rest.
        with contextlib.suppress(BlockingIOError):
            os.write(self._master, self._core.transmit())


def next_period_us(start_us: int, period_us: int) -> int:
    """Return when the period after the one at ``start_us`` begins: periods begin at their multiples."""
    return start_us - start_us % period_us + period_us


def owner() -> int | None:
    """Return standard input if it is a pipe: whoever holds its other end owns this board."""
    try:
        return 0 if stat.S_ISFIFO(os.fstat(0).st_mode) else None
    except OSError:
        return None
