"""A board that exists only in this process: ``fake:``. It answers every message and moves at once.

It keeps the protocol's rules (limits before attaching, calibration only while unlocked), not its motion: no
slew, no watchdog, no set-point queue. Whoever wants those asks for ``virtual:``, which runs the firmware.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from mandible.firmware_bridge.clock import CLOCK_US
from mandible.firmware_bridge.limits import StoredLimits, StoredSettings, limits_crc, output_mask
from mandible.firmware_bridge.protocol import (
    BOARDS,
    FLAGS,
    LIMITS,
    MAX_CHANNELS,
    MESSAGES,
    STATUS,
    TRAITS,
    WIRE,
    Decoder,
    Message,
    Value,
    encode,
)


class FakeBoard:
    """Twelve imaginary servo outputs.

    Attributes:
        limits: what is stored, by output.
        settings: stored, and reported; its watchdog never trips.
        attached_mask: outputs that get pulses.
        pulse_us: pulse of every output, 0 where there is none.
        moves: (time in µs, due_us, pulses by output number) of every accepted set-point.
        version: (major, minor) it claims to speak.
    """

    def __init__(self, limits: tuple[StoredLimits, ...] = ()) -> None:
        """Start as a board with ``limits`` stored."""
        self.limits = {one.output: one for one in limits}
        self.settings = StoredSettings(LIMITS["watchdog_default_ms"], LIMITS["period_max_us"], 0)
        self.attached_mask = 0
        self.pulse_us = [0] * MAX_CHANNELS
        self.moves: list[tuple[int, int, dict[int, int]]] = []
        self.version = (WIRE["version_major"], WIRE["version_minor"])
        self._unlocked: dict[int, StoredLimits] | None = None
        self._decoder = Decoder()
        self._out = bytearray()
        self._answers: dict[str, Callable[[Message, int], None]] = {
            "hello": self._hello,
            "ping": self._ping,
            "query": self._query,
        }
        self._actions: dict[str, Callable[[Message, int], str]] = {
            "attach": self._attach,
            "detach": self._detach,
            "move": self._move,
            "unlock": self._unlock,
            "set_limits": self._set_limits,
            "jog": self._jog,
            "store": self._store,
        }

    def receive(self, data: bytes, now_us: int) -> None:
        """Take bytes from the host at board time ``now_us``."""
        for message in self._decoder.feed(data):
            if message.name in self._answers:
                self._answers[message.name](message, now_us)
            elif message.name in self._actions:
                status = STATUS[self._actions[message.name](message, now_us)]
                acked_type = MESSAGES[message.name].type
                self._reply(message, "ack", acked_type=acked_type, status=status)

    def transmit(self) -> bytes:
        """Return and forget the bytes for the host."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def _reply(self, to: Message, name: str, **values: Value) -> None:
        self._out += encode(name, to.seq, **values)

    def _hello(self, message: Message, now_us: int) -> None:
        stored = tuple(self.limits.values())
        self._reply(
            message,
            "welcome",
            major=self.version[0],
            minor=self.version[1],
            board=BOARDS["virtual"],
            channels=MAX_CHANNELS,
            calibrated_mask=output_mask(stored),
            **asdict(self.settings),
            shortest_period_us=LIMITS["period_min_us"],
            limits_crc=limits_crc(stored),
            clock_us=now_us % CLOCK_US,
        )

    def _ping(self, message: Message, now_us: int) -> None:
        self._reply(message, "pong", token=message.number("token"), clock_us=now_us % CLOCK_US)

    def _query(self, message: Message, now_us: int) -> None:
        self._reply(
            message,
            "state",
            attached_mask=self.attached_mask,
            flags=0 if self._unlocked is None else FLAGS["unlocked"],
            bad_frames=self._decoder.bad_frames & 0xFFFF,
            overruns=0,
            late_set_points=0,
            clamped_set_points=0,
            pulse_us=tuple(self.pulse_us),
        )

    def _attach(self, message: Message, now_us: int) -> str:
        mask = message.number("mask")
        if mask & ~output_mask(self.limits.values()):
            return "no_limits"
        for output in _outputs(mask & ~self.attached_mask):
            self.pulse_us[output] = self.limits[output].neutral_us
        self.attached_mask |= mask
        return "ok"

    def _detach(self, message: Message, now_us: int) -> str:
        mask = message.number("mask")
        for output in _outputs(mask):
            self.pulse_us[output] = 0
        self.attached_mask &= ~mask
        return "ok"

    def _move(self, message: Message, now_us: int) -> str:
        mask = message.number("mask")
        if mask & ~self.attached_mask:
            return "not_attached"
        wanted = dict(zip(_outputs(mask), message.numbers("pulse_us"), strict=True))
        for output, pulse_us in wanted.items():
            limits = self.limits[output]
            self.pulse_us[output] = min(max(pulse_us, limits.min_us), limits.max_us)
        self.moves.append((now_us, message.number("due_us"), wanted))
        return "ok" if all(self.pulse_us[o] == p for o, p in wanted.items()) else "clamped"

    def _unlock(self, message: Message, now_us: int) -> str:
        if message.number("key") != LIMITS["calibration_key"]:
            return "bad_key"
        if self.attached_mask:
            return "not_detached"
        self._unlocked = dict(self.limits)
        return "ok"

    def _set_limits(self, message: Message, now_us: int) -> str:
        if self._unlocked is None:
            return "locked"
        one = StoredLimits(
            message.number("channel"),
            message.number("min_us"),
            message.number("max_us"),
            message.number("neutral_us"),
            message.number("speed_us_per_s"),
            100 * message.number("accel_100us_per_s2"),
            bool(message.number("traits") & TRAITS["reversed"]),
        )
        if not one.min_us <= one.neutral_us <= one.max_us or one.output >= MAX_CHANNELS:
            return "bad_limits"
        self._unlocked[one.output] = one
        if one.max_us == 0:
            del self._unlocked[one.output]
        return "ok"

    def _jog(self, message: Message, now_us: int) -> str:
        if self._unlocked is None:
            return "locked"
        if message.number("channel") >= MAX_CHANNELS:
            return "bad_limits"
        wanted_us = message.number("pulse_us")
        given_us = min(max(wanted_us, LIMITS["pulse_min_us"]), LIMITS["pulse_max_us"])
        self.pulse_us = [0] * MAX_CHANNELS
        self.pulse_us[message.number("channel")] = given_us
        return "ok" if given_us == wanted_us else "clamped"

    def _store(self, message: Message, now_us: int) -> str:
        if self._unlocked is None:
            return "locked"
        self.limits, self._unlocked = self._unlocked, None
        self.pulse_us = [0] * MAX_CHANNELS
        self.settings = StoredSettings(*(message.number(name) for name in asdict(self.settings)))
        return "ok"


def _outputs(mask: int) -> list[int]:
    """Return the output numbers in ``mask``, lowest first, as pulses stand on the wire."""
    return [output for output in range(MAX_CHANNELS) if mask >> output & 1]
