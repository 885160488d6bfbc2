"""What calibration found for one channel, and the kinds of servo a person may choose from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mandible.firmware_bridge import toml_source


@dataclass(frozen=True, slots=True)
class Found:
    """The limits of one channel. Pulses in µs; the same keys as ``[channels.NAME]`` of a rig file."""

    channel: str
    min_us: int
    max_us: int
    neutral_us: int
    speed_us_per_s: int
    accel_us_per_s2: int
    reversed: bool


@dataclass(frozen=True, slots=True)
class ServoKind:
    """One kind of servo: the key and the words for it, and how fast it is let go."""

    name: str
    key: str
    about: str
    speed_us_per_s: int
    accel_us_per_s2: int


SERVO_KINDS: tuple[ServoKind, ...] = tuple(
    ServoKind(name, **table)
    for name, table in toml_source.parse(
        Path(__file__).with_name("servo_kinds.toml").read_text("utf-8")
    ).items()
    if isinstance(table, dict)
)
