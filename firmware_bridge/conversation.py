"""Letting a session and a port talk until something has come of it, in the caller's own thread."""

from __future__ import annotations

import select
import time
from collections.abc import Callable

from mandible.firmware_bridge.host_clock import now_us
from mandible.firmware_bridge.ports import Port
from mandible.firmware_bridge.session import Session

_POLL_S = 0.01


def converse(port: Port, session: Session, until: Callable[[], bool], timeout_s: float) -> bool:
    """Carry bytes both ways until ``until`` holds; return False where it did not within ``timeout_s``.

    Raises OSError when the port is gone.
    """
    give_up_s = time.monotonic() + timeout_s
    out = b""
    while not until():
        if time.monotonic() > give_up_s:
            return False
        session.poll(now_us())
        out += session.transmit()
        # A port may take a part; the rest goes first next time.
        out = out[port.write(out) :] if out else out
        select.select([port.fileno()], [], [], _POLL_S)
        session.receive(port.read(), now_us())
    return True
