"""Pulses as DMX levels: what sACN and Art-Net have in common."""

from __future__ import annotations

from collections.abc import Sequence

from mandible.errors import DeviceError
from mandible.firmware_bridge.port_url import PortUrl

SLOTS = 512


class DmxLevels:
    """Maps ``low_us``..``high_us`` to all levels of one slot (8 bits) or two (16 bits, coarse before fine).

    Attributes:
        outputs: how many servos there are from the first address on, 1 to 12.
        slots: the 512 levels of the universe. A universe is sent as a whole, so a servo that is not attached
            yet gets a level as well: the one of ``rest_us``, since 0 is the end of its travel.
        live: whether any servo has had a pulse: before that nothing is known to send.
    """

    def __init__(self, url: PortUrl) -> None:
        """Read the DMX options of ``url``; DeviceError where they cannot be met."""
        self._width = 2 if url.number("bits") == 16 else 1
        self._first = url.number("first") - 1
        self._low_us, self._high_us = url.number("low_us"), url.number("high_us")
        self._zero = url.options["off"] == "zero"
        self.outputs = min(url.number("servos"), (SLOTS - self._first) // self._width)
        self.slots = bytearray(SLOTS)
        self.live = False
        self._taken = [0] * self.outputs
        if self.outputs == 0:
            raise DeviceError(f"{url.text}: a servo of 16 bits has two addresses; first is at most 511")
        if not self._zero:
            for output in range(self.outputs):
                self._put(output, url.number("rest_us"))

    def take(self, pulses_us: Sequence[int]) -> None:
        """Put the pulses into ``slots``; DMX has none of 0, which leaves a level or makes it 0 (off=zero)."""
        for output, pulse_us in enumerate(pulses_us[: self.outputs]):
            if pulse_us != self._taken[output] and (pulse_us or self._zero):
                self._taken[output] = pulse_us
                self._put(output, pulse_us)
                self.live = True

    def _put(self, output: int, pulse_us: int) -> None:
        start = self._first + output * self._width
        self.slots[start : start + self._width] = self._level(pulse_us)

    def _level(self, pulse_us: int) -> bytes:
        most = (1 << 8 * self._width) - 1
        span_us = self._high_us - self._low_us
        above_us = min(max(pulse_us - self._low_us, 0), span_us)
        return ((above_us * most + span_us // 2) // span_us).to_bytes(self._width, "big")
