"""The real image on a simulated ATmega328P: the pins show what was asked for, to the microsecond."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence

import pytest

from tests.firmware.asking import wandering
from tests.firmware.chip import Chip, host_twin
from tests.firmware.wire import CHANNELS, EVERY_CHANNEL, PERIOD_US, WIDE, eeprom_image
from tests.measure import link
from tests.virtual.simavr.uno import Pulse, SimulatedUno

IMAGE = eeprom_image(dict.fromkeys(range(CHANNELS), WIDE), watchdog_ms=2000)
HOP_US = 10_000
TOLERANCE_US = 1.0


@pytest.fixture
def chip() -> Iterator[Chip]:
    """Yield a simulated Uno with wide limits on all twelve channels."""
    with SimulatedUno(IMAGE) as uno:
        yield Chip(uno)


def attach_all(chip: Chip) -> None:
    """Attach every channel and stop 2 ms into a period, soft start not yet over."""
    assert chip.status("attach", mask=EVERY_CHANNEL) == "ok"
    chip.align(2000)


def clock_us(chip: Chip) -> int:
    """Return the board's clock, of about now."""
    return chip.ask("ping", wait_us=8000, token=1).number("clock_us") + 6000


def stream(chip: Chip, hops: Sequence[Sequence[int]], lead_us: int = 60_000) -> list[Pulse]:
    """Send one set-point each 10 ms, due ``lead_us`` later; return the pulses meanwhile."""
    pulses: list[Pulse] = []
    # Two hops a period; on the same phase throughout, so clear of the instant at which pulses are planned.
    chip.align(2000)
    now_us = clock_us(chip)
    chip.align(2000)
    now_us += 40_000
    for hop, wanted in enumerate(hops):
        due_us = now_us + HOP_US * hop + lead_us
        chip.send(chip.wire.frame("move", due_us=due_us, mask=EVERY_CHANNEL, pulse_us=tuple(wanted)))
        pulses += chip.run(HOP_US)
    return pulses


def by_channel(pulses: Sequence[Pulse]) -> dict[int, list[Pulse]]:
    """Sort pulses by channel."""
    sorted_pulses: dict[int, list[Pulse]] = defaultdict(list)
    for pulse in pulses:
        sorted_pulses[pulse.channel].append(pulse)
    return sorted_pulses


def check_periods(pulses: Sequence[Pulse]) -> None:
    """Every channel has a pulse each 20 ms, to the microsecond."""
    for channel, own in by_channel(pulses).items():
        for before, after in itertools.pairwise(own):
            assert after.start_us - before.start_us == pytest.approx(PERIOD_US, abs=TOLERANCE_US), channel


# Ends of the two channels of a slot: equal, closer than an interrupt, farther, either way round, extreme.
GAPS_US = (0, 1, 2, 5, 10, 15, 20, 25, 28, 30, 31, 32, 33, 34, 35, 40, 50, 60, 100, 1000)


def steady_positions() -> list[list[int]]:
    """Return rows of twelve widths that cover every gap in both orders, and the extremes."""
    rows = []
    for gap_us in GAPS_US:
        one, other = 1000, 1000 + gap_us
        rows.append(
            [one, other, other, one, 500, 500 + gap_us, 2500, 2500 - gap_us, 1500, 1500 + gap_us, 777, 1999]
        )
    return [*rows, [2500] * CHANNELS, [500] * CHANNELS]


@pytest.mark.parametrize("part", range(4))
def test_commanded_widths_stand_on_all_twelve_pins_while_frames_arrive_at_100_hz(
    chip: Chip, part: int
) -> None:
    attach_all(chip)
    for row in steady_positions()[part::4]:
        own = by_channel(stream(chip, [row] * 30))
        assert sorted(own) == list(range(CHANNELS))
        for channel, wanted_us in enumerate(row):
            settled = own[channel][-5:]
            for pulse in settled:
                assert pulse.width_us == pytest.approx(wanted_us, abs=TOLERANCE_US), (channel, row)
        check_periods([pulse for pulses in own.values() for pulse in pulses])


@pytest.mark.parametrize("seed", [1, 2])
def test_moving_pulses_equal_those_of_the_core_on_the_host(chip: Chip, seed: int) -> None:
    attach_all(chip)
    # The chip's clock reads 0 at its first period, which begins within the first 20 ms.
    power_up_us = (chip.uno.now_us - 2000) % PERIOD_US
    pulses = stream(chip, wandering(300, seed))
    check_periods(pulses)
    twin = host_twin(IMAGE, chip.sent, power_up_us, chip.uno.now_us)
    for channel, own in by_channel(pulses).items():
        first = int((own[0].start_us - power_up_us + 100) // PERIOD_US) - 1
        wanted = [row[channel] for row in twin[first : first + len(own)]]
        measured = [pulse.width_us for pulse in own]
        assert measured == pytest.approx(wanted, abs=TOLERANCE_US), channel
        assert max(wanted) - min(wanted) > 200


def test_pulses_keep_still_while_the_line_is_flooded(chip: Chip) -> None:
    attach_all(chip)
    row = [1000 + 37 * channel for channel in range(CHANNELS)]
    stream(chip, [row] * 30)
    noise = random.Random(3)
    widths: dict[int, set[float]] = defaultdict(set)
    for _ in range(50):
        # 112 bytes fill the 10 ms; the request in their midst makes the board talk as well.
        chip.send(bytes(noise.randrange(256) for _ in range(105)))
        chip.send(chip.wire.frame("query"))
        for pulse in chip.run(HOP_US):
            widths[pulse.channel].add(pulse.width_us)
    assert chip.replies()
    for channel, wanted_us in enumerate(row):
        spread = max(widths[channel]) - min(widths[channel])
        assert spread <= TOLERANCE_US
        assert min(widths[channel]) == pytest.approx(wanted_us, abs=TOLERANCE_US)


@pytest.mark.parametrize("seed", [1, 6])
def test_periods_start_on_time_whenever_bytes_come(seed: int) -> None:
    with SimulatedUno(link.IMAGE) as uno:
        line = link.Line(uno, seed)
        for row in link.wander(60, seed):
            line.hop(row)
    for own in by_channel(line.pulses).values():
        # Falls are timed by themselves: a rise that is late makes its pulse shorter.
        late_us = [(pulse.start_us - own[0].start_us + HOP_US) % PERIOD_US - HOP_US for pulse in own]
        assert max(late_us) - min(late_us) <= TOLERANCE_US
