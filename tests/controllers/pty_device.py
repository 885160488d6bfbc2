"""A simulated device on a pseudo-terminal: it can be unplugged, fall silent, stall and flood."""

from __future__ import annotations

import os
import select
import threading
import time
import tty
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from mandible.firmware_bridge.drivers.driver import Driver


class PtyDevice(ABC):
    """Answers on the terminal that the link ``path`` leads to, from a thread of its own.

    Attributes:
        mute: hears and obeys, but says nothing.
        stalled: reads nothing.
        flood: sent over and over, whether asked or not.
    """

    def __init__(self, folder: Path) -> None:
        """Plug the device in; its port is ``folder / "tty"``."""
        self.path = str(folder / "tty")
        self.mute = False
        self.stalled = False
        self.flood = b""
        self.heard = b""
        self.changed = threading.Condition()
        self.plug_in()

    @abstractmethod
    def answer(self, data: bytes) -> bytes:
        """Return what the device says to ``data``."""

    @abstractmethod
    def power_up(self) -> None:
        """Forget what the device forgets without power."""

    def greeting(self) -> bytes:
        """Return what the device says unasked when it is switched on."""
        return b""

    def plug_in(self) -> None:
        """Switch the device on, behind a new terminal."""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        link = Path(self.path)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(self._slave))
        self._ended, self._end = os.pipe()
        self.power_up()
        self._say(self.greeting())
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def pull(self) -> None:
        """Pull the plug."""
        os.close(self._end)
        self._thread.join()
        for descriptor in (self._master, self._slave, self._ended):
            os.close(descriptor)

    def say_unasked(self, data: bytes) -> None:
        """Send ``data`` to whoever listens."""
        self._say(data)

    def wait_for(self, holds: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait until ``holds`` does, which may change with everything the device hears."""
        with self.changed:
            assert self.changed.wait_for(holds, seconds), (
                f"not in {seconds} s; heard {self.heard[-60:].hex(' ')}"
            )

    def _serve(self) -> None:
        while True:
            readable = [self._ended] if self.stalled else [self._ended, self._master]
            wait_s = 0.001 if self.flood or self.stalled else 0.1
            ready = select.select(readable, [], [], wait_s)[0]
            if self._ended in ready:
                return
            if self.flood:
                self._say(self.flood)
            if self._master in ready:
                data = os.read(self._master, 4096)
                with self.changed:
                    self.heard += data
                    said = self.answer(data)
                    self.changed.notify_all()
                if not self.mute:
                    self._say(said)

    def _say(self, data: bytes) -> None:
        # A terminal that nobody reads fills up; like a wire, it loses the rest.
        with suppress(BlockingIOError):
            os.write(self._master, data)


def eventually(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    """Assert that ``holds`` does before long; for what a driver finds out while it is used."""
    end_s = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end_s, f"not in {seconds} s"
        select.select([], [], [], 0.002)


def giving(driver: Driver, holds: Callable[[], bool], pulse_us: int = 1500) -> None:
    """Assert that ``holds`` does before long, while ``driver`` is given pulses."""

    def given() -> bool:
        driver.give([pulse_us] * 12)
        return holds()

    eventually(given)
