"""Feetech: the manual's bytes, the maker's SDK against the simulated servos, and both families."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import scservo_sdk

from mandible.errors import DeviceError, InputError
from mandible.firmware_bridge.drivers import bus_servos, feetech, feetech_packets
from mandible.firmware_bridge.drivers.registry import open_driver
from mandible.firmware_bridge.port_url import parse_port_url
from tests.controllers import feetech_device
from tests.controllers.feetech_device import TORQUE, SimulatedFeetechs
from tests.controllers.pty_device import eventually, giving

pytestmark = [pytest.mark.usefixtures("alone")]

REST = [0] * 12
# Manual, section 1.3.6, example: position 2048, time 0, speed 1000 for servos 1 to 4.
SYNC_WRITE = bytes.fromhex(
    "FF FF FE 20 83 2A 06 01 00 08 00 00 E8 03 02 00 08 00 00 E8 03"
    "03 00 08 00 00 E8 03 04 00 08 00 00 E8 03 58"
)


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedFeetechs]:
    """Yield STS servos 1, 2 and 3; drivers ask them often."""
    monkeypatch.setattr(bus_servos, "_POLL_S", 0.005)
    simulated = SimulatedFeetechs(tmp_path)
    yield simulated
    simulated.pull()


def opened(device: SimulatedFeetechs, options: str = "ids=1,2,3") -> feetech.Feetech:
    driver = open_driver(parse_port_url(f"feetech://{device.path}?baud=1000000&{options}"))
    assert isinstance(driver, feetech.Feetech)
    return driver


def lost(driver: feetech.Feetech) -> bool:
    """Return whether the driver says that the device is gone."""
    try:
        driver.give([1500] * 12)
    except OSError as error:
        return "no servo answers any more" in str(error)
    return False


def test_packets_are_those_of_the_manual() -> None:
    # Section 1.3: PING; READ DATA of two bytes at 0x38; WRITE DATA examples 3 and 4; SYNC WRITE.
    block = bytes.fromhex("00 08 00 00 E8 03")
    assert feetech_packets.ping(1) == bytes.fromhex("FF FF 01 02 01 FB")
    assert feetech_packets.read(1, 0x38, 2) == bytes.fromhex("FF FF 01 04 02 38 02 BE")
    assert feetech_packets.packet(0xFE, "write", b"\x05\x01") == bytes.fromhex("FF FF FE 04 03 05 01 F4")
    assert feetech_packets.packet(1, "write", b"\x2a" + block) == bytes.fromhex(
        "FF FF 01 09 03 2A 00 08 00 00 E8 03 D5"
    )
    assert feetech_packets.sync_write(0x2A, [(one, block) for one in (1, 2, 3, 4)]) == SYNC_WRITE


def test_answers_of_the_manual_are_read_among_garbage() -> None:
    answers = bytes.fromhex(
        "FF FF 01 02 00 FC 00 FF FF FF 01 04 00 18 05 DD FF FF 01 04 00 18 05 DC FF FF 01"
    )
    assert feetech_packets.statuses(answers) == [
        feetech_packets.Status(1, 0, b""),
        feetech_packets.Status(1, 0, b"\x18\x05"),
    ]


def test_the_simulated_servos_answer_as_in_the_manual(device: SimulatedFeetechs) -> None:
    assert device.answer(bytes.fromhex("FF FF 01 02 01 FB")) == bytes.fromhex("FF FF 01 02 00 FC")
    device.tables[1][feetech_device.PRESENT : feetech_device.PRESENT + 2] = b"\x18\x05"
    assert device.answer(bytes.fromhex("FF FF 01 04 02 38 02 BE")) == bytes.fromhex("FF FF 01 04 00 18 05 DD")
    assert device.answer(SYNC_WRITE) == b""
    assert [device.goal(one) for one in device.ids] == [2048] * 3


@pytest.mark.parametrize("family", ["sts", "scs"])
def test_the_maker_s_sdk_and_the_driver_mean_the_same_position(tmp_path: Path, family: str) -> None:
    device = SimulatedFeetechs(tmp_path, order="little" if family == "sts" else "big")
    port = scservo_sdk.PortHandler(device.path)
    assert port.setBaudRate(1_000_000)
    if family == "sts":
        handler = scservo_sdk.sms_sts(port)
        handler.WritePosEx(1, 700, 0, 0)
    else:
        handler = scservo_sdk.scscl(port)
        handler.WritePos(1, 700, 0, 0)
    assert device.goal(1) == 700
    port.closePort()
    driver = opened(device, f"ids=1,2&family={family}&low=500&high=900")
    driver.give([1500, 2500, *REST[2:]])
    device.wait_for(lambda: (device.goal(1), device.goal(2)) == (700, 900))
    driver.close()
    device.pull()


@pytest.mark.parametrize(("family", "middle"), [("sts", 2048), ("scs", 512)])
def test_pulses_become_positions_and_0_takes_the_torque_away(
    tmp_path: Path, family: str, middle: int
) -> None:
    device = SimulatedFeetechs(tmp_path, order="little" if family == "sts" else "big")
    driver = opened(device, f"ids=3,1&family={family}")
    assert (driver.outputs, driver.host_loss, driver.computer_loss) == (2, "ramp", "hold")
    driver.give([1500, 2500, *REST[2:]])
    device.wait_for(lambda: (device.goal(3), device.goal(1)) == (middle, middle + middle // 2))
    assert [device.tables[one][TORQUE] for one in device.ids] == [1, 0, 1]
    driver.give([0, 500, *REST[2:]])
    device.wait_for(lambda: device.goal(1) == middle - middle // 2)
    assert [device.tables[one][TORQUE] for one in device.ids] == [1, 0, 0]
    driver.close()
    device.wait_for(lambda: not any(device.tables[one][TORQUE] for one in device.ids))
    device.pull()


def test_an_adapter_that_echoes_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_servos, "_POLL_S", 0.005)
    device = SimulatedFeetechs(tmp_path, echo=True)
    driver = opened(device, "ids=1,2")
    device.errors[2] = 0x20
    giving(driver, lambda: driver.problem == f"{driver.name}: servo 2: overload")
    driver.close()
    device.dead = {1, 2, 3}
    with pytest.raises(DeviceError, match="no answer; check the servos' power"):
        opened(device)
    device.pull()


def test_a_servo_that_does_not_answer_is_named(device: SimulatedFeetechs) -> None:
    device.dead = {1, 3}
    with pytest.raises(DeviceError, match="servo 1, 3 does not answer; check its id"):
        opened(device)
    device.dead = set()
    driver = opened(device)
    device.dead = {2}
    giving(driver, lambda: "servo 2 does not answer" in (driver.problem or ""))
    device.dead = {1, 2, 3}
    eventually(lambda: lost(driver))
    driver.close()


def test_errors_and_a_servo_that_let_go_are_named(device: SimulatedFeetechs) -> None:
    driver = opened(device)
    device.errors[1] = 0b101
    giving(driver, lambda: "servo 1: input voltage, overheating" in (driver.problem or ""))
    device.errors[1] = 0
    device.tables[3][TORQUE] = 0
    giving(driver, lambda: "servo 3: its torque is off" in (driver.problem or ""))
    giving(driver, lambda: "servo 1" not in (driver.problem or ""))
    driver.close()


def test_positions_must_fit_the_family(device: SimulatedFeetechs) -> None:
    with pytest.raises(InputError, match="low and high take two different positions from 0 to 1023"):
        opened(device, "ids=1&family=scs&low=0&high=2000")
