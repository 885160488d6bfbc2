"""D8 and D9 pulled low: a servo that is held fast, or too hot, stops everything."""

from __future__ import annotations

import pytest

from mandible.firmware_bridge.protocol import FLAGS
from tests.firmware.chip import Chip
from tests.firmware.wire import EVERY_CHANNEL, PERIOD_US, WIDE, eeprom_image
from tests.virtual.simavr.uno import SimulatedUno

IMAGE = eeprom_image(dict.fromkeys(range(12), WIDE), watchdog_ms=2000)
STALLED, HOT = 0, 1
STALL_US = 100_000


def flags(chip: Chip) -> int:
    """Return the board's state flags."""
    return chip.ask("query").number("flags")


def test_nothing_wired_is_no_alarm() -> None:
    with SimulatedUno(IMAGE) as uno:
        chip = Chip(uno)
        assert chip.status("attach", mask=EVERY_CHANNEL) == "ok"
        assert len(chip.run(10 * PERIOD_US)) >= 9 * 12
        assert flags(chip) == 0


@pytest.mark.parametrize(("pin", "flag"), [(STALLED, "stalled"), (HOT, "hot")])
def test_an_alarm_ends_the_pulses_and_stays_known(pin: int, flag: str) -> None:
    with SimulatedUno(IMAGE) as uno:
        chip = Chip(uno)
        assert chip.status("attach", mask=EVERY_CHANNEL) == "ok"
        chip.run(5 * PERIOD_US)
        uno.drive_input(pin, 0)
        began_us = uno.now_us
        pulses = chip.run(3_000_000)
        # A stall ends them at once; heat first lets the mouth go to neutral.
        if flag == "stalled":
            assert pulses[-1].start_us - began_us <= STALL_US + 2 * PERIOD_US
        assert uno.now_us - pulses[-1].start_us > 1_000_000
        assert uno.high_since_us() == {}
        assert flags(chip) & FLAGS[flag]
        assert chip.status("attach", mask=1) == "alarm"
        uno.drive_input(pin, 1)
        chip.run(PERIOD_US)
        assert chip.status("attach", mask=1) == "ok"


def test_a_stall_shorter_than_a_tenth_of_a_second_is_a_servo_at_work() -> None:
    with SimulatedUno(IMAGE) as uno:
        chip = Chip(uno)
        assert chip.status("attach", mask=EVERY_CHANNEL) == "ok"
        uno.drive_input(STALLED, 0)
        chip.run(STALL_US - PERIOD_US)
        uno.drive_input(STALLED, 1)
        assert len(chip.run(10 * PERIOD_US)) >= 9 * 12
        assert flags(chip) == 0
