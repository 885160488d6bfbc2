"""When a board's clock read zero, by this computer's clock: what aligns a board's log with a sound."""

from __future__ import annotations

from mandible.errors import DeviceError
from mandible.firmware_bridge.clock import CLOCK_US
from mandible.firmware_bridge.conversation import converse
from mandible.firmware_bridge.host_clock import now_us
from mandible.firmware_bridge.phase import Phase
from mandible.firmware_bridge.port_url import parse_port_url
from mandible.firmware_bridge.ports import open_port
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.session import Session

TIMEOUT_S = 5.0


def board_zero_ns(url: str, rig: Rig, started_ns: int) -> int:
    """Greet the board, ping it, and return the monotonic time (ns) at which its clock began.

    The clock starts over every 65.5 s, so the board alone cannot say how often it has: ``started_ns`` is
    about when it was switched on, right to half a minute.

    Raises:
        DeviceError: the board does not answer, or has other limits stored than the rig's.
    """
    port = open_port(parse_port_url(url))
    try:
        session = Session(rig, now_us())

        def settled() -> bool:
            return session.phase is Phase.READY or session.problem is not None

        if not converse(port, session, settled, TIMEOUT_S) or session.problem is not None:
            raise DeviceError(f"{url}: {session.problem or 'the board does not answer'}")
        read_us = now_us()
        latest_us = read_us - session.clock.board_us(read_us)
        turns = round((latest_us - started_ns / 1000) / CLOCK_US)
        return 1000 * (latest_us - turns * CLOCK_US)
    except OSError as error:
        raise DeviceError(f"{url}: the port went away ({error})") from error
    finally:
        port.close()
