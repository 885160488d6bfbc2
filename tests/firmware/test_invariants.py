"""Any mix of messages, garbage and time: pulses stay within stored limits and the slew limit."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mandible.firmware_bridge.protocol import encode
from tests.firmware.hosted import HostedBoard
from tests.firmware.wire import CHANNELS, EVERY_CHANNEL, Limits, calibration, eeprom_image

MASKS = st.sampled_from([1, 2, 3, EVERY_CHANNEL]) | st.integers(0, 0xFFFF)
PULSES_US = st.integers(500, 2500) | st.integers(0, 0xFFFF)
SEQ = 0


@st.composite
def sane_limits(draw: st.DrawFn) -> Limits:
    """Draw limits that may be stored."""
    min_us = draw(st.integers(500, 2400))
    max_us = draw(st.integers(min_us + 1, 2500))
    neutral_us = draw(st.integers(min_us, max_us))
    return min_us, max_us, neutral_us, draw(st.sampled_from([1, 49, 50, 333, 5000, 20_000]))


def frame(draw: st.DrawFn) -> bytes:
    """Draw any message a host may send."""
    mask = draw(MASKS)
    moved = mask & EVERY_CHANNEL
    pulses = draw(st.lists(PULSES_US, min_size=moved.bit_count(), max_size=moved.bit_count()))
    messages: dict[str, dict[str, Any]] = {
        "attach": {"mask": mask},
        "detach": {"mask": mask},
        "move": {"due_ms": draw(st.integers(0, 0xFFFF)), "mask": moved, "pulse_us": tuple(pulses)},
        "query": {},
        "unlock": {"key": 0x4C494D43},
        "store": {"watchdog_ms": draw(st.integers(0, 3000))},
    }
    name = draw(st.sampled_from(sorted(messages)))
    return encode(name, SEQ, **messages[name])


frames = st.composite(frame)


class AnyHost(RuleBasedStateMachine):
    """A host without manners, and a witness who knows only what is stored and what the pins did."""

    @initialize(limits=st.dictionaries(st.integers(0, CHANNELS - 1), sane_limits()))
    def switch_on(self, limits: dict[int, Limits]) -> None:
        self.limits = limits
        self.board = HostedBoard(eeprom_image(limits))
        self.seen = 0
        self.last_us: dict[int, int] = {}

    @rule(data=frames())
    def send_a_message(self, data: bytes) -> None:
        self.board.send(data)

    @rule(in_ms=st.integers(-150, 300), pulse_us=PULSES_US)
    def move_all_that_can(self, in_ms: int, pulse_us: int) -> None:
        mask = sum(1 << channel for channel in self.limits)
        if mask:
            self.board.ask("attach", mask=mask)
            self.board.move(in_ms, *[pulse_us] * mask.bit_count(), mask=mask)

    @rule(in_ms=st.integers(0, 40), rest_us=st.sampled_from([0, 1000, 100_000]))
    def go_far_then_attach_again(self, in_ms: int, rest_us: int) -> None:
        self.move_all_that_can(in_ms, 2500)
        self.board.run(100_000)
        self.board.status("detach", mask=0xFFFF)
        self.board.run(rest_us)
        self.board.ask("attach", mask=sum(1 << channel for channel in self.limits))

    @rule(data=st.binary(max_size=100))
    def send_garbage(self, data: bytes) -> None:
        self.board.send(data)

    @rule(data=frames(), bit=st.integers(0, 8 * 48))
    def send_a_damaged_message(self, data: bytes, bit: int) -> None:
        damaged = bytearray(data)
        damaged[bit // 8 % len(data)] ^= 1 << bit % 8
        self.board.send(bytes(damaged))

    @rule(us=st.integers(0, 50_000) | st.integers(0, 4_000_000))
    def let_time_pass(self, us: int) -> None:
        self.board.run(us)

    @rule(limits=st.dictionaries(st.integers(0, CHANNELS - 1), sane_limits()))
    def calibrate(self, limits: dict[int, Limits]) -> None:
        self.board.status("detach", mask=0xFFFF)
        for name, values in calibration(limits, watchdog_ms=300):
            self.board.status(name, **values)

    @invariant()
    def pulses_are_allowed(self) -> None:
        for _, pulses in self.board.history[self.seen :]:
            for channel, pulse_us in enumerate(pulses):
                self.check(channel, pulse_us)
        self.seen = len(self.board.history)
        self.note_limits()

    def check(self, channel: int, pulse_us: int) -> None:
        if pulse_us == 0:
            return
        min_us, max_us, _, speed_us_per_s = self.limits[channel]
        assert min_us <= pulse_us <= max_us
        step_us = abs(pulse_us - self.last_us.get(channel, pulse_us))
        assert step_us <= -(-speed_us_per_s // 50)
        self.last_us[channel] = pulse_us

    def note_limits(self) -> None:
        """Follow what is stored; a servo under new limits may have to move into them."""
        image = self.board.core.eeprom()
        if image != eeprom_image(self.limits, int.from_bytes(image[2:4], "little")):
            words = [int.from_bytes(image[i : i + 2], "little") for i in range(4, 100, 2)]
            rows = {c: words[4 * c : 4 * c + 4] for c in range(CHANNELS)}
            self.limits = {c: (r[0], r[1], r[2], r[3]) for c, r in rows.items() if any(r)}
            self.last_us.clear()

    @invariant()
    def it_still_answers(self) -> None:
        self.board.send(encode("ping", SEQ, token=1))
        assert self.board.ask("ping", token=2).number("token") == 2


TestAnyHost = AnyHost.TestCase
TestAnyHost.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
