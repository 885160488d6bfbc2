"""A host that dies in the middle of a word, as the pins of the simulated chip see it."""

from __future__ import annotations

import itertools

from mandible.firmware_bridge.protocol import FLAGS
from tests.firmware.chip import Chip
from tests.firmware.wire import JAW, PERIOD_US, eeprom_image
from tests.virtual.simavr.uno import Pulse, SimulatedUno

WATCHDOG_US = 300_000
NEUTRAL_US, SPEED_US_PER_S = JAW[2], JAW[3]
STEP_US = SPEED_US_PER_S * PERIOD_US // 1_000_000
TOLERANCE_US = 1.0


def talk_then_die(chip: Chip) -> tuple[list[Pulse], float]:
    """Open the jaw wide, stop in the middle of a frame; return the pulses and when the last move was in."""
    pulses: list[Pulse] = []
    assert chip.status("attach", mask=1) == "ok"
    clock_us = chip.ask("ping", wait_us=5000, token=1).number("clock_us") + 4000
    for hop in range(50):
        due_us = clock_us + 10_000 * hop + 40_000
        chip.send(chip.wire.frame("move", due_us=due_us, mask=1, pulse_us=(JAW[1],)))
        pulses += chip.run(10_000)
    last_us = chip.sent[-1][0]
    chip.send(chip.wire.frame("move", due_us=due_us + 10_000, mask=1, pulse_us=(JAW[1],))[:7])
    return pulses + chip.run(3_000_000), last_us


def test_the_jaw_goes_to_neutral_in_time_and_then_lets_go() -> None:
    with SimulatedUno(eeprom_image({0: JAW})) as uno:
        chip = Chip(uno)
        pulses, last_us = talk_then_die(chip)
        assert all(pulse.channel == 0 for pulse in pulses)
        widths = [pulse.width_us for pulse in pulses]
        steps = [after - before for before, after in itertools.pairwise(widths)]
        assert all(abs(step) <= STEP_US + TOLERANCE_US for step in steps)
        turn = next(i for i in range(len(steps)) if steps[i] < -TOLERANCE_US)
        assert abs(widths[turn] - JAW[1]) <= TOLERANCE_US
        waited_us = pulses[turn + 1].start_us - last_us
        assert WATCHDOG_US <= waited_us <= WATCHDOG_US + 2 * PERIOD_US
        ramp_periods = -(-(JAW[1] - NEUTRAL_US) // STEP_US)
        rest = widths[turn + ramp_periods :]
        assert all(abs(width - NEUTRAL_US) <= TOLERANCE_US for width in rest)
        assert 25 <= len(rest) <= 28
        # Nothing more, and the pin is low.
        assert uno.now_us - pulses[-1].start_us > 1_500_000
        assert uno.high_since_us() == {}


def test_it_obeys_a_host_that_comes_back_once_that_attaches() -> None:
    with SimulatedUno(eeprom_image({0: JAW})) as uno:
        chip = Chip(uno)
        talk_then_die(chip)
        state = chip.ask("query")
        assert state.number("flags") == FLAGS["watchdog_tripped"]
        assert state.number("attached_mask") == 0
        assert chip.status("move", due_us=0, mask=1, pulse_us=(1500,)) == "not_attached"
        assert chip.status("attach", mask=1) == "ok"
        pulses = chip.run(2 * PERIOD_US)
        assert abs(pulses[-1].width_us - NEUTRAL_US) <= TOLERANCE_US
