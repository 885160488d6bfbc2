"""Somebody presses the board's reset button in the middle of a message: firmware in the simulated chip."""

from __future__ import annotations

import itertools
import random
from collections import deque

from mandible.firmware_bridge.limits import StoredLimits
from mandible.firmware_bridge.phase import Phase
from mandible.firmware_bridge.protocol import LIMITS
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.session import Session
from tests.virtual.simavr.uno import BYTE_US, Pulse, SimulatedUno
from tests.voices.sentences import SEED_VARIABLE, fresh_seed

RESETS = 12
STEP_US = 1000
HOP_US = 10_000
PERIOD_US = 20_000
OPEN_US = 1700
BACK_US = 1_000_000
TOLERANCE_US = 1.0


class Bench:
    """The session and the chip on one cable, in steps of a millisecond; a talker keeps the jaw open."""

    def __init__(self, uno: SimulatedUno, rig: Rig) -> None:
        self.now_us = 0
        self.session = Session(rig, 0)
        self._uno = uno
        self._inbound: deque[tuple[float, int]] = deque()

    def step(self) -> bytes:
        """Let a millisecond pass; return what the host has to say, which the caller puts on the wire."""
        self.now_us += STEP_US
        self._uno.advance(self.now_us)
        self._inbound.extend(self._uno.received())
        arrived = bytearray()
        while self._inbound and self._inbound[0][0] <= self.now_us:
            arrived.append(self._inbound.popleft()[1])
        self.session.receive(bytes(arrived), self.now_us)
        self.session.poll(self.now_us)
        if self.session.phase is Phase.UNCALIBRATED:
            self.session.store(self.now_us)
        if self.now_us % HOP_US == 0:
            self.session.move((OPEN_US,), self.now_us, self.now_us)
        return self.session.transmit()

    def send(self, data: bytes) -> None:
        """Put bytes on the wire now."""
        self._uno.send(data, self._uno.now_us)

    def reset_in_the_middle_of(self, message: bytes, at_byte: int) -> None:
        """Press reset when that many bytes have arrived; the others come to a chip that has just started."""
        self.send(message[:at_byte])
        self._uno.advance(self._uno.now_us + at_byte * BYTE_US)
        self._uno.reset()
        self._inbound.clear()
        self.send(message[at_byte:])

    def until_open(self) -> tuple[int, list[Pulse]]:
        """Talk until a pulse is as wide as asked for; return how long that took, and all pulses meanwhile."""
        start_us, pulses = self.now_us, list[Pulse]()
        while not pulses or pulses[-1].width_us < OPEN_US - TOLERANCE_US:
            assert self.now_us - start_us < 3 * BACK_US, "the mouth does not come back"
            self.send(self.step())
            pulses += self._uno.pulses()
        return self.now_us - start_us, pulses


def test_a_reset_in_the_middle_of_a_message_is_over_within_a_second() -> None:
    seed = fresh_seed()
    print(f"{SEED_VARIABLE}={seed}")
    dice = random.Random(seed)
    rig = Rig.load("skull")
    (limits,) = rig.limits
    with SimulatedUno() as uno:
        bench = Bench(uno, rig)
        bench.until_open()
        for reset in range(RESETS):
            for _ in range(dice.randrange(1, 30)):
                bench.send(bench.step())
            message = b""
            while not message:
                message = bench.step()
            uno.pulses()
            bench.reset_in_the_middle_of(message, dice.randrange(1, len(message)))
            # A chip that starts gives no pulse, and holds no pin high.
            assert uno.high_since_us() == {}
            took_us, pulses = bench.until_open()
            assert took_us <= BACK_US
            moved_gently(pulses, limits)
            assert bench.session.greetings >= reset + 2
    assert bench.session.refusals["clamped"] == 0


def moved_gently(pulses: list[Pulse], limits: StoredLimits) -> None:
    """The jaw begins at neutral and opens no faster than a soft start allows."""
    soft_us = LIMITS["soft_start_us_per_s"] * PERIOD_US / 1_000_000
    first, soft = pulses[0], LIMITS["soft_start_ms"] * 1000
    assert abs(first.width_us - limits.neutral_us) <= TOLERANCE_US
    for before, after in itertools.pairwise(pulses):
        assert limits.min_us - TOLERANCE_US <= after.width_us <= limits.max_us + TOLERANCE_US
        if after.start_us - first.start_us < soft:
            assert after.width_us - before.width_us <= soft_us + TOLERANCE_US
