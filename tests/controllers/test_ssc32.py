"""SSC-32: bytes of the SSC-32U User Guide, and a round trip with its simulated board."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mandible.firmware_bridge.drivers import ssc32
from mandible.firmware_bridge.drivers.recognition import understands_ssc32
from mandible.firmware_bridge.drivers.registry import open_driver
from mandible.firmware_bridge.port_url import parse_port_url
from tests.controllers.pty_device import giving
from tests.controllers.ssc32_device import VERSION, SimulatedSsc32

pytestmark = [pytest.mark.usefixtures("alone")]

REST = [0] * 12


@pytest.fixture
def device(tmp_path: Path) -> Iterator[SimulatedSsc32]:
    """Yield an SSC-32U."""
    simulated = SimulatedSsc32(tmp_path)
    yield simulated
    simulated.pull()


def opened(device: SimulatedSsc32) -> ssc32.Ssc32:
    driver = open_driver(parse_port_url(f"ssc32://{device.path}?baud=115200"))
    assert isinstance(driver, ssc32.Ssc32)
    return driver


def test_a_group_move_is_that_of_the_guide() -> None:
    # "Multiple servo command", example 1 is `#5 P1600 #10 P750 T2500 <cr>`; spaces are ignored, and the time
    # is left out here, because every set-point is to be reached at once.
    assert ssc32.group_move([(5, 1600), (10, 750)]) == b"#5P1600#10P750\r"


def test_the_simulated_board_understands_the_guide_s_commands(device: SimulatedSsc32) -> None:
    assert device.answer(b"#5 P1600 #10 P750 T2500 \r") == b""
    assert (device.pulses_us[5], device.pulses_us[10]) == (1600, 750)
    assert device.answer(b"Q \r") == b"."  # "Query Movement Status"
    assert device.answer(b"#5P900\x1bver\r") == f"{VERSION}\r".encode()  # "Cancel Output"; not case sensitive
    assert device.pulses_us[5] == 1600


@pytest.mark.parametrize("version", [b"SSC32-V2.50USB\r", b"SSC32-V1.06XE\r", b"junkSSC32-1.03XE\r"])
def test_versions_of_real_boards_are_recognised(version: bytes) -> None:
    assert understands_ssc32(version)
    assert not understands_ssc32(b"VER\r")


def test_pulses_arrive_and_0_stops_a_channel(device: SimulatedSsc32) -> None:
    driver = opened(device)
    driver.give([1500, 600, *REST[2:]])
    device.wait_for(lambda: (device.pulses_us[0], device.pulses_us[1]) == (1500, 600))
    assert device.lines[-1] == "#0P1500#1P600"
    driver.give([1500, 65535, *REST[2:]])
    device.wait_for(lambda: device.pulses_us[1] == 2500)
    driver.give([0, 2500, *REST[2:]])
    device.wait_for(lambda: device.lines[-1] == "#0P0")
    driver.close()
    device.wait_for(lambda: device.pulses_us[1] == 0)
    assert (driver.host_loss, driver.computer_loss) == ("ramp", "hold")
    assert not any(device.pulses_us.values())


def test_only_what_changed_is_sent_and_all_of_it_now_and_then(
    device: SimulatedSsc32, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssc32, "_ALL_S", 0.05)
    driver = opened(device)
    for pulse_us in range(1500, 1600):
        driver.give([pulse_us, 1400, *REST[2:]])
    device.wait_for(lambda: device.pulses_us[0] == 1599)
    assert sum("#1P1400" in line for line in device.lines) < 50
    device.pulses_us[1] = 0
    giving(driver, lambda: device.pulses_us[1] == 1400, 1400)
    driver.close()


def test_one_that_falls_silent_is_named_and_heard_again(
    device: SimulatedSsc32, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssc32, "_POLL_S", 0.01)
    driver = opened(device)
    device.mute = True
    giving(driver, lambda: "does not answer" in (driver.problem or ""))
    device.mute = False
    giving(driver, lambda: driver.problem is None, 1600)
    driver.close()


def test_a_half_line_of_an_earlier_program_is_not_carried_out(device: SimulatedSsc32) -> None:
    device.answer(b"#3P2400")
    opened(device).close()
    assert device.pulses_us[3] == 0
