"""A port for the Dynamixel SDK that never waits without end.

The SDK's own port handler reads the wall clock, and its packet handler goes on for as long as a noisy line
keeps sending it something. Behind this one the bytes run out when the time is up, and so does its patience.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from mandible.firmware_bridge.drivers.wire import Wire

# A servo's return delay is half a millisecond, a USB adapter keeps bytes back for up to 16 ms.
_PATIENCE_S = 0.04
_BITS_A_BYTE = 10
_LONGEST_HEARD = 512


class SdkPort:
    """What ``dynamixel_sdk`` calls a port handler; the names are the SDK's."""

    def __init__(self, wire: Wire, baud: int) -> None:
        """Talk through ``wire``."""
        self.is_using = False
        self._wire = wire
        self._baud = baud
        self._heard = bytearray()
        self._end_s = 0.0
        self._expected = 0

    def expect(self, length: int) -> None:
        """Keep what arrives from now on, an answer of ``length`` bytes, while other packets are sent."""
        self._expected = length
        self._end_s = 0.0
        self.is_using = False

    def complete(self) -> bool:
        """Return whether the expected answer can be read, without waiting."""
        self._gather()
        return len(self._heard) >= self._expected

    def forget(self) -> None:
        """Expect nothing, and throw away what has arrived."""
        self._expected = 0
        self.clearPort()

    def clearPort(self) -> None:  # noqa: N802 - the SDK's name
        """Throw away what has arrived, unless it is expected."""
        if self._expected:
            self._gather()
        else:
            self._wire.discard()
            self._heard.clear()

    def writePort(self, packet: Sequence[int]) -> int:  # noqa: N802
        """Send a packet whole, or not at all; return how many bytes."""
        return len(packet) if self._wire.send(bytes(packet)) else 0

    def readPort(self, length: int) -> bytes:  # noqa: N802
        """Return up to ``length`` bytes, waiting for some while there is time."""
        length = max(length, 0)  # the SDK asks for less than nothing once a packet turns out shorter
        left_s = self._end_s - time.monotonic()
        if left_s > 0 and len(self._heard) < length:
            self._heard += self._wire.listen(lambda heard: heard, left_s) or b""
        read = bytes(self._heard[:length])
        del self._heard[:length]
        return read

    def setPacketTimeout(self, packet_length: int) -> None:  # noqa: N802
        """Give an answer of ``packet_length`` bytes its time, from now on."""
        self._end_s = time.monotonic() + _PATIENCE_S + packet_length * _BITS_A_BYTE / self._baud

    def isPacketTimeout(self) -> bool:  # noqa: N802
        """Return whether that time is up."""
        return time.monotonic() >= self._end_s

    def _gather(self) -> None:
        self._heard = (self._heard + self._wire.receive())[-_LONGEST_HEARD:]
