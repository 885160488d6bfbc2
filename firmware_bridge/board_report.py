"""What a board says about itself: at the handshake, and whenever it is asked."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from mandible.firmware_bridge.limits import StoredLimits, StoredSettings, limits_crc, output_mask
from mandible.firmware_bridge.protocol import BOARDS, FLAGS, MAX_CHANNELS, WIRE, Message

VERSION = f"{WIRE['version_major']}.{WIRE['version_minor']}"
_REMEDY = "flash the board anew"


@dataclass(frozen=True, slots=True)
class BoardIdentity:
    """The board's welcome. Masks have one bit per output, output 0 lowest."""

    kind: str
    major: int
    minor: int
    channels: int
    calibrated_mask: int
    settings: StoredSettings
    shortest_period_us: int
    limits_crc: int

    @classmethod
    def of(cls, welcome: Message) -> BoardIdentity:
        """Read a ``welcome`` message."""
        names = {number: name for name, number in BOARDS.items()}
        code = welcome.number("board")
        return cls(
            kind=names.get(code, f"board {code}"),
            major=welcome.number("major"),
            minor=welcome.number("minor"),
            channels=welcome.number("channels"),
            calibrated_mask=welcome.number("calibrated_mask"),
            settings=StoredSettings(
                welcome.number("watchdog_ms"), welcome.number("period_us"), welcome.number("idle_detach_s")
            ),
            shortest_period_us=welcome.number("shortest_period_us"),
            limits_crc=welcome.number("limits_crc"),
        )

    @property
    def unfit(self) -> str | None:
        """Say why no rig of this program's can be on such a board; None where one can."""
        if self.major != WIRE["version_major"]:
            return f"the board speaks protocol {self.major}.{self.minor}, this program {VERSION}; {_REMEDY}"
        if not 1 <= self.channels <= MAX_CHANNELS:
            return f"the board says it has {self.channels} outputs, not 1 to {MAX_CHANNELS}; {_REMEDY}"
        return None

    def impossible(self, limits: tuple[StoredLimits, ...], settings: StoredSettings) -> str | None:
        """Say why this board can never hold ``limits`` and ``settings``; None where it can."""
        beyond = [one.output for one in limits if one.output >= self.channels]
        if beyond:
            return f"the board has {self.channels} outputs and none numbered {beyond[0]}"
        if settings.period_us < self.shortest_period_us:
            most_hz = 1_000_000 // self.shortest_period_us
            remedy = f"set pulse_hz = {most_hz} in the rig's [link]"
            return f"the board gives at most {most_hz} pulses a second; {remedy}"
        return None

    def difference(self, limits: tuple[StoredLimits, ...], settings: StoredSettings) -> str | None:
        """Say how what is stored differs from ``limits`` and ``settings``; None where it does not."""
        missing = output_mask(limits) & ~self.calibrated_mask
        if missing:
            output = (missing & -missing).bit_length() - 1
            return f"the board has no limits stored for output {output}"
        if self.limits_crc != limits_crc(limits):
            return "the limits stored on the board are not those of the rig"
        for what, stored, wanted in zip(
            ("watchdog_ms", "period_us", "idle_detach_s"),
            astuple(self.settings),
            astuple(settings),
            strict=True,
        ):
            if stored != wanted:
                return f"the board's {what} is {stored} and the rig's {wanted}"
        return None


@dataclass(frozen=True, slots=True)
class BoardState:
    """The board's answer to a query: attached outputs, flags by name, counts, pulses (µs, 0: none)."""

    attached_mask: int
    flags: tuple[str, ...]
    bad_frames: int
    overruns: int
    late_set_points: int
    clamped_set_points: int
    pulse_us: tuple[int, ...]

    @classmethod
    def of(cls, state: Message) -> BoardState:
        """Read a ``state`` message."""
        flags = state.number("flags")
        return cls(
            attached_mask=state.number("attached_mask"),
            flags=tuple(name for name, bit in FLAGS.items() if flags & bit),
            bad_frames=state.number("bad_frames"),
            overruns=state.number("overruns"),
            late_set_points=state.number("late_set_points"),
            clamped_set_points=state.number("clamped_set_points"),
            pulse_us=state.numbers("pulse_us"),
        )
