"""Feetech bus servos of the STS (SMS) and SCS families."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from mandible.errors import DeviceError
from mandible.firmware_bridge.drivers import feetech_packets
from mandible.firmware_bridge.drivers.bus_servos import BusServos, bus_period_us, checked_ids, checked_span
from mandible.firmware_bridge.drivers.facts import named_bits
from mandible.firmware_bridge.drivers.feetech_packets import FACTS, Status
from mandible.firmware_bridge.drivers.recognition import FEETECH, no_answer, rule_out_others
from mandible.firmware_bridge.drivers.wire import Wire, opening
from mandible.firmware_bridge.port_url import PortUrl

_TORQUE = FACTS["address"]["torque_enable"]
_GOAL = FACTS["address"]["goal_position"]
_ANSWER_S = 0.05
_TRIES = 2
_LONGEST_HEARD = 512
_REMEDY = "check the servos' power (not the USB plug's), the adapter, the ids and the baud"


class Feetech(BusServos):
    """Feetech servos on one bus."""

    def __init__(self, wire: Wire, url: PortUrl) -> None:
        """Take the servos of ``url``, which have answered."""
        family = FACTS["family"][url.options["family"]]
        span = checked_span(url, family["low"], family["high"], family["steps"] - 1)
        super().__init__(wire, FEETECH.removeprefix("a ").removesuffix(" servo"), checked_ids(url), span)
        self._heard = b""
        self._order: Literal["little", "big"] = family["byte_order"]
        self._period_us = bus_period_us(8 + 3 * self.outputs, 8 + 7, url.baud)

    @property
    def period_us(self) -> int:
        """How often it takes pulses."""
        return self._period_us

    def _torque(self, servo_ids: Sequence[int], on: bool) -> bool:
        values = [(servo_id, bytes((on,))) for servo_id in servo_ids]
        return self._wire.send(feetech_packets.sync_write(_TORQUE, values))

    def _goals(self, goals: dict[int, int]) -> None:
        values = [(servo_id, goal.to_bytes(2, self._order)) for servo_id, goal in goals.items()]
        self._wire.send(feetech_packets.sync_write(_GOAL, values))

    def _ask(self, servo_id: int) -> None:
        self._wire.discard()
        self._heard = b""
        self._wire.send(feetech_packets.read(servo_id, _TORQUE, 1))

    def _answer(self, servo_id: int) -> str | None:
        self._heard = (self._heard + self._wire.receive())[-_LONGEST_HEARD:]
        status = _status(self._heard, servo_id)
        if status is None:
            return None
        if status.errors:
            return named_bits(status.errors, FACTS["errors"])
        let_go = servo_id in self._moving and status.data == b"\x00"
        return "its torque is off: it was switched off, or has protected itself" if let_go else ""


def open_driver(url: PortUrl) -> Feetech:
    """Open the servos at ``url``; DeviceError names those that do not answer."""
    ids = checked_ids(url)
    with opening(url) as wire:
        rule_out_others(wire, url, FEETECH)
        silent = [servo_id for servo_id in ids if not _is_there(wire, servo_id)]
        if len(silent) == len(ids):
            raise no_answer(wire, url, FEETECH, _REMEDY)
        if silent:
            names = ", ".join(map(str, silent))
            raise DeviceError(
                f"{url.path}: servo {names} does not answer; check its id, its cable and its power"
            )
        return Feetech(wire, url)


def _is_there(wire: Wire, servo_id: int) -> bool:
    question = feetech_packets.read(servo_id, _TORQUE, 1)
    return any(wire.ask(question, lambda heard: _status(heard, servo_id), _ANSWER_S) for _ in range(_TRIES))


def _status(heard: bytes, servo_id: int) -> Status | None:
    """Return a servo's answer to a question for one byte; the question itself, echoed, has no such length."""
    found = (
        one for one in feetech_packets.statuses(heard) if one.servo_id == servo_id and len(one.data) == 1
    )
    return next(found, None)
