"""A host that dies, and a processor that hangs, as the pins of the simulated Pico see it."""

from __future__ import annotations

import itertools

from mandible.firmware_bridge.protocol import FLAGS
from tests.firmware.pico import PicoHost
from tests.firmware.wire import EVERY_CHANNEL, JAW, PERIOD_US, eeprom_image
from tests.virtual.rp2040.pico import Pulse, SimulatedPico

WATCHDOG_US = 300_000
HARDWARE_WATCHDOG_US = 250_000
NEUTRAL_US, SPEED_US_PER_S = JAW[2], JAW[3]
STEP_US = SPEED_US_PER_S * PERIOD_US // 1_000_000
TOLERANCE_US = 1.0


def talk(host: PicoHost, hops: int = 50) -> list[Pulse]:
    """Open the jaw wide."""
    pulses: list[Pulse] = []
    assert host.status("attach", mask=1) == "ok"
    clock_us = host.ask("ping", wait_us=5000, token=1).number("clock_us") + 5000
    for hop in range(hops):
        due_us = clock_us + 10_000 * hop + 40_000
        host.send(host.wire.frame("move", due_us=due_us, mask=1, pulse_us=(JAW[1],)))
        pulses += host.run(10_000)
    return pulses


def test_the_jaw_goes_to_neutral_in_time_and_then_lets_go() -> None:
    with SimulatedPico({0: eeprom_image({0: JAW})}, usb=True) as pico:
        host = PicoHost(pico, "usb")
        pulses = talk(host)
        last_us = host.sent[-1][0]
        host.send(host.wire.frame("query")[:5])
        pulses += host.run(3_000_000)
        widths = [pulse.width_us for pulse in pulses]
        steps = [after - before for before, after in itertools.pairwise(widths)]
        assert all(pulse.channel == 0 for pulse in pulses)
        assert all(abs(step) <= STEP_US + TOLERANCE_US for step in steps)
        turn = next(i for i in range(len(steps)) if steps[i] < -TOLERANCE_US)
        assert abs(widths[turn] - JAW[1]) <= TOLERANCE_US
        waited_us = pulses[turn + 1].start_us - last_us
        assert WATCHDOG_US <= waited_us <= WATCHDOG_US + 3 * PERIOD_US
        assert [width for width in widths[-20:] if abs(width - NEUTRAL_US) > TOLERANCE_US] == []
        assert pico.now_us - pulses[-1].start_us > 1_000_000
        assert pico.high_since_us() == {}
        state = host.ask("query")
        assert state.number("flags") & FLAGS["watchdog_tripped"]
        assert state.number("attached_mask") == 0
        assert host.status("attach", mask=1) == "ok"


def test_a_processor_that_hangs_is_reset_and_the_pulses_end() -> None:
    with SimulatedPico({0: eeprom_image({0: JAW})}) as pico:
        host = PicoHost(pico)
        talk(host)
        hung_us = pico.now_us
        pico.freeze()
        pulses = host.run(1_000_000)
        assert pico.facts()["watchdog_resets"] == 1
        # The PWM repeats the last widths until the reset, within a quarter of a second of the last plan.
        assert {round(pulse.width_us, 6) for pulse in pulses if pulse.width_us > NEUTRAL_US} == {JAW[1]}
        last_us = pulses[-1].start_us - hung_us
        assert last_us >= HARDWARE_WATCHDOG_US - 3 * PERIOD_US
        assert last_us <= HARDWARE_WATCHDOG_US
        assert pico.high_since_us() == {}
        welcome = host.ask("hello", major=2, minor=0)
        assert welcome.number("calibrated_mask") == 1
        assert welcome.number("clock_us") < 1_000_000
        assert host.ask("query").number("attached_mask") == 0


def test_a_pico_left_alone_gives_no_pulses_and_is_never_reset() -> None:
    with SimulatedPico({0: eeprom_image(dict.fromkeys(range(12), JAW))}) as pico:
        host = PicoHost(pico)
        assert host.run(2_000_000) == []
        assert pico.facts()["watchdog_resets"] == 0
        assert host.status("attach", mask=EVERY_CHANNEL) == "ok"
