"""Dynamixel servos with protocol 2.0 (X series, MX with protocol 2.0), through the maker's SDK."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from mandible.errors import DeviceError
from mandible.firmware_bridge.drivers.bus_servos import BusServos, bus_period_us, checked_ids, checked_span
from mandible.firmware_bridge.drivers.facts import facts, named_bits
from mandible.firmware_bridge.drivers.recognition import DYNAMIXEL, no_answer, rule_out_others
from mandible.firmware_bridge.drivers.sdk_port import SdkPort
from mandible.firmware_bridge.drivers.wire import Wire, opening
from mandible.firmware_bridge.port_url import PortUrl

if TYPE_CHECKING:
    from dynamixel_sdk import Protocol2PacketHandler

FACTS = facts("dynamixel")
_WATCHDOG = FACTS["bus_watchdog"]
_WATCHDOG_VALUE: int = _WATCHDOG["stop_after_ms"] // _WATCHDOG["unit_ms"]
_MODE = FACTS["operating_mode"]
_TORQUE: int = FACTS["torque_enable"]["address"]
_GOAL: int = FACTS["goal_position"]["address"]
_GOAL_BYTES: int = FACTS["goal_position"]["bytes"]
_STEPS = 4096
_TRIES = 2
# Bit 7 of a status packet's error byte: the hardware error register holds something.
_ALERT = 0x80
# A packet to all servos without what it says; a servo's answer without what it was asked for.
_OVERHEAD_BYTES = 14
_STATUS_BYTES = 11
_REMEDY = "check the servos' power (not the USB plug's), the adapter, the ids and the baud; protocol 2.0 only"


class Dynamixel(BusServos):
    """Dynamixel servos on one bus."""

    def __init__(self, wire: Wire, port: SdkPort, packets: Protocol2PacketHandler, url: PortUrl) -> None:
        """Take the servos of ``url``, which have answered, and arm their bus watchdogs."""
        span = checked_span(url, FACTS["low"], FACTS["high"], _STEPS - 1)
        super().__init__(wire, DYNAMIXEL.removeprefix("a ").removesuffix(" servo"), checked_ids(url), span)
        self._port = port
        self._packets = packets
        self._period_us = bus_period_us(
            _OVERHEAD_BYTES + (1 + _GOAL_BYTES) * self.outputs, 2 * _OVERHEAD_BYTES, url.baud
        )
        # Servos whose alert bit is set are asked what it means, the others whether their watchdog is armed.
        self._alerted: set[int] = set()
        self._asked_error = False
        # Torque off first: a servo that holds on would jump when the watchdog is reset.
        self._torque(self._ids, False)
        for value in (0, _WATCHDOG_VALUE):
            self._write_all(_WATCHDOG["address"], dict.fromkeys(self._ids, bytes((value,))))
        self._unwatched = frozenset(
            servo_id
            for servo_id in self._ids
            if _read(packets, port, servo_id, _WATCHDOG["address"]) != _WATCHDOG_VALUE
        )

    @property
    def period_us(self) -> int:
        """How often it takes pulses."""
        return self._period_us

    def _torque(self, servo_ids: Sequence[int], on: bool) -> bool:
        return self._write_all(_TORQUE, dict.fromkeys(servo_ids, bytes((on,))))

    def _goals(self, goals: dict[int, int]) -> None:
        values = {servo_id: goal.to_bytes(_GOAL_BYTES, "little") for servo_id, goal in goals.items()}
        self._write_all(_GOAL, values)

    def _write_all(self, address: int, values: dict[int, bytes]) -> bool:
        """Write to several servos with one packet, which none of them answers; say whether it was taken."""
        parameters = [byte for servo_id, value in values.items() for byte in (servo_id, *value)]
        length = len(parameters) // len(values) - 1
        result: int = self._packets.syncWriteTxOnly(self._port, address, length, parameters, len(parameters))
        return result == 0

    def _ask(self, servo_id: int) -> None:
        self._asked_error = servo_id in self._alerted
        part = "hardware_error" if self._asked_error else "bus_watchdog"
        self._port.forget()
        self._packets.readTx(self._port, servo_id, FACTS[part]["address"], 1)
        self._port.expect(_STATUS_BYTES + 1)

    def _answer(self, servo_id: int) -> str | None:
        if not self._port.complete():
            return None
        try:
            data, result, error = self._packets.readRx(self._port, servo_id, 1)
        except IndexError:  # the SDK, with a packet that says it is shorter than a packet can be
            return None
        if result != 0 or len(data) != 1:
            return None
        if self._asked_error:
            if not data[0]:
                self._alerted.discard(servo_id)
            return named_bits(data[0], FACTS["errors"])
        if error & _ALERT:
            self._alerted.add(servo_id)
            return "hardware error"
        if servo_id in self._unwatched:
            return "it has no bus watchdog (update its firmware), and goes on when this computer stops"
        if data[0] == _WATCHDOG_VALUE:
            return ""
        tripped = data[0] == _WATCHDOG["tripped"]
        why = "was stopped by its bus watchdog" if tripped else "has restarted"
        raise OSError(errno.ENODEV, f"servo {servo_id} {why}")


def open_driver(url: PortUrl) -> Dynamixel:
    """Open the servos at ``url``; DeviceError names those that do not answer or are in another mode."""
    ids = checked_ids(url)
    packets = _packet_handler()
    with opening(url) as wire:
        rule_out_others(wire, url, DYNAMIXEL)
        port = SdkPort(wire, url.baud)
        modes = {servo_id: _read(packets, port, servo_id, _MODE["address"]) for servo_id in ids}
        silent = [str(servo_id) for servo_id, mode in modes.items() if mode is None]
        if len(silent) == len(ids):
            raise no_answer(wire, url, DYNAMIXEL, _REMEDY)
        if silent:
            names = ", ".join(silent)
            raise DeviceError(
                f"{url.path}: servo {names} does not answer; check its id, its cable and its power"
            )
        for servo_id, mode in modes.items():
            # Extended position control keeps no position limits, and may have turns to unwind.
            if mode != _MODE["position"]:
                raise DeviceError(
                    f"{url.path}: servo {servo_id} is in operating mode {mode}; set it to {_MODE['position']}"
                    " (position control) in DYNAMIXEL Wizard"
                )
        return Dynamixel(wire, port, packets, url)


def _read(packets: Protocol2PacketHandler, port: SdkPort, servo_id: int, address: int) -> int | None:
    """Return one byte of a servo's control table; None where it does not answer."""
    for _ in range(_TRIES):
        port.is_using = False
        with suppress(IndexError):  # as above
            value, result, _ = packets.read1ByteTxRx(port, servo_id, address)
            if result == 0:
                return int(value)
    return None


def _packet_handler() -> Protocol2PacketHandler:
    try:
        from dynamixel_sdk import Protocol2PacketHandler
    except ImportError as error:
        raise DeviceError("Dynamixel servos need the maker's SDK: pip install dynamixel-sdk") from error
    return Protocol2PacketHandler()
