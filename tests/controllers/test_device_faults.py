"""Whatever a device does, its driver neither waits nor crashes; unplugged, it says so, and comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from mandible.errors import DeviceError
from mandible.firmware_bridge.drivers import firmata, wire
from mandible.firmware_bridge.drivers.driver import Driver
from mandible.firmware_bridge.drivers.registry import open_driver
from mandible.firmware_bridge.port_url import parse_port_url
from tests.controllers.families import FAMILIES, Family
from tests.controllers.pty_device import PtyDevice, eventually

pytestmark = [pytest.mark.usefixtures("alone")]

GARBAGE = bytes(range(256)) * 3
# A give takes well under a millisecond; this is a second of other people's load.
LONGEST_GIVE_S = 1.0


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Family:
    """Return each family in turn."""
    monkeypatch.setattr(firmata, "_ASK_AGAIN_S", 0.05)
    monkeypatch.setattr(firmata, "_START_S", 0.2)
    return FAMILIES[request.param]


@pytest.fixture
def device(family: Family, tmp_path: Path) -> Iterator[PtyDevice]:
    """Yield the family's device, plugged in."""
    simulated = family.device(tmp_path)
    yield simulated
    simulated.pull()


def opened(family: Family, device: PtyDevice) -> Driver:
    return open_driver(parse_port_url(family.url.format(device.path)))


def gone(driver: Driver, pulse_us: int) -> bool:
    """Give pulses; return whether the driver says that the device is gone. Never does that take long."""
    began_s = time.monotonic()
    try:
        driver.give([pulse_us] * 12)
    except OSError:
        return True
    finally:
        assert time.monotonic() - began_s < LONGEST_GIVE_S
    return False


def test_unplugged_is_said_and_plugged_in_again_it_moves(family: Family, device: PtyDevice) -> None:
    driver = opened(family, device)
    driver.give([1600] * 12)
    device.wait_for(lambda: family.told(device) != 0)
    device.pull()
    eventually(lambda: gone(driver, 1700))
    driver.close()
    with pytest.raises(DeviceError, match="no such port; plug the board in"):
        opened(family, device)
    device.plug_in()
    assert family.told(device) == 0
    driver = opened(family, device)
    driver.give([1600] * 12)
    device.wait_for(lambda: family.told(device) != 0)
    driver.close()


def test_one_that_takes_no_more_bytes_is_given_up(
    family: Family, device: PtyDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "_STUCK_NS", 20_000_000)
    driver = opened(family, device)
    device.stalled = True
    widths = count(1000)
    eventually(lambda: any(gone(driver, 1000 + next(widths) % 1000) for _ in range(100)), 20)
    began_s = time.monotonic()
    driver.close()
    assert time.monotonic() - began_s < 2 * LONGEST_GIVE_S
    device.stalled = False
    # What had been taken before is still on its way; then it serves again.
    eventually(lambda: comes_back(family, device), 20)


def comes_back(family: Family, device: PtyDevice) -> bool:
    """Return whether a driver can be opened."""
    try:
        opened(family, device).close()
    except DeviceError:
        return False
    return True


def test_a_flood_is_survived(family: Family, device: PtyDevice) -> None:
    driver = opened(family, device)
    device.flood = GARBAGE
    lost = False
    for index in range(300):
        lost = gone(driver, 1000 + index) or lost
    device.flood = b""
    if lost:
        driver.close()
        eventually(lambda: comes_back(family, device), 20)
        driver = opened(family, device)
    told = family.told(device)
    driver.give([2000] * 12)
    device.wait_for(lambda: family.told(device) not in (told, 0))
    driver.close()


def test_a_flood_while_opening_ends_in_one_line_or_in_a_driver(family: Family, device: PtyDevice) -> None:
    device.flood = GARBAGE
    began_s = time.monotonic()
    # Anything but a DeviceError would fail here; the flood may hold what looks like an answer.
    comes_back(family, device)
    assert time.monotonic() - began_s < 10


def test_nothing_on_the_port_names_the_remedy(
    family: Family, device: PtyDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    device.mute = True
    with pytest.raises(DeviceError, match=r"no answer; (check|upload)") as caught:
        opened(family, device)
    assert str(caught.value).startswith(f"{device.path}: ")
