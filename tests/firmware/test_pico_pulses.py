"""The real image on a simulated RP2040: twelve pins show what was asked for, at every rate, all in step."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from collections.abc import Sequence

import pytest

from tests.firmware.asking import wandering
from tests.firmware.pico import PicoHost, clear_of_planning, host_twin
from tests.firmware.wire import CHANNELS, EVERY_CHANNEL, WIDE, eeprom_image, store_fields
from tests.virtual.rp2040.pico import BYTE_US, Pulse, SimulatedPico

PERIODS_US = (20_000, 10_000, 5_000, 1_000_000 // 333)
TOLERANCE_US = 1.0
HOP_US = 10_000
MOVE_BYTES = 41


def image(period_us: int) -> bytes:
    """Return limits that let every servo go anywhere fast."""
    return eeprom_image(dict.fromkeys(range(CHANNELS), WIDE), watchdog_ms=2000, period_us=period_us)


def by_channel(pulses: Sequence[Pulse]) -> dict[int, list[Pulse]]:
    """Sort pulses by channel."""
    sorted_pulses: dict[int, list[Pulse]] = defaultdict(list)
    for pulse in pulses:
        sorted_pulses[pulse.channel].append(pulse)
    return sorted_pulses


def move(host: PicoHost, due_us: float, widths: Sequence[int]) -> bytes:
    """Return a set-point for all channels."""
    due = round(due_us) & 0xFFFFFFFF
    return host.wire.frame("move", due_us=due, mask=EVERY_CHANNEL, pulse_us=tuple(widths))


@pytest.mark.parametrize("period_us", PERIODS_US)
def test_commanded_widths_stand_on_all_twelve_pins_at_every_rate(period_us: int) -> None:
    rows = [[2500] * CHANNELS, [500] * CHANNELS, [1000 + 37 * channel for channel in range(CHANNELS)]]
    with SimulatedPico({0: image(period_us)}) as pico:
        host = PicoHost(pico)
        assert host.ask("hello", major=2, minor=0).number("period_us") == period_us
        assert host.status("attach", mask=EVERY_CHANNEL) == "ok"
        zero_us = pico.clock_zero_us()
        for row in rows:
            for _ in range(45):
                host.send(move(host, pico.now_us - zero_us + 20_000, row))
                host.run(HOP_US)
            own = by_channel(host.run(100_000))
            assert sorted(own) == list(range(CHANNELS))
            for channel, wanted_us in enumerate(row):
                assert {round(pulse.width_us, 6) for pulse in own[channel]} == {wanted_us}, channel
                for before, after in itertools.pairwise(own[channel]):
                    assert after.start_us - before.start_us == pytest.approx(period_us, abs=0.001)
                # At the multiples of the period on the board's clock; all slices in step.
                late_us = (own[channel][0].start_us - zero_us) % period_us
                assert min(late_us, period_us - late_us) <= TOLERANCE_US
            starts = {pulse.start_us for pulses in own.values() for pulse in pulses}
            assert len(starts) <= max(len(pulses) for pulses in own.values()) + 1
        assert {reply.number("status") for reply in host.replies()} == {0}


@pytest.mark.parametrize("period_us", [20_000, 5_000])
def test_moving_pulses_equal_those_of_the_core_on_the_host(period_us: int) -> None:
    slots = {0: image(period_us)}
    with SimulatedPico(slots) as pico:
        host = PicoHost(pico)
        assert host.status("attach", mask=EVERY_CHANNEL) == "ok"
        zero_us = pico.clock_zero_us()
        begin_us = pico.now_us + 1000
        pulses: list[Pulse] = []
        for hop, row in enumerate(wandering(100, seed=period_us)):
            at_us = begin_us + hop * HOP_US
            at_us += clear_of_planning(at_us + MOVE_BYTES * BYTE_US - zero_us, period_us)
            host.send(move(host, at_us - zero_us + 25_000, row), at_us)
            pulses += host.run(begin_us + (hop + 1) * HOP_US - pico.now_us)
        own = by_channel(pulses)
        first = round((own[0][0].start_us - zero_us) / period_us)
        count = min(map(len, own.values()))
        twin = host_twin(slots, host.sent, zero_us, first, count)
        for channel in range(CHANNELS):
            measured = [pulse.width_us for pulse in own[channel][:count]]
            wanted = [row[channel] for row in twin]
            assert measured == pytest.approx(wanted, abs=TOLERANCE_US), channel
            assert max(wanted) - min(wanted) > 200


def test_a_new_period_counts_from_the_next_attachment_and_is_in_step_with_the_clock() -> None:
    with SimulatedPico({0: image(20_000)}) as pico:
        host = PicoHost(pico)
        for period_us in (3000, 20_000, 7001):
            assert host.status("unlock", key=0x4C494D43) == "ok"
            store = host.status("store", wait_us=100_000, **store_fields(500, period_us=period_us))
            assert store == "ok"
            assert host.ask("hello", major=2, minor=0).number("period_us") == period_us
            assert host.status("attach", mask=EVERY_CHANNEL) == "ok"
            own = by_channel(host.run(5 * period_us))
            for channel in range(CHANNELS):
                starts = [pulse.start_us for pulse in own[channel]]
                for before, after in itertools.pairwise(starts):
                    assert after - before == pytest.approx(period_us, abs=0.001)
                off_us = (starts[0] - pico.clock_zero_us()) % period_us
                assert min(off_us, period_us - off_us) <= TOLERANCE_US
            assert host.status("detach", mask=EVERY_CHANNEL) == "ok"
            host.run(period_us)
            assert host.run(50_000) == []


def test_pulses_keep_still_while_both_lines_are_flooded() -> None:
    noise = random.Random(3)
    with SimulatedPico({0: image(5000)}, usb=True) as pico:
        host = PicoHost(pico)
        assert host.status("attach", mask=EVERY_CHANNEL) == "ok"
        host.run(20_000)
        for _ in range(30):
            for line, count in (("uart", 105), ("usb", 2000)):
                flood = bytes(noise.randrange(256) for _ in range(count))
                pico.send(flood, pico.now_us + 10, line)  # type: ignore[arg-type]
            for pulse in host.run(HOP_US):
                assert pulse.width_us == pytest.approx(WIDE[2], abs=TOLERANCE_US)
