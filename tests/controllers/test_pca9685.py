"""PCA9685: the registers that the data sheet wants, through the real smbus2, on a simulated chip."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from adafruit_pca9685 import PCA9685

from mandible.errors import DeviceError
from mandible.firmware_bridge.drivers import pca9685
from mandible.firmware_bridge.drivers.pca9685 import Pca9685, prescale
from mandible.firmware_bridge.drivers.registry import open_driver
from mandible.firmware_bridge.port_url import parse_port_url
from tests.controllers.pca9685_chip import AdafruitBus, Chip, Kernel

_REST = (0,) * 9
Opener = Callable[..., Pca9685]


@pytest.fixture
def chip() -> Chip:
    return Chip()


@pytest.fixture
def opened(chip: Chip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opener:
    """Return what opens a URL on a computer whose bus 1 has the chip."""
    (tmp_path / "i2c-1").touch()
    monkeypatch.setattr(pca9685, "BUS_DEVICE", str(tmp_path / "i2c-{}"))
    monkeypatch.setattr("smbus2.smbus2.ioctl", Kernel(chip).ioctl)

    def opener(text: str = "pca9685://1/0x40") -> Pca9685:
        driver = open_driver(parse_port_url(text))
        assert isinstance(driver, Pca9685)
        return driver

    return opener


def test_it_starts_as_the_data_sheet_says(chip: Chip, opened: Opener) -> None:
    # Orderly shutdown (7.3.1.1), prescaler while asleep (7.3.5), awake, and RESTART after 500 us.
    opened().close()
    assert chip.transfers == [
        (0xFD, b"\x10"),
        (0x00, b"\x30"),
        (0xFE, b"\x79"),
        (0x01, b"\x04"),
        (0x00, b"\x20"),
        (0x00, b"\xa0"),
        (0xFD, b"\x10"),
    ]


@pytest.mark.parametrize(("hz", "golden"), [(50, 0x79), (60, 0x65), (100, 0x3C), (200, 0x1E), (333, 0x11)])
def test_prescalers(chip: Chip, opened: Opener, hz: int, golden: int) -> None:
    # 200 Hz -> 0x1E is the data sheet's own example (its default).
    assert prescale(hz, 25_000) == golden
    driver = opened(f"pca9685://1/0x40?hz={hz}")
    assert chip.rate_hz() == pytest.approx(hz, rel=0.03)
    assert driver.period_us == 1_000_000 // hz
    driver.close()


def test_golden_counts(chip: Chip, opened: Opener) -> None:
    driver = opened()
    del chip.transfers[:]
    driver.give((1500, 1000, 2000, *_REST))
    # 1500 us of 4.88 us a count: 307 = 0x133; 1000: 205 = 0x0CD; 2000: 410 = 0x19A.
    assert chip.transfers == [(0x06, bytes.fromhex("0000 3301 0000 cd00 0000 9a01"))]
    driver.close()


@pytest.mark.parametrize("hz", [50, 200, 333])
def test_pulses_are_right_to_half_a_count(chip: Chip, opened: Opener, hz: int) -> None:
    driver = opened(f"pca9685://1/0x40?hz={hz}")
    half_count_us = (prescale(hz, 25_000) + 1) / 25 / 2
    for pulse_us in range(500, 2501, 7):
        driver.give((pulse_us, 0, 0, *_REST))
        assert chip.pulse_us(0) == pytest.approx(pulse_us, abs=half_count_us + 1e-9)
    driver.close()


def test_a_measured_oscillator_is_taken_into_account(chip: Chip, opened: Opener) -> None:
    driver = opened("pca9685://1/0x40?oscillator_khz=27000")
    driver.give((1500, 0, 0, *_REST))
    assert chip.pulse_us(0) * 25 / 27 == pytest.approx(1500, abs=3)
    assert chip.rate_hz() * 27 / 25 == pytest.approx(50, rel=0.01)
    driver.close()


def test_only_what_changes_is_written_and_at_once(chip: Chip, opened: Opener) -> None:
    driver = opened()
    driver.give((1500,) * 12)
    del chip.transfers[:]
    driver.give((1500,) * 12)
    assert chip.transfers == []
    driver.give((1500, 1500, 1600, 1500, 1700, *(1500,) * 7))
    assert [(register, len(data)) for register, data in chip.transfers] == [(0x06 + 8, 12)]
    driver.close()


def test_no_pulse_is_full_off_and_close_switches_all_off(chip: Chip, opened: Opener) -> None:
    driver = opened()
    driver.give((1500, 1500, 1500, *_REST))
    driver.give((1500, 0, 1500, *_REST))
    assert [chip.pulse_us(output) > 0 for output in range(4)] == [True, False, True, False]
    assert chip.registers[6 + 4 : 6 + 8] == b"\0\0\0\x10"
    driver.close()
    assert not any(chip.pulse_us(output) for output in range(16))


def test_the_last_outputs_can_be_taken(chip: Chip, opened: Opener) -> None:
    driver = opened("pca9685://1/0x40?first=8")
    assert driver.outputs == 8
    driver.give((1500,) * 12)
    assert [chip.pulse_us(output) > 0 for output in range(16)] == [False] * 8 + [True] * 8
    driver.close()


@pytest.mark.parametrize("pulse_us", [900, 1500, 2100])
def test_the_maker_s_library_sees_the_same(chip: Chip, opened: Opener, pulse_us: int) -> None:
    driver = opened()
    driver.give((pulse_us, 0, 0, *_REST))
    theirs = Chip()
    library = PCA9685(AdafruitBus(theirs))
    library.frequency = 50
    library.channels[0].duty_cycle = round(pulse_us / 20_000 * 0xFFFF)
    assert theirs.registers[0xFE] == chip.registers[0xFE]
    # It counts in parts of an ideal 20 ms and cuts off; ours are parts of the cycle that the prescaler gives.
    assert chip.pulse_us(0) == pytest.approx(theirs.pulse_us(0), abs=2 * 4.88)
    assert library.prescale_reg == 121
    # And it reads our chip's registers as we meant them.
    ours = PCA9685(AdafruitBus(chip))
    ours.mode1_reg = 0x20
    assert ours.channels[0].duty_cycle >> 4 == round(pulse_us * 25 / 122)
    assert ours.channels[1].duty_cycle == 0
    driver.close()


def test_a_chip_that_is_gone_raises_oserror_and_closes_quietly(chip: Chip, opened: Opener) -> None:
    driver = opened()
    chip.gone = True
    with pytest.raises(OSError, match="Remote I/O"):
        driver.give((1500,) * 12)
    driver.close()
    chip.gone = False
    opened().close()


def test_a_transfer_that_is_disturbed_is_done_again_once(
    chip: Chip, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pca9685, "_ASK_S", 0.0)
    driver = opened()
    for pulse_us in (1000, 2000):
        chip.disturbed = 1
        driver.give((pulse_us,) * 12)
        assert chip.pulse_us(11) == pytest.approx(pulse_us, abs=2.5)
    chip.disturbed = 2
    with pytest.raises(OSError, match="Remote I/O"):
        driver.give((1500,) * 12)
    driver.close()


def test_a_bus_that_hangs_is_not_waited_for_twice(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = opened()
    asked = []

    def hang(*_: object) -> None:
        asked.append(1)
        raise OSError(errno.ETIMEDOUT, "Connection timed out")

    with monkeypatch.context() as bus:
        bus.setattr("smbus2.smbus2.ioctl", hang)
        with pytest.raises(TimeoutError):
            driver.give((1500,) * 12)
    assert len(asked) == 1
    driver.close()


def test_a_chip_that_was_without_power_for_a_moment_is_noticed_and_started_anew(
    chip: Chip, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pca9685, "_ASK_S", 0.0)
    driver = opened()
    for _ in range(3):
        driver.give((1500,) * 12)
    chip.power_up()
    with pytest.raises(OSError, match="restarted"):
        driver.give((1500,) * 12)
    driver.close()
    driver = opened()
    driver.give((1500,) * 12)
    assert chip.pulse_us(0) == pytest.approx(1500, abs=2.5)
    driver.close()


def test_it_says_what_it_does_when_all_else_fails(opened: Opener) -> None:
    driver = opened()
    assert (driver.host_loss, driver.computer_loss) == ("ramp", "hold")
    driver.close()


def test_nothing_at_the_address_says_so(chip: Chip, opened: Opener) -> None:
    with pytest.raises(DeviceError, match=r"nothing answers at 0x41 on \S+i2c-1; check its power") as caught:
        opened("pca9685://1/0x41")
    assert caught.value.exit_code == 3
    assert chip.transfers == []


def test_another_chip_is_left_alone(chip: Chip, opened: Opener) -> None:
    # An INA219 answers at 0x40 as well; its registers are 16 bits wide and show such bits.
    chip.registers[:] = b"\x39\x9f" * 128
    with pytest.raises(DeviceError, match=r"something else answers there \(a power meter INA219\?\)"):
        opened()
    assert chip.transfers == []


def test_a_bus_that_is_not_there_names_those_that_are(opened: Opener) -> None:
    with pytest.raises(DeviceError, match=r"no \S+i2c-7 \(there: .*\); switch I2C on"):
        opened("pca9685://7/0x40")


def test_a_second_program_is_refused(opened: Opener) -> None:
    first = opened()
    with pytest.raises(DeviceError, match="another mandible moves this one; end that first"):
        opened()
    first.close()
    opened().close()


def test_a_forbidden_bus_names_the_group(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("smbus2.SMBus", refuse)
    with pytest.raises(DeviceError, match=r"no permission for \S+; run: sudo usermod -a -G i2c \$USER"):
        opened()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(DeviceError, match="needs the package smbus2; run: pip install smbus2"):
        open_driver(parse_port_url("pca9685://1/0x40"))
