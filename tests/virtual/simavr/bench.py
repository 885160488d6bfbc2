"""The simulated Uno as a ``tests.motion.bench.Bench``: in lockstep, by the board's own clock."""

from __future__ import annotations

from types import TracebackType

from mandible.firmware_bridge.protocol import Decoder, encode
from tests.motion.bench import Pulse
from tests.virtual.simavr.uno import SimulatedUno

_STARTED_US = 5000
_ANSWERED_US = 20_000
# More than the clock's beginning may be off by: no start may seem to lie in the period before its own.
_LATE_US = 400


class ChipBench:
    """The real image on a simulated ATmega328P, its memory written before; use as a context manager."""

    def __init__(self, eeprom: bytes) -> None:
        """Switch it on and ask when its clock began."""
        self._uno = SimulatedUno(eeprom)
        self._zero_us = self._clock_zero_us()

    def __enter__(self) -> ChipBench:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Switch it off."""
        self._uno.close()

    def _clock_zero_us(self) -> float:
        """Return when the clock read 0, on the simulator's: a ping's last byte makes the board read it."""
        ping = encode("ping", 0, token=1)
        self._uno.advance(_STARTED_US)
        asked_us = self._uno.now_us + 1
        self._uno.send(ping, asked_us)
        self._uno.advance(_ANSWERED_US)
        answer = bytes(byte for _, byte in self._uno.received())
        (pong,) = Decoder().feed(answer)
        return asked_us + len(ping) * self._uno.byte_us - pong.number("clock_us")

    def send(self, data: bytes, at_us: float) -> None:
        """Put bytes on the line to the board, the first bit at ``at_us``."""
        self._uno.send(data, max(self._uno.now_us, self._zero_us + at_us))

    def advance(self, to_us: float) -> None:
        """Run until then."""
        self._uno.advance(self._zero_us + to_us)
        self._uno.received()

    def pulses(self) -> list[Pulse]:
        """Return the pulses that have ended since the last call; starts up to half a ms late."""
        return [
            Pulse(channel, start_us - self._zero_us + _LATE_US, width_us)
            for channel, start_us, width_us in self._uno.pulses()
        ]
