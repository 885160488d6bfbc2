"""When a board's clock read zero, by this computer's clock: what aligns a board's log with a sound."""

from __future__ import annotations

import select
import time

from mandible.errors import DeviceError
from mandible.firmware_bridge.port_url import parse_port_url
from mandible.firmware_bridge.ports import open_port
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.session import Phase, Session

TIMEOUT_US = 5_000_000
POLL_S = 0.01


def board_zero_ns(url: str, rig: Rig) -> int:
    """Greet the board, ping it, and return the monotonic time (ns) at which its clock began.

    Only for a board that has run for less than 71 minutes, after which its clock of 32 bits starts over.

    Raises:
        DeviceError: the board does not answer, or has other limits stored than the rig's.
    """
    port = open_port(parse_port_url(url))
    try:
        start_us = now_us()
        session = Session(rig, start_us)
        while session.phase is not Phase.READY:
            if session.problem is not None or now_us() - start_us > TIMEOUT_US:
                raise DeviceError(f"{url}: {session.problem or 'the board does not answer'}")
            session.poll(now_us())
            port.write(session.transmit())
            if select.select([port.fileno()], [], [], POLL_S)[0]:
                session.receive(port.read(), now_us())
        read_us = now_us()
        return 1000 * (read_us - session.clock.board_us(read_us, read_us))
    finally:
        port.close()


def now_us() -> int:
    """Return the monotonic clock in µs, the clock frames are stamped with."""
    return time.monotonic_ns() // 1000
