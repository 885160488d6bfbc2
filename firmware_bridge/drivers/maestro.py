"""Pololu Maestro servo controllers: Micro 6, and Mini 12, 18 and 24."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mandible.errors import DeviceError
from mandible.firmware_bridge.drivers.driver import HostLoss
from mandible.firmware_bridge.drivers.every import Every
from mandible.firmware_bridge.drivers.facts import named_bits
from mandible.firmware_bridge.drivers.maestro_packets import (
    FACTS,
    Language,
    harmless_questions,
    is_error_register,
)
from mandible.firmware_bridge.drivers.pulse import held
from mandible.firmware_bridge.drivers.recognition import MAESTRO, ask_maestro, no_answer
from mandible.firmware_bridge.drivers.wire import Wire, opening, shortest_period_us
from mandible.firmware_bridge.port_url import PortUrl
from mandible.firmware_bridge.protocol import MAX_CHANNELS

# Hobby servos; the Maestro gives its own pulses every 20 ms unless it is set otherwise.
_PERIOD_US = 20_000
# Often enough to keep a Maestro with a serial timeout of half a second content before the first pulse.
_POLL_S = 0.2
_LONGEST_HEARD = 64
_PROTOCOL_ERROR = 1 << FACTS["errors"]["serial protocol error"]
_ANSWER_S = 0.2
_WITH = ("without", "with")
_SETTINGS = "write crc=1 or crc=0 and device=N as Maestro Control Center shows them under Serial Settings"
_REMEDY = (
    "check power and cable, set the serial mode to USB Dual Port in Maestro Control Center and use the first"
    " of its two ports"
)


class Maestro:
    """One Maestro; channels 0 to 11 are outputs 0 to 11.

    Attributes:
        problem: what the Maestro's error register said when it was last asked; None: nothing.
    """

    host_loss: HostLoss = "ramp"
    # The Maestro knows a serial timeout but does not tell; without one it goes on giving the last pulses.
    computer_loss: HostLoss = "hold"

    def __init__(self, wire: Wire, language: Language, baud: int, several: bool) -> None:
        """Take a Maestro that has answered; ``several``: it knows the command for several targets."""
        self.name = f"{MAESTRO} on {wire.path}"
        self.outputs = MAX_CHANNELS if several else FACTS["channels"]["micro"]
        self.period_us = shortest_period_us(4 + 2 * MAX_CHANNELS, baud, _PERIOD_US)
        self.problem: str | None = None
        self._wire = wire
        self._language = language
        self._several = several
        # Channels that never had a pulse are left alone: they may be inputs, or somebody else's.
        self._used: set[int] = set()
        self._poll = Every(_POLL_S)
        self._heard = b""
        self._asked = False

    def give(self, pulses_us: Sequence[int]) -> None:
        """Pass on 12 widths in µs; 0 stops a channel's pulses. Raises OSError when the Maestro is gone."""
        self._hear()
        if not self._wire.ready():
            return
        self._used |= {output for output in range(self.outputs) if pulses_us[output]}
        packets = self._targets(pulses_us)
        if self._poll.due():
            packets += self._language.command("get_errors")
            if self._asked:
                self.problem = f"{self.name} does not answer"
            self._asked = True
            self._heard = b""
        if packets:
            self._wire.send(packets)

    def close(self) -> None:
        """Stop the pulses of every channel used, and give the port back."""
        self._wire.finish(self._targets([0] * MAX_CHANNELS))

    def _targets(self, pulses_us: Sequence[int]) -> bytes:
        return b"".join(
            self._language.targets(run[0], [held(pulses_us[output]) for output in run], self._several)
            for run in _runs(sorted(self._used))
        )

    def _hear(self) -> None:
        self._heard = (self._heard + self._wire.receive())[:_LONGEST_HEARD]
        if len(self._heard) < 2:
            return
        if self._asked and is_error_register(self._heard):
            errors = int.from_bytes(self._heard, "little")
            self.problem = f"{self.name} reports: {named_bits(errors, FACTS['errors'])}" if errors else None
            self._asked = False
        else:
            self.problem = f"{self.name} sends bytes nobody asked for"
        self._heard = b""


def open_driver(url: PortUrl) -> Maestro:
    """Open the Maestro at ``url`` and take its own speed limits away; DeviceError where there is none."""
    number = url.options.get("device")
    device = None if number is None else int(number)
    crc = bool(url.options.get("crc"))
    language = Language(device, crc)
    with opening(url) as wire:
        answered = ask_maestro(wire, harmless_questions(device))
        other = device is not None and answered is None
        if other and ask_maestro(wire, harmless_questions(None)) is not None:
            raise DeviceError(f"{url.path}: a Maestro with another number answers; {_SETTINGS}")
        if answered is None:
            raise no_answer(wire, url, MAESTRO, _REMEDY)
        if crc != bool(answered % 2):
            raise DeviceError(f"{url.path}: a Maestro answers {_WITH[not crc]} CRC; {_SETTINGS}")
        several = _knows_several(wire, language)
        outputs = MAX_CHANNELS if several else FACTS["channels"]["micro"]
        wire.send(b"".join(language.unhurried(channel) for channel in range(outputs)))
        return Maestro(wire, language, url.baud, several)


def _knows_several(wire: Wire, language: Language) -> bool:
    """Return whether this is a Mini Maestro: a Micro calls the command for several targets an error.

    Channel 0 is told to stop its pulses, as all channels are now.
    """
    register = wire.ask(
        language.targets(0, [0], several=True) + language.command("get_errors"),
        lambda heard: heard if len(heard) >= 2 else None,
        _ANSWER_S,
    )
    return register is None or not int.from_bytes(register[:2], "little") & _PROTOCOL_ERROR


def _runs(channels: Sequence[int]) -> Iterator[list[int]]:
    """Cut ascending ``channels`` into runs without gaps."""
    run: list[int] = []
    for channel in channels:
        if run and channel != run[-1] + 1:
            yield run
            run = []
        run.append(channel)
    if run:
        yield run
