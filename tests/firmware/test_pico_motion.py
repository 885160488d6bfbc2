"""Twelve servos by the real image on a simulated RP2040 go exactly where the core on the host sends them.

100 frames a second, none quite on time (up to 8 ms off), 2 % of them lost; see ``tests/motion``.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.firmware.pico import clear_of_planning, planned_ahead_us
from tests.motion.bench import HostBench, Pulse, by_period, run
from tests.motion.delivery import BYTE_US, START_US, Sent, deliver, memory
from tests.motion.judgement import judge
from tests.motion.reference import HOP_US, REFERENCES, SPEED_US_PER_S
from tests.virtual.rp2040.pico import SimulatedPico

LEAD_US = 60_000
TOLERANCE_US = 1.0
START_UP_US = 2000


class PicoBench:
    """A simulated Pico whose times are those of its board's clock."""

    def __init__(self, pico: SimulatedPico) -> None:
        """Let the firmware start its clock."""
        self._pico = pico
        pico.advance(START_UP_US)
        self._zero_us = pico.clock_zero_us()

    def send(self, data: bytes, at_us: float) -> None:
        """Put bytes on the UART's line."""
        self._pico.send(data, self._zero_us + at_us)

    def advance(self, to_us: float) -> None:
        """Run until then."""
        self._pico.advance(self._zero_us + to_us)

    def pulses(self) -> list[Pulse]:
        """Return the pulses that have ended since the last call."""
        return [
            Pulse(channel, start_us - self._zero_us, width_us)
            for channel, start_us, width_us in self._pico.pulses()
        ]


def beside_planning(one: Sent, period_us: int) -> Sent:
    """Put off a frame that would arrive just when the Pico plans a period."""
    arrived_us = one.at_us + len(one.data) * BYTE_US
    return one._replace(at_us=one.at_us + clear_of_planning(arrived_us, period_us))


@pytest.mark.parametrize(
    ("motion", "period_us", "frames"),
    [
        ("waves", 20_000, 250),
        ("jumps", 5_000, 100),
        ("jumps", 3_003, 60),
        *(
            pytest.param(motion, period_us, 10_000, marks=pytest.mark.full)
            for motion in REFERENCES
            for period_us in (20_000, 5_000)
        ),
    ],
)
def test_the_pico_s_pulses_are_those_of_the_core_on_the_host(
    motion: str, period_us: int, frames: int
) -> None:
    reference = REFERENCES[motion]()
    memory_image = memory(reference, period_us)
    end_us = START_US + HOP_US * min(frames, len(reference.frames_us) - 1)
    delivered = deliver(reference, lead_us=LEAD_US, period_us=period_us)
    sent = [beside_planning(one, period_us) for one in delivered if one.at_us < end_us - LEAD_US]
    with SimulatedPico({0: memory_image}) as pico:
        # A period more, so that the last pulses that begin have ended.
        chip = by_period(run(PicoBench(pico), sent, end_us + period_us), period_us, START_US, end_us)
    twin = HostBench(memory_image, planned_ahead_us(period_us))
    host = by_period(run(twin, sent, end_us), period_us, START_US, end_us)
    assert chip.shape == host.shape
    assert np.abs(chip - host).max() <= TOLERANCE_US
    assert np.abs(np.diff(chip, axis=0)).max() <= SPEED_US_PER_S * period_us / 1e6 + TOLERANCE_US
    assert chip.std(axis=0).min() > 1
    if frames >= len(reference.frames_us) and motion == "waves":
        assert judge(reference, chip, period_us).distance < 0.01
