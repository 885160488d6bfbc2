"""Dynamixel: bytes of ROBOTIS' e-Manual, the maker's SDK against the simulated servos, and the driver."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import dynamixel_sdk
import pytest

from mandible.errors import DeviceError, InputError
from mandible.firmware_bridge.drivers import bus_servos, dynamixel
from mandible.firmware_bridge.drivers.registry import open_driver
from mandible.firmware_bridge.port_url import parse_port_url
from tests.controllers.dynamixel_device import ERROR, MODE, TORQUE, WATCHDOG, SimulatedDynamixels, packet
from tests.controllers.pty_device import eventually, giving

pytestmark = [pytest.mark.usefixtures("alone")]

REST = [0] * 12


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedDynamixels]:
    """Yield servos 1, 2 and 3 on one bus; drivers ask them often."""
    monkeypatch.setattr(bus_servos, "_POLL_S", 0.005)
    simulated = SimulatedDynamixels(tmp_path)
    yield simulated
    simulated.pull()


def opened(device: SimulatedDynamixels, options: str = "ids=1,2,3") -> dynamixel.Dynamixel:
    driver = open_driver(parse_port_url(f"dynamixel://{device.path}?baud=57600&{options}"))
    assert isinstance(driver, dynamixel.Dynamixel)
    return driver


def lost(driver: dynamixel.Dynamixel, message: str) -> bool:
    """Return whether the driver says that the device is gone, for this reason."""
    try:
        driver.give([1500] * 12)
    except OSError as error:
        return message in str(error)
    return False


def test_packets_of_the_simulated_servos_are_those_of_the_manual() -> None:
    # "Protocol 2.0": Ping example 1, Read, Write and Sync Write, each with its status packets.
    assert packet(1, 0x01) == bytes.fromhex("FF FF FD 00 01 03 00 01 19 4E")
    assert packet(1, 0x55, bytes((0, 0x06, 0x04, 0x26))) == bytes.fromhex(
        "FF FF FD 00 01 07 00 55 00 06 04 26 65 5D"
    )
    assert packet(1, 0x02, bytes((0x84, 0, 4, 0))) == bytes.fromhex(
        "FF FF FD 00 01 07 00 02 84 00 04 00 1D 15"
    )
    assert packet(1, 0x55, bytes((0, 0xA6, 0, 0, 0))) == bytes.fromhex(
        "FF FF FD 00 01 08 00 55 00 A6 00 00 00 8C C0"
    )
    assert packet(1, 0x03, bytes((0x74, 0, 0, 2, 0, 0))) == bytes.fromhex(
        "FF FF FD 00 01 09 00 03 74 00 00 02 00 00 CA 89"
    )
    assert packet(1, 0x55, b"\x00") == bytes.fromhex("FF FF FD 00 01 04 00 55 00 A1 0C")


def test_the_maker_s_sdk_talks_to_the_simulated_servos(device: SimulatedDynamixels) -> None:
    port = dynamixel_sdk.PortHandler(device.path)
    assert port.setBaudRate(57_600)
    handler = dynamixel_sdk.PacketHandler(2.0)
    assert handler.ping(port, 1) == (1030, 0, 0)
    assert handler.write4ByteTxRx(port, 2, 116, 0x00FDFFFF) == (0, 0)  # a header inside a packet is stuffed
    assert handler.read4ByteTxRx(port, 2, 116) == (0x00FDFFFF, 0, 0)
    write = dynamixel_sdk.GroupSyncWrite(port, handler, 116, 4)
    write.addParam(1, bytes((150, 0, 0, 0)))
    write.addParam(2, bytes((170, 0, 0, 0)))
    assert write.txPacket() == 0
    device.wait_for(lambda: (device.goal(1), device.goal(2)) == (150, 170))
    # "Sync Write", example.
    assert device.heard.endswith(
        bytes.fromhex("FF FF FD 00 FE 11 00 83 74 00 04 00 01 96 00 00 00 02 AA 00 00 00 82 87")
    )
    port.closePort()


def test_the_driver_s_goals_are_the_manual_s_sync_write(device: SimulatedDynamixels) -> None:
    # 150 and 170 steps, at 500 and 2500 µs.
    driver = opened(device, "ids=1,2&low=150&high=170")
    driver.give([500, 2500, *REST[2:]])
    device.wait_for(lambda: (device.goal(1), device.goal(2)) == (150, 170))
    assert (
        bytes.fromhex("FF FF FD 00 FE 11 00 83 74 00 04 00 01 96 00 00 00 02 AA 00 00 00 82 87")
        in device.heard
    )
    driver.close()


def test_pulses_become_positions_and_0_takes_the_torque_away(device: SimulatedDynamixels) -> None:
    driver = opened(device)
    assert (driver.outputs, driver.host_loss, driver.computer_loss) == (3, "ramp", "hold")
    device.wait_for(lambda: [device.tables[one][WATCHDOG] for one in device.ids] == [25] * 3)
    driver.give([1500, 0, 2500, *REST[3:]])
    device.wait_for(lambda: (device.goal(1), device.goal(3)) == (2048, 3072))
    assert [device.tables[one][TORQUE] for one in device.ids] == [1, 0, 1]
    driver.give([500, 65535, 0, *REST[3:]])
    device.wait_for(lambda: (device.goal(1), device.goal(2)) == (1024, 3072))
    assert [device.tables[one][TORQUE] for one in device.ids] == [1, 1, 0]
    driver.close()
    device.wait_for(lambda: not any(device.tables[one][TORQUE] for one in device.ids))


def test_a_servo_that_does_not_answer_is_named(device: SimulatedDynamixels) -> None:
    device.dead = {2}
    with pytest.raises(DeviceError, match="servo 2 does not answer; check its id") as caught:
        opened(device)
    assert caught.value.exit_code == 3
    device.dead = set()
    driver = opened(device)
    device.dead = {3}
    giving(driver, lambda: "servo 3 does not answer" in (driver.problem or ""))
    device.dead = set()
    giving(driver, lambda: driver.problem is None)
    device.dead = {1, 2, 3}
    eventually(lambda: lost(driver, "no servo answers any more"))
    driver.close()


def test_a_hardware_error_is_named(device: SimulatedDynamixels) -> None:
    driver = opened(device)
    device.tables[2][ERROR] = 0b100100
    giving(driver, lambda: "servo 2: overheating, overload" in (driver.problem or ""))
    device.tables[2][ERROR] = 0
    giving(driver, lambda: driver.problem is None)
    driver.close()


def test_a_program_that_stood_still_starts_anew_and_the_servos_move_again(
    device: SimulatedDynamixels,
) -> None:
    driver = opened(device)
    driver.give([1500] * 12)
    device.wait_for(lambda: device.goal(1) == 2048)
    device.clock = lambda: time.monotonic() + 0.6
    eventually(lambda: lost(driver, "was stopped by its bus watchdog"))
    driver.close()
    device.wait_for(lambda: not any(device.tables[one][TORQUE] for one in device.ids))
    driver = opened(device)
    driver.give([1600] * 12)
    device.wait_for(lambda: device.goal(1) == 2150)
    driver.close()


def test_a_servo_that_lost_its_power_for_a_moment_starts_anew(device: SimulatedDynamixels) -> None:
    driver = opened(device)
    driver.give([1500] * 12)
    device.tables[3][TORQUE] = device.tables[3][WATCHDOG] = 0
    eventually(lambda: lost(driver, "servo 3 has restarted"))
    driver.close()


@pytest.mark.parametrize("mode", [1, 4])  # speed; positions over many turns, without limits
def test_another_operating_mode_is_named(device: SimulatedDynamixels, mode: int) -> None:
    device.tables[2][MODE] = mode
    with pytest.raises(DeviceError, match=f"servo 2 is in operating mode {mode}; set it to 3"):
        opened(device)


def test_without_the_sdk_the_remedy_is_named(
    device: SimulatedDynamixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dynamixel_sdk", None)
    with pytest.raises(DeviceError, match="pip install dynamixel-sdk"):
        opened(device)


def test_positions_must_differ(device: SimulatedDynamixels) -> None:
    with pytest.raises(InputError, match="low and high take two different positions from 0 to 4095"):
        opened(device, "ids=1&low=7&high=7")


@pytest.mark.parametrize(
    ("baud", "servos", "period_us"), [(57_600, 12, 20_000), (1_000_000, 12, 10_000), (57_600, 2, 20_000)]
)
def test_the_period_is_as_short_as_the_line_allows(baud: int, servos: int, period_us: int) -> None:
    assert bus_servos.bus_period_us(14 + 5 * servos, 28, baud) == period_us


def test_servos_that_never_stop_talking_do_not_keep_the_sdk_waiting(device: SimulatedDynamixels) -> None:
    driver = opened(device)
    device.flood = packet(9, 0x55, b"\x00\x19") * 20
    driver.give([1600] * 12)
    device.wait_for(lambda: device.goal(1) == 2150)
    driver.close()
    began_s = time.monotonic()
    with suppress(DeviceError):
        opened(device).close()
    assert time.monotonic() - began_s < 5
