"""Firmata: bytes of its protocol and of pyfirmata2, and a round trip with a simulated Arduino."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyfirmata2
import pytest
from pyfirmata2 import pyfirmata2 as library

from mandible.errors import InputError
from mandible.firmware_bridge.drivers import firmata
from mandible.firmware_bridge.drivers.registry import open_driver
from mandible.firmware_bridge.port_url import parse_port_url
from tests.controllers.firmata_device import SERVO, SimulatedFirmata
from tests.controllers.pty_device import eventually, giving

pytestmark = [pytest.mark.usefixtures("alone")]

REST = [0] * 12


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedFirmata]:
    """Yield an Arduino; drivers ask it in short turns."""
    monkeypatch.setattr(firmata, "_ASK_AGAIN_S", 0.05)
    simulated = SimulatedFirmata(tmp_path)
    yield simulated
    simulated.pull()


def opened(device: SimulatedFirmata, pins: str = "2,3,17") -> firmata.Firmata:
    driver = open_driver(parse_port_url(f"firmata://{device.path}?pins={pins}"))
    assert isinstance(driver, firmata.Firmata)
    return driver


def test_messages_are_those_of_the_protocol() -> None:
    # servos.md, "Servo config": 544 = 0x20 + 4 * 128, 2500 = 0x44 + 19 * 128; protocol.md, "Analog 14-bit
    # data format": 1500 = 0x5C + 11 * 128; "Extended Analog"; "Set pin mode".
    assert firmata.attach(9, 1500) == bytes.fromhex("F0 70 09 20 04 44 13 F7 E9 5C 0B")
    assert firmata.write(9, 1500) == bytes.fromhex("E9 5C 0B")
    assert firmata.write(17, 1500) == bytes.fromhex("F0 6F 11 5C 0B F7")
    assert firmata.detach(9) == bytes.fromhex("F4 09 01")


def test_the_simulated_arduino_serves_pyfirmata2(
    device: SimulatedFirmata, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The library waits five seconds for an Arduino to start; this one has started.
    monkeypatch.setattr(library, "BOARD_SETUP_WAIT_TIME", 0.05)
    board = pyfirmata2.Board(device.path, baudrate=57_600, timeout=1)
    device.say_unasked(device.greeting())
    eventually(lambda: board.iterate() or board.firmware == "StandardFirmata.ino")
    board.servo_config(9, 544, 2400, 90)
    device.wait_for(lambda: device.pulses_us.get(9) == 544 + 928)
    assert device.heard.endswith(firmata.attach(9, 0)[:5] + bytes.fromhex("60 12 F7 E9 5A 00"))
    board.digital[9].write(1500)
    device.wait_for(lambda: device.pulses_us[9] == 1500)
    assert device.heard.endswith(firmata.write(9, 1500))
    board.exit()


def test_pulses_arrive_on_the_pins_and_0_detaches(device: SimulatedFirmata) -> None:
    driver = opened(device)
    assert (driver.outputs, driver.period_us) == (3, 20_000)
    driver.give([1500, 0, 700, *REST[3:]])
    device.wait_for(lambda: device.pulses_us == {2: 1500, 17: 700})
    driver.give([1510, 900, 0, *REST[3:]])
    device.wait_for(lambda: device.pulses_us == {2: 1510, 3: 900})
    assert device.modes[2] == SERVO
    driver.close()
    device.wait_for(lambda: device.pulses_us == {})
    assert device.resets == 0


@pytest.mark.parametrize(
    ("given_us", "pulse_us"), [(500, 544), (1, 544), (543, 544), (2500, 2500), (9000, 2500)]
)
def test_no_width_is_taken_for_an_angle(device: SimulatedFirmata, given_us: int, pulse_us: int) -> None:
    driver = opened(device)
    driver.give([given_us, *REST[1:]])
    device.wait_for(lambda: device.pulses_us == {2: pulse_us})
    driver.close()


def test_an_arduino_that_restarts_is_gone(device: SimulatedFirmata) -> None:
    driver = opened(device)
    driver.give([1500] * 12)
    # Cut in two between its version and its name.
    device.say_unasked(device.greeting()[:5])
    driver.give([1500] * 12)
    device.say_unasked(device.greeting()[5:])

    def restarted() -> bool:
        try:
            driver.give([1500] * 12)
        except OSError as error:
            return "it has restarted" in str(error)
        return False

    eventually(restarted)
    driver.close()


def test_one_that_falls_silent_is_named(device: SimulatedFirmata, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firmata, "_POLL_S", 0.01)
    driver = opened(device)
    driver.give([1500] * 12)
    device.wait_for(lambda: device.pulses_us != {})
    giving(driver, lambda: device.heard.count(0xF9) > 3)
    device.mute = True
    giving(driver, lambda: "does not answer" in (driver.problem or ""))
    device.mute = False
    giving(driver, lambda: driver.problem is None)
    driver.close()


def test_too_many_pins_say_so(device: SimulatedFirmata) -> None:
    with pytest.raises(InputError, match="pins"):
        opened(device, ",".join(str(pin) for pin in range(2, 15)))
