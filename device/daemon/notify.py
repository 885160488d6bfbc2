"""What a service manager wants to hear (the sd_notify protocol): ready, reloading, stopping, still alive.

Protocol: https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, MutableMapping

from mandible.wording import one_line

_LONGEST_STATUS = 200
_US_PER_S = 1_000_000
_NS_PER_US = 1000


class Notifier:
    """Sends datagrams to the manager's socket; without one, every method does nothing.

    Nothing here waits or raises: a manager that does not listen must not stop the puppet.

    Attributes:
        active: a manager listens.
        watchdog_s: how long the manager waits between two signs of life, None where it does not.
    """

    def __init__(
        self,
        address: str | None = None,
        watchdog_s: float | None = None,
        describe: Callable[[], str] | None = None,
    ) -> None:
        """Take a socket's path, or ``@name`` of an abstract one; ``describe`` words ``STATUS=`` now and then.

        ``describe`` is called by whoever calls ``beat``: the line's own thread.
        """
        self._address = _socket_address(address)
        self.active = self._address is not None
        self.watchdog_s = watchdog_s if self.active else None
        self.describe = describe
        # Made here, so that any thread may send.
        self._socket: socket.socket | None = None
        if self.active:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)
        self._told = ""
        # Half of the time, as the protocol advises: one lost datagram does no harm yet.
        self._pause_ns = int((5.0 if watchdog_s is None else watchdog_s / 2) * 1e9)
        self._due_ns = time.monotonic_ns()

    @classmethod
    def from_environment(cls, environment: MutableMapping[str, str] | None = None) -> Notifier:
        """Read what the manager said, and take it out of the environment: it is not meant for children."""
        found = os.environ if environment is None else environment
        address = found.pop("NOTIFY_SOCKET", None)
        watchdog_us, pid = found.pop("WATCHDOG_USEC", ""), found.pop("WATCHDOG_PID", "")
        watched = watchdog_us.isdecimal() and 0 < int(watchdog_us) < 1 << 62 and pid in ("", str(os.getpid()))
        return cls(address, int(watchdog_us) / _US_PER_S if watched else None)

    def ready(self, status: str = "") -> None:
        """Say that the line runs, first and after every reload."""
        self._tell("READY=1", status)

    def reloading(self) -> None:
        """Say that the rig is being read again; ``ready`` must follow, whatever comes of it."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // _NS_PER_US}")

    def stopping(self, status: str = "") -> None:
        """Say that the mouth is being parked."""
        self._tell("STOPPING=1", status)

    def beat(self) -> None:
        """Give a sign of life, if one is due. Call it after every hop, in the line's own thread.

        It costs a look at the clock; a line that hangs stops beating and is started anew.
        """
        if not self.active:
            return
        now_ns = time.monotonic_ns()
        if now_ns < self._due_ns:
            return
        self._due_ns = now_ns + self._pause_ns
        text = "" if self.describe is None else self.describe()
        self._tell("" if self.watchdog_s is None else "WATCHDOG=1", "" if text == self._told else text)
        self._told = text

    def _tell(self, *parts: str) -> None:
        lines = []
        for part in parts:
            state = part.startswith(("READY=", "RELOADING=", "STOPPING=", "WATCHDOG=", "MONOTONIC_USEC="))
            if part:
                lines.append(part if state else f"STATUS={one_line(part)[:_LONGEST_STATUS]}")
        if self._address is None or self._socket is None or not lines:
            return
        try:
            self._socket.sendto("\n".join(lines).encode(errors="replace"), self._address)
        except OSError:
            return  # full, or gone: the next sign of life may pass


def _socket_address(address: str | None) -> str | None:
    """Return what ``sendto`` takes: the path, or the abstract name with its leading zero byte."""
    if not address or len(address) < 2 or address[0] not in "/@":
        return None
    return "\0" + address[1:] if address[0] == "@" else address
