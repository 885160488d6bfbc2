"""Pololu Maestro: bytes of its User's Guide (0J40), and a driver that survives what a Maestro can do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mandible.errors import DeviceError
from mandible.firmware_bridge.drivers import maestro
from mandible.firmware_bridge.drivers.maestro_packets import Language, crc7
from mandible.firmware_bridge.drivers.registry import open_driver
from mandible.firmware_bridge.port_url import parse_port_url
from tests.controllers import maestro_device
from tests.controllers.maestro_device import SimulatedMaestro
from tests.controllers.pty_device import eventually, giving

REST = [0] * 12


@pytest.fixture
def device(tmp_path: Path) -> Iterator[SimulatedMaestro]:
    """Yield a Mini Maestro 12."""
    simulated = SimulatedMaestro(tmp_path)
    yield simulated
    simulated.pull()


def opened(device: SimulatedMaestro, options: str = "") -> maestro.Maestro:
    driver = open_driver(parse_port_url(f"maestro://{device.path}{options}"))
    assert isinstance(driver, maestro.Maestro)
    return driver


@pytest.mark.parametrize(
    ("packet", "hexadecimal"),
    [
        # Section 5.c: servo 0 to 1500 µs, compact and for device number 12.
        (Language().targets(0, [1500], several=False), "84 00 70 2E"),
        (Language(12).targets(0, [1500], several=False), "AA 0C 04 00 70 2E"),
        # Section 5.e, Set Target: channel 2 to 1500 µs.
        (Language().targets(2, [1500], several=False), "84 02 70 2E"),
        # Section 5.e, Set Multiple Targets: channel 3 off, channel 4 to 6000 quarter µs.
        (Language().targets(3, [0, 1500], several=True), "9F 02 03 00 00 70 2E"),
        # Section 5.e: Get Errors in both forms.
        (Language().command("get_errors"), "A1"),
        (Language(12).command("get_errors"), "AA 0C 21"),
        # Section 5.e, Set Speed: 87 05 0C 01 is a speed of 140 for channel 5; 0 is unlimited.
        (Language().command("set_speed", (5, 0x0C, 0x01)), "87 05 0C 01"),
        (Language().unhurried(5), "87 05 00 00 89 05 00 00"),
    ],
)
def test_packets_are_those_of_the_guide(packet: bytes, hexadecimal: str) -> None:
    assert packet == bytes.fromhex(hexadecimal)


@pytest.mark.parametrize(
    ("packet", "crc"),
    # Section 5.d; and a packet that Pololu's support worked out in its forum (thread 16359).
    [("83 01", 0x17), ("AA 01 10 00", 0x6B)],
)
def test_crc_is_that_of_the_guide(packet: str, crc: int) -> None:
    assert crc7(bytes.fromhex(packet)) == crc
    assert maestro_device.crc7(bytes.fromhex(packet)) == crc


def test_the_simulated_maestro_understands_the_guide_s_bytes(device: SimulatedMaestro) -> None:
    device.answer(bytes.fromhex("84 02 70 2E"))
    assert device.targets[2] == 6000
    device.answer(bytes.fromhex("9F 02 02 00 00 70 2E"))
    assert device.targets[2:4] == [0, 6000]
    device.answer(bytes.fromhex("AA 0C 04 00 70 2E AA 0D 04 01 70 2E"))
    assert device.targets[0:2] == [6000, 0]
    device.answer(bytes.fromhex("87 05 0C 01"))
    assert device.speeds[5] == 140
    device.answer(bytes.fromhex("C0"))
    assert device.answer(bytes.fromhex("A1")) == bytes((maestro_device.PROTOCOL_ERROR, 0))
    assert device.answer(bytes.fromhex("A1")) == b"\x00\x00"


@pytest.mark.parametrize("options", ["", "?device=12", "?crc=1", "?device=33&crc=1"])
def test_pulses_arrive_in_every_form_of_the_protocol(tmp_path: Path, options: str) -> None:
    device = SimulatedMaestro(tmp_path, device=33 if "33" in options else 12, crc="crc" in options)
    driver = opened(device, options)
    driver.give([1500, 500, 2500, *REST[3:]])
    device.wait_for(lambda: device.targets[:3] == [6000, 2000, 10000])
    driver.give([1500, 0, 2500, *REST[3:]])
    device.wait_for(lambda: device.targets[:3] == [6000, 0, 10000])
    assert device.written == {0, 1, 2}
    assert (device.errors, device.homed) == (0, 0)
    driver.close()
    device.wait_for(lambda: not any(device.targets))
    device.pull()


def test_its_own_limits_of_speed_are_taken_away_and_several_targets_go_in_one_packet(
    device: SimulatedMaestro,
) -> None:
    driver = opened(device)
    device.wait_for(lambda: not any(device.speeds.values()) and not any(device.accelerations.values()))
    device.heard = b""
    driver.give([1500] * 12)
    device.wait_for(lambda: device.targets == [6000] * 12)
    assert device.heard == bytes.fromhex("9F 0C 00") + bytes.fromhex("70 2E") * 12
    assert (driver.outputs, driver.period_us) == (12, 20_000)
    assert (driver.host_loss, driver.computer_loss) == ("ramp", "hold")
    driver.close()


def test_a_micro_maestro_gets_single_targets(tmp_path: Path) -> None:
    device = SimulatedMaestro(tmp_path, channels=6)
    driver = opened(device)
    assert driver.outputs == 6
    homed = device.homed
    driver.give([1000] * 12)
    device.wait_for(lambda: device.targets == [4000] * 6)
    assert device.homed == homed
    assert device.errors == 0
    driver.close()
    device.pull()


def test_widths_beyond_any_servo_are_held(device: SimulatedMaestro) -> None:
    driver = opened(device)
    driver.give([65535, 1, *REST[2:]])
    device.wait_for(lambda: device.targets[:2] == [10000, 2000])
    driver.close()


def test_its_errors_are_polled_and_named(device: SimulatedMaestro, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maestro, "_POLL_S", 0.01)
    driver = opened(device)
    device.errors = 0b100001000
    seen: set[str] = set()

    def named() -> bool:
        driver.give([1500] * 12)
        seen.add(driver.problem or "")
        return any("serial CRC error" in one and "script program counter error" in one for one in seen)

    eventually(named)
    giving(driver, lambda: driver.problem is None)
    driver.close()


def test_one_that_falls_silent_is_named_and_heard_again(
    device: SimulatedMaestro, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maestro, "_POLL_S", 0.01)
    driver = opened(device)
    device.mute = True
    giving(driver, lambda: "does not answer" in (driver.problem or ""))
    device.wait_for(lambda: device.targets == [6000] * 12)
    device.mute = False
    giving(driver, lambda: driver.problem is None, 1600)
    driver.close()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("", "a Maestro answers with CRC; write crc=1"),
        ("?device=5", "a Maestro answers with CRC; write crc=1"),
        ("?crc=1&device=6", "a Maestro with another number answers; write crc=1"),
    ],
)
def test_wrong_settings_are_told_from_a_wrong_device_and_move_nothing(
    tmp_path: Path, options: str, message: str
) -> None:
    device = SimulatedMaestro(tmp_path, device=5, crc=True)
    with pytest.raises(DeviceError, match=message) as caught:
        opened(device, options)
    assert caught.value.exit_code == 3
    assert (device.homed, device.written) == (0, set())
    device.pull()


def test_a_crc_nobody_wants_is_an_error_of_settings_too(device: SimulatedMaestro) -> None:
    with pytest.raises(DeviceError, match="a Maestro answers without CRC"):
        opened(device, "?crc=1")
    assert (device.homed, device.written) == (0, set())
