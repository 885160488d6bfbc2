"""Servos on a bus: one that must not hold does not, also when a packet was lost or found no room."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from mandible.firmware_bridge.drivers import bus_servos
from mandible.firmware_bridge.drivers.bus_servos import BusServos
from mandible.firmware_bridge.drivers.registry import open_driver
from mandible.firmware_bridge.port_url import parse_port_url
from tests.controllers import dynamixel_device, feetech_device
from tests.controllers.families import FAMILIES
from tests.controllers.pty_device import giving


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("name", "address"), [("dynamixel", dynamixel_device.TORQUE), ("feetech", feetech_device.TORQUE)]
)
def test_one_that_missed_the_word_to_let_go_hears_it_again(
    name: str, address: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus_servos, "_LET_GO_S", 0.05)
    device = FAMILIES[name].device(tmp_path)
    assert isinstance(device, dynamixel_device.SimulatedDynamixels | feetech_device.SimulatedFeetechs)
    tables = device.tables
    driver = open_driver(parse_port_url(FAMILIES[name].url.format(device.path)))
    giving(driver, lambda: tables[1][address] == 1)
    giving(driver, lambda: tables[1][address] == 0, pulse_us=0)
    tables[1][address] = 1
    giving(driver, lambda: tables[1][address] == 0, pulse_us=0)
    driver.close()
    device.pull()


class _Crowded(BusServos):
    """Servos on a line that takes no word about torque for as long as it is ``full``."""

    period_us = 20_000

    def __init__(self) -> None:
        line = SimpleNamespace(path="/dev/bus", ready=lambda: True)
        super().__init__(line, "crowded", (1, 2), (0, 1000))  # type: ignore[arg-type]
        self.full = False
        self.held: dict[int, bool] = {}

    def _torque(self, servo_ids: Sequence[int], on: bool) -> bool:
        if not self.full:
            self.held.update(dict.fromkeys(servo_ids, on))
        return not self.full

    def _goals(self, goals: dict[int, int]) -> None:
        return

    def _ask(self, servo_id: int) -> None:
        return

    def _answer(self, servo_id: int) -> str | None:
        return ""


def test_what_the_line_did_not_take_is_sent_when_it_does() -> None:
    servos = _Crowded()
    for full, pulses_us, held in (
        (False, (1500, 0), {1: True}),
        (True, (0, 1500), {1: True}),
        (False, (0, 1500), {1: False, 2: True}),
    ):
        servos.full = full
        servos.give(pulses_us)
        assert servos.held == held
