"""Boards with StandardFirmata: an Arduino that gives servo pulses for a host.

The few bytes are written here. The library pyfirmata2 is no help: it reads without a time limit, spins for
five seconds when it opens a port, turns every servo it configures to 0 degrees, and reaches no pin above 15.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Sequence

from mandible.errors import InputError
from mandible.firmware_bridge.drivers.driver import HostLoss
from mandible.firmware_bridge.drivers.every import Every
from mandible.firmware_bridge.drivers.facts import facts
from mandible.firmware_bridge.drivers.pulse import held
from mandible.firmware_bridge.drivers.recognition import (
    FIRMATA,
    no_answer,
    rule_out_others,
    understands_firmata,
)
from mandible.firmware_bridge.drivers.wire import Wire, opening
from mandible.firmware_bridge.port_url import PortUrl
from mandible.firmware_bridge.protocol import MAX_CHANNELS

_FACTS = facts("firmata")
_BYTE = _FACTS["byte"]
_SYSEX = _FACTS["sysex"]
_PULSE = _FACTS["pulse"]
_PERIOD_US = 20_000
_ALL_S = 0.5
_POLL_S = 1.0
# Opening the port restarts an Arduino; its boot loader and Firmata's own greeting take this long at most.
_START_S = 6.0
_ASK_AGAIN_S = 0.5
_LONGEST_HEARD = 256
_REMEDY = "upload StandardFirmata (Arduino IDE: Examples, Firmata) and check that baud is the sketch's"


def _two(value: int) -> tuple[int, int]:
    return value & 0x7F, value >> 7 & 0x7F


def _sysex(command: str, data: Sequence[int] = ()) -> bytes:
    return bytes((_BYTE["start_sysex"], _SYSEX[command], *data, _BYTE["end_sysex"]))


def write(pin: int, pulse_us: int) -> bytes:
    """Return what gives ``pin``, a servo already, another width (544..2500 µs)."""
    if pin < _FACTS["pins"]["short_message"]:
        return bytes((_BYTE["analog_message"] | pin, *_two(pulse_us)))
    return _sysex("extended_analog", (pin, *_two(pulse_us)))


def attach(pin: int, pulse_us: int) -> bytes:
    """Return what makes ``pin`` a servo and gives it a width at once."""
    limits = (*_two(_PULSE["least_us"]), *_two(_PULSE["most_us"]))
    return _sysex("servo_config", (pin, *limits)) + write(pin, pulse_us)


def detach(pin: int) -> bytes:
    """Return what stops the pulses on ``pin`` and holds it low."""
    return bytes((_BYTE["set_pin_mode"], pin, _FACTS["pin_mode"]["output"]))


class Firmata:
    """One board with Firmata.

    Attributes:
        problem: what is wrong with the board; None: nothing known.
    """

    period_us = _PERIOD_US
    host_loss: HostLoss = "ramp"
    # It has no watchdog: the last pulses go on as long as it has power.
    computer_loss: HostLoss = "hold"

    def __init__(self, wire: Wire, pins: Sequence[int]) -> None:
        """Take a board that has reported its firmware; ``pins`` are outputs 0, 1 and so on."""
        self.name = f"{FIRMATA} on {wire.path}"
        self.outputs = len(pins)
        self.problem: str | None = None
        self._wire = wire
        self._pins = tuple(pins)
        self._sent_us = [0] * len(pins)
        self._all = Every(_ALL_S)
        self._poll = Every(_POLL_S)
        self._heard = b""
        self._asked = False

    def give(self, pulses_us: Sequence[int]) -> None:
        """Pass on 12 widths in µs; 0 stops a pin's pulses. Raises OSError when the board is gone."""
        self._hear()
        if not self._wire.ready():
            return
        everything = self._all.due()
        wanted_us = [held(pulse_us, _PULSE["least_us"]) for pulse_us in pulses_us[: self.outputs]]
        messages = b"".join(
            _message(pin, sent_us, pulse_us, everything)
            for pin, sent_us, pulse_us in zip(self._pins, self._sent_us, wanted_us, strict=True)
        )
        if self._poll.due():
            messages += bytes((_BYTE["report_version"],))
            if self._asked:
                self.problem = f"{self.name} does not answer"
            self._asked = True
        if messages and self._wire.send(messages):
            self._sent_us = wanted_us

    def close(self) -> None:
        """Stop all pulses and give the port back."""
        pulsing = zip(self._pins, self._sent_us, strict=True)
        self._wire.finish(b"".join(detach(pin) for pin, pulse_us in pulsing if pulse_us))

    def _hear(self) -> None:
        self._heard = (self._heard + self._wire.receive())[-_LONGEST_HEARD:]
        if understands_firmata(self._heard):
            # It says so unasked only when it starts, and then no pin is a servo any more.
            raise OSError(errno.ENODEV, "it has restarted")
        _, version, rest = self._heard.partition(bytes((_BYTE["report_version"],)))
        if version:
            # A restart begins with a version too: what follows it must not be forgotten.
            self._heard = rest
            self._asked = False
            self.problem = None


def open_driver(url: PortUrl) -> Firmata:
    """Open the board at ``url``, which may take six seconds to start; DeviceError where there is none."""
    pins = url.numbers("pins")
    if not 1 <= len(pins) <= MAX_CHANNELS:
        raise InputError(f"{url.text}: pins takes 1 to {MAX_CHANNELS} pins")
    with opening(url) as wire:
        rule_out_others(wire, url, FIRMATA)
        end_s = time.monotonic() + _START_S
        while wire.ask(_sysex("report_firmware"), understands_firmata, _ASK_AGAIN_S) is None:
            if time.monotonic() > end_s:
                raise no_answer(wire, url, FIRMATA, _REMEDY)
        # An earlier answer may still be on its way; one that comes later means a restart.
        wire.listen(lambda heard: None, _ASK_AGAIN_S)
        return Firmata(wire, pins)


def _message(pin: int, sent_us: int, pulse_us: int, everything: bool) -> bytes:
    if pulse_us == 0:
        return detach(pin) if sent_us else b""
    if sent_us == 0:
        return attach(pin, pulse_us)
    return write(pin, pulse_us) if everything or pulse_us != sent_us else b""
