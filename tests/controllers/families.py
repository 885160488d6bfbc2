"""Every family's simulated device, a port URL for it, and what its servos were told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mandible.firmware_bridge import _board
from mandible.firmware_bridge.host_clock import now_us
from tests.controllers.dynamixel_device import SimulatedDynamixels
from tests.controllers.feetech_device import SimulatedFeetechs
from tests.controllers.firmata_device import SimulatedFirmata
from tests.controllers.maestro_device import SimulatedMaestro
from tests.controllers.pty_device import PtyDevice
from tests.controllers.ssc32_device import SimulatedSsc32


class FirmwareBoard(PtyDevice):
    """Our own firmware's core."""

    def power_up(self) -> None:
        self.board = _board.Board()

    def answer(self, data: bytes) -> bytes:
        self.board.receive(data, now_us())
        return self.board.transmit()


class Echo(PtyDevice):
    """A looped cable."""

    def power_up(self) -> None:
        return

    def answer(self, data: bytes) -> bytes:
        return data


@dataclass(frozen=True)
class Family:
    """``told`` returns what output 0's servo was told last, in µs, position or quarter µs; 0: nothing."""

    name: str
    device: Callable[[Path], PtyDevice]
    url: str
    told: Callable[[PtyDevice], int]


def _told_maestro(device: PtyDevice) -> int:
    assert isinstance(device, SimulatedMaestro)
    return device.targets[0]


def _told_ssc32(device: PtyDevice) -> int:
    assert isinstance(device, SimulatedSsc32)
    return device.pulses_us[0]


def _told_firmata(device: PtyDevice) -> int:
    assert isinstance(device, SimulatedFirmata)
    return device.pulses_us.get(2, 0)


def _told_bus(device: PtyDevice) -> int:
    assert isinstance(device, SimulatedDynamixels | SimulatedFeetechs)
    return device.goal(1)


FAMILIES = {
    "maestro": Family("a Pololu Maestro", SimulatedMaestro, "maestro://{}", _told_maestro),
    "ssc32": Family("an SSC-32", SimulatedSsc32, "ssc32://{}?baud=115200", _told_ssc32),
    "firmata": Family("a board with Firmata", SimulatedFirmata, "firmata://{}?pins=2,3", _told_firmata),
    "dynamixel": Family(
        "a Dynamixel servo", SimulatedDynamixels, "dynamixel://{}?baud=57600&ids=1,2", _told_bus
    ),
    "feetech": Family("a Feetech servo", SimulatedFeetechs, "feetech://{}?baud=1000000&ids=1,2", _told_bus),
}
