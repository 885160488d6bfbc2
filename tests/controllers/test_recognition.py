"""What is on the port is named, nothing moves while it is asked, and nobody waits long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path

import pytest

from mandible.errors import DeviceError
from mandible.firmware_bridge.drivers import firmata, recognition
from mandible.firmware_bridge.drivers.recognition import recognise
from mandible.firmware_bridge.drivers.registry import open_driver
from mandible.firmware_bridge.port_url import parse_port_url
from tests.controllers.dynamixel_device import SimulatedDynamixels
from tests.controllers.families import FAMILIES, Echo, FirmwareBoard
from tests.controllers.feetech_device import SimulatedFeetechs
from tests.controllers.firmata_device import SimulatedFirmata
from tests.controllers.maestro_device import SimulatedMaestro
from tests.controllers.pty_device import PtyDevice
from tests.controllers.ssc32_device import SimulatedSsc32

MOVED = [1500, 0, 1900, *[0] * 9]


# Which device is on the port, which driver is opened there, what it says.
WRONG = (
    ("maestro", "feetech", "this answers like a Pololu Maestro; write maestro://{}"),
    ("maestro", "firmata", "this answers like a Pololu Maestro; write maestro://{}"),
    ("ssc32", "maestro", "this answers like an SSC-32; write ssc32://{}?baud=115200"),
    ("ssc32", "dynamixel", "this answers like an SSC-32; write ssc32://{}?baud=57600"),
    ("firmata", "ssc32", "this answers like a board with Firmata; write firmata://{}?baud=115200&pins=2,3,4"),
    ("dynamixel", "firmata", "this answers like a Dynamixel servo; write dynamixel://{}?baud=57600&ids=1,2"),
    (
        "dynamixel",
        "feetech",
        "this answers like a Dynamixel servo; write dynamixel://{}?baud=1000000&ids=1,2",
    ),
    ("feetech", "dynamixel", "this answers like a Feetech servo; write feetech://{}?baud=57600&ids=1,2"),
)


class Workshop:
    """Devices, each in a folder of its own, and threads: asking is waiting, and need not be done in turn."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.devices: list[PtyDevice] = []

    def plug_in(self, kind: Callable[[Path], PtyDevice]) -> PtyDevice:
        folder = self._folder / str(len(self.devices))
        folder.mkdir()
        self.devices.append(kind(folder))
        return self.devices[-1]

    def recognise_all(self) -> list[str | None]:
        with ThreadPoolExecutor(len(self.devices)) as pool:
            return list(pool.map(lambda device: recognise(device.path, 115_200), self.devices))


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    """Yield an empty workshop, tidied up in the end."""
    made = Workshop(tmp_path)
    yield made
    for device in made.devices:
        device.pull()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the second round of questions at once, not after one and a half seconds."""
    monkeypatch.setattr(recognition, "_ASKED_AGAIN_S", 0.0)


def test_each_is_named(workshop: Workshop) -> None:
    for family in FAMILIES.values():
        workshop.plug_in(family.device)
    assert workshop.recognise_all() == [family.name for family in FAMILIES.values()]


def test_our_own_firmware_is_named_and_stays_as_it_was(workshop: Workshop) -> None:
    device = workshop.plug_in(FirmwareBoard)
    assert isinstance(device, FirmwareBoard)
    assert workshop.recognise_all() == ["a board with mandible's firmware"]
    assert not any(device.board.pulses(1_000_000))


def test_a_driver_names_the_wrong_device_and_moves_nothing(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firmata, "_START_S", 0.05)
    devices = [workshop.plug_in(FAMILIES[device].device) for device, _, _ in WRONG]
    for device in devices:
        set_moving(device)
    before = [servos(device) for device in devices]

    def complaint(device: PtyDevice, driver: str) -> str:
        with pytest.raises(DeviceError) as caught:
            open_driver(parse_port_url(FAMILIES[driver].url.format(device.path)))
        return str(caught.value)

    with ThreadPoolExecutor(len(WRONG)) as pool:
        said = list(pool.map(complaint, devices, [driver for _, driver, _ in WRONG]))
    paths = [device.path for device in devices]
    assert said == [
        f"{path}: {message.format(path)}" for path, (_, _, message) in zip(paths, WRONG, strict=True)
    ]
    assert [servos(device) for device in devices] == before


def test_a_driver_names_our_own_firmware(workshop: Workshop) -> None:
    path = workshop.plug_in(FirmwareBoard).path
    with pytest.raises(DeviceError, match="answers like a board with mandible's firmware; write serial:///"):
        open_driver(parse_port_url(f"maestro://{path}"))


def set_moving(device: PtyDevice) -> None:
    """Let some of the device's servos stand somewhere."""
    if isinstance(device, SimulatedMaestro):
        device.targets = [4 * pulse_us for pulse_us in MOVED]
    elif isinstance(device, SimulatedSsc32):
        device.pulses_us.update(enumerate(MOVED))
    elif isinstance(device, SimulatedFirmata):
        device.pulses_us.update({2: 1500, 3: 1900})
    elif isinstance(device, SimulatedDynamixels | SimulatedFeetechs):
        for table in device.tables.values():
            table[64] = table[40] = 1


def servos(device: PtyDevice) -> object:
    """Return all that the device's servos were ever told."""
    if isinstance(device, SimulatedMaestro):
        return list(device.targets), device.speeds.copy(), device.homed
    if isinstance(device, SimulatedSsc32 | SimulatedFirmata):
        return device.pulses_us.copy()
    assert isinstance(device, SimulatedDynamixels | SimulatedFeetechs)
    return deepcopy(device.tables)


@pytest.mark.usefixtures("hurried")
def test_all_questions_together_leave_what_cannot_answer_as_it_was(workshop: Workshop) -> None:
    for scheme in ("ssc32", "dynamixel", "feetech"):
        workshop.plug_in(FAMILIES[scheme].device)
    for device in workshop.devices:
        set_moving(device)
        device.mute = True
    before = [servos(device) for device in workshop.devices]
    assert workshop.recognise_all() == [None] * 3
    assert all(len(device.heard) > 40 for device in workshop.devices)
    assert [servos(device) for device in workshop.devices] == before


@pytest.mark.usefixtures("hurried")
def test_a_maestro_or_an_arduino_that_cannot_answer_lets_go_at_most(workshop: Workshop) -> None:
    maestro, arduino = workshop.plug_in(SimulatedMaestro), workshop.plug_in(SimulatedFirmata)
    assert isinstance(maestro, SimulatedMaestro)
    assert isinstance(arduino, SimulatedFirmata)
    for device in workshop.devices:
        set_moving(device)
        device.mute = True
    assert workshop.recognise_all() == [None] * 2
    assert set(maestro.targets) <= {0, 6000, 7600}
    assert maestro.targets[1] == 0
    assert set(arduino.pulses_us.items()) <= {(2, 1500), (3, 1900)}


def test_a_looped_cable_and_noise_are_nothing_known_and_take_no_longer(workshop: Workshop) -> None:
    workshop.plug_in(Echo)
    noisy = workshop.plug_in(Echo)
    noisy.mute = True
    noisy.flood = bytes(range(1, 200)) * 4
    began_s = time.monotonic()
    assert workshop.recognise_all() == [None] * 2
    # Two seconds, and one of other people's load.
    assert time.monotonic() - began_s < 3.0


def test_all_waits_together_are_less_than_two_seconds() -> None:
    first_round_s = recognition._SILENCE_S + 4 * recognition._MAESTRO_S + 3 * recognition._TEXT_S
    first_round_s += 2 * recognition._BUS_S
    assert max(first_round_s, recognition._ASKED_AGAIN_S) + 2 * recognition._TEXT_S < 2.0


def test_an_arduino_that_starts_when_its_port_is_opened_is_waited_for(workshop: Workshop) -> None:
    device = workshop.plug_in(SimulatedFirmata)
    device.mute = True
    started = threading.Timer(1.1, lambda: device.say_unasked(device.greeting()))
    started.start()
    assert workshop.recognise_all() == ["a board with Firmata"]
    started.join()


def test_a_port_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="no such port"):
        recognise(str(tmp_path / "nothing"), 115_200)
