"""Any mix of messages, garbage, resets, pulled cables and time: no pulse that may not be."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mandible.firmware_bridge.crc import crc16
from mandible.firmware_bridge.protocol import FLAGS, LIMITS, encode
from tests.firmware.hosted import HostedBoard
from tests.firmware.wire import (
    CHANNELS,
    EVERY_CHANNEL,
    Limits,
    calibration,
    eeprom_image,
    limits_fields,
    store_fields,
)

MASKS = st.sampled_from([1, 2, 3, EVERY_CHANNEL]) | st.integers(0, 0xFFFF)
PULSES_US = st.integers(500, 2500) | st.integers(0, 0xFFFF)
PERIODS_US = st.sampled_from([20_000, 20_000, 10_000, 5000, 3003]) | st.integers(2900, 20_100)
SEQ = 0
JOG_US_PER_S = LIMITS["jog_us_per_s"]


class Stored(NamedTuple):
    """What a board has in its permanent memory: all that a witness has to know of it."""

    limits: dict[int, Limits]
    accel_us_per_s2: dict[int, int]
    watchdog_ms: int
    period_us: int


def stored(eeprom: bytes) -> Stored:
    """Read the newer right slot, as docs/protocol.md and store.h say that it lies there."""
    half = len(eeprom) // 2
    right = [slot for slot in (eeprom[:half], eeprom[half:]) if slot[0] == 2 and crc16(slot) == 0]
    if not right:
        return Stored({}, {}, 300, 20_000)
    newest = max(right, key=lambda slot: struct.unpack_from("<H", slot, 2))
    _, watchdog_ms, period_us, _ = struct.unpack_from("<4H", newest, 2)
    rows = [struct.unpack_from("<5HB", newest, 10 + 11 * channel) for channel in range(CHANNELS)]
    limits = {c: (r[0], r[1], r[2], r[3]) for c, r in enumerate(rows) if any(r)}
    return Stored(limits, {c: 100 * rows[c][4] for c in limits}, watchdog_ms, period_us)


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
        "move": {"due_us": draw(st.integers(0, 0xFFFFFFFF)), "mask": moved, "pulse_us": tuple(pulses)},
        "query": {},
        "unlock": {"key": 0x4C494D43},
        "store": store_fields(draw(st.integers(0, 3000)), draw(PERIODS_US), draw(st.integers(0, 3))),
        "jog": {"channel": draw(st.integers(0, 13)), "pulse_us": draw(PULSES_US)},
    }
    name = draw(st.sampled_from(sorted(messages)))
    return encode(name, SEQ, **messages[name])


frames = st.composite(frame)


class AnyHost(RuleBasedStateMachine):
    """A host without manners, and a witness who knows only what is stored and what the pins did."""

    @initialize(limits=st.dictionaries(st.integers(0, CHANNELS - 1), sane_limits()))
    def switch_on(self, limits: dict[int, Limits]) -> None:
        self.board = HostedBoard(eeprom_image(limits))
        self.stored = stored(self.board.core.eeprom())
        self.seen = 0
        self.given: dict[int, int] = {}
        self.by_hand = self.open_before = False

    @rule(data=frames())
    def send_a_message(self, data: bytes) -> None:
        self.board.send(data)

    @rule(in_ms=st.integers(-150, 300), pulse_us=PULSES_US)
    def move_all_that_can(self, in_ms: int, pulse_us: int) -> None:
        mask = self.calibrated_mask()
        if mask:
            self.board.ask("attach", mask=mask)
            self.board.move(in_ms, *[pulse_us] * mask.bit_count(), mask=mask)

    @rule(in_ms=st.integers(0, 40), rest_us=st.sampled_from([0, 1000, 100_000]))
    def go_far_then_attach_again(self, in_ms: int, rest_us: int) -> None:
        self.move_all_that_can(in_ms, 2500)
        self.board.run(100_000)
        self.board.status("detach", mask=0xFFFF)
        self.board.run(rest_us)
        self.board.ask("attach", mask=self.calibrated_mask())

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

    @rule(
        limits=st.dictionaries(st.integers(0, CHANNELS - 1), sane_limits()),
        accel=st.sampled_from([1, 30, 4000, 50_000]),
        period_us=PERIODS_US,
    )
    def calibrate(self, limits: dict[int, Limits], accel: int, period_us: int) -> None:
        self.board.status("detach", mask=0xFFFF)
        steps = dict(calibration(limits, watchdog_ms=300))
        self.board.status("unlock", **steps["unlock"])
        for channel, one in limits.items():
            self.board.status("set_limits", **limits_fields(channel, one, accel))
        self.board.status("store", **store_fields(300, period_us))

    @rule(channel=st.integers(0, CHANNELS - 1), pulses_us=st.lists(PULSES_US, max_size=4))
    def move_one_by_hand(self, channel: int, pulses_us: list[int]) -> None:
        self.board.status("detach", mask=0xFFFF)
        self.board.status("unlock", key=LIMITS["calibration_key"])
        self.by_hand = True
        for pulse_us in pulses_us:
            self.board.status("jog", channel=channel, pulse_us=pulse_us)
            self.board.run(200_000)

    @rule(data=frames(), part=st.floats(0, 1), silence_us=st.integers(0, 2_000_000))
    def pull_the_cable(self, data: bytes, part: float, silence_us: int) -> None:
        self.board.send(data[: int(part * len(data))])
        self.board.run(silence_us)

    @rule()
    def press_the_reset_button(self) -> None:
        self.board = HostedBoard(self.board.core.eeprom())
        self.seen = 0
        self.given.clear()

    @rule(stalled=st.booleans(), hot=st.booleans(), us=st.integers(0, 300_000))
    def raise_an_alarm(self, stalled: bool, hot: bool, us: int) -> None:
        self.board.core.alarm(stalled, hot)
        self.board.run(us)
        if stalled and us >= 1000 * LIMITS["stall_ms"]:
            assert not any(map(any, self.board.run(40_000)))
        self.board.core.alarm(False, False)
        self.board.run(0)

    @rule(us=st.integers(0, 3_000_000))
    def say_nothing_for_long(self, us: int) -> None:
        """The host is gone: after its watchdog's time, braking and the way, neutral or no pulses at all."""
        self.board.run(1000 * self.stored.watchdog_ms + us)
        *_, (_, last) = [(0, (0,) * CHANNELS), *self.board.history]
        all_there_s = 0.0
        for channel, (min_us, max_us, neutral_us, speed) in self.stored.limits.items():
            slow = min(speed, LIMITS["soft_start_us_per_s"])
            brake_s = 3 * speed / self.stored.accel_us_per_s2[channel]
            there_s = (max_us - min_us) / slow + brake_s + 0.1
            if us > 1e6 * there_s:
                assert last[channel] in (0, neutral_us)
            all_there_s = max(all_there_s, there_s)
        if us > 1e6 * all_there_s + 1000 * LIMITS["park_hold_ms"]:
            assert not any(last)

    def calibrated_mask(self) -> int:
        return sum(1 << channel for channel in self.stored.limits)

    @invariant()
    def pulses_are_allowed(self) -> None:
        open_now = bool(self.board.flags() & FLAGS["unlocked"])
        # A session may have been open for a while since the last look.
        self.by_hand = self.by_hand or open_now or self.open_before
        self.open_before = open_now
        for _, pulses in self.board.history[self.seen :]:
            given = {channel: pulse_us for channel, pulse_us in enumerate(pulses) if pulse_us}
            outside = [c for c, pulse_us in given.items() if not self.inside(c, pulse_us)]
            # Only who is moved by hand may leave its limits, and only one is.
            assert not outside or len(given) == 1, given
            for channel, pulse_us in given.items():
                self.check(channel, pulse_us, outside=bool(outside))
        self.seen = len(self.board.history)
        self.by_hand = False
        now = stored(self.board.core.eeprom())
        if now != self.stored:
            # A servo under new limits may have to move into them.
            self.stored = now
            self.given.clear()

    def inside(self, channel: int, pulse_us: int) -> bool:
        limits = self.stored.limits.get(channel)
        return limits is not None and limits[0] <= pulse_us <= limits[1]

    def check(self, channel: int, pulse_us: int, outside: bool) -> None:
        assert 500 <= pulse_us <= 2500
        assert self.by_hand or not outside
        speed = 0 if outside else self.stored.limits[channel][3]
        before_us = self.given.get(channel, pulse_us)
        # Whom a person has left outside comes in at once.
        if outside or self.inside(channel, before_us):
            most_us = max(speed, JOG_US_PER_S * self.by_hand) * self.stored.period_us / 1e6
            assert abs(pulse_us - before_us) < most_us + 1
        self.given[channel] = pulse_us

    @invariant()
    def it_still_answers(self) -> None:
        self.board.send(encode("ping", SEQ, token=1))
        assert self.board.ask("ping", token=2).number("token") == 2


TestAnyHost = AnyHost.TestCase
TestAnyHost.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
