"""Reads ``[idle]`` and ``[expression]`` of a rig file: what moves channels besides the poses.

Task page: ``docs/expression.md``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from mandible.firmware_bridge.rig_keys import SCHEMA, RigText, nearest
from mandible.firmware_bridge.toml_source import Path
from mandible.wording import shown

_KINDS = ("blink", "breath", "drift")


class Servo(Protocol):
    """What is needed of a rig's channel."""

    @property
    def name(self) -> str: ...
    @property
    def min_us(self) -> int: ...
    @property
    def max_us(self) -> int: ...
    @property
    def reversed(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Way:
    """How far something moves a channel.

    Attributes:
        channel: number of the channel in the rig's order.
        span_us: pulse added at the full value; negative towards shorter pulses.
        posed: poses move the channel as well, so speech wins there.
    """

    channel: int
    span_us: int
    posed: bool


@dataclass(frozen=True, slots=True)
class IdleMotion:
    """One kind of idle life.

    Attributes:
        times: its settings without ``posed``, in the order of the schema: times in ms.
        ways: the channels it moves; none: it is off.
    """

    times: tuple[int, ...]
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class IdleSettings:
    """``[idle]``: blinks, breath and small moves.

    Attributes:
        seed: the same seed lives the same life.
        speaking_percent: how much of breath and drift is left while someone speaks.
        blink: interval, duration (ms) and the percentage of double blinks.
        breath: period (ms).
        drift: interval and duration of a move (ms).
    """

    seed: int
    speaking_percent: int
    blink: IdleMotion
    breath: IdleMotion
    drift: IdleMotion

    @property
    def moves(self) -> bool:
        """Whether any of it moves a channel."""
        return bool(self.blink.ways or self.breath.ways or self.drift.ways)


@dataclass(frozen=True, slots=True)
class ExpressionWay:
    """One entry of ``[expression]``: the pulse it adds to a channel at full arousal and at full emphasis.

    ``posed``: poses move the channel as well, and lips that are to meet must meet.
    """

    channel: int
    arousal_us: int
    emphasis_us: int
    posed: bool


def read_idle(source: RigText, servos: Sequence[Servo], posed: Collection[str]) -> IdleSettings:
    """Return ``[idle]`` of a file; ``posed`` names the channels that poses move. Raises InputError."""
    source.refuse_unknown(("idle",), (*SCHEMA["idle"], *_KINDS))
    fixed = {name: source.value(("idle", name), spec) for name, spec in SCHEMA["idle"].items()}
    blink, breath, drift = (_motion(source, kind, servos, posed) for kind in _KINDS)
    interval_ms, move_ms = drift.times
    if move_ms > interval_ms:
        message = f"a move of {move_ms} does not fit into interval_ms = {interval_ms}; shorten it"
        raise source.error(("idle", "drift", "move_ms"), message)
    return IdleSettings(**fixed, blink=blink, breath=breath, drift=drift)


def read_expression(
    source: RigText, servos: Sequence[Servo], posed: Collection[str]
) -> tuple[ExpressionWay, ...]:
    """Return ``[expression]`` of a file; ``posed`` names the channels that poses move. Raises InputError."""
    return tuple(_expression(source, servos, posed))


def _motion(source: RigText, kind: str, servos: Sequence[Servo], posed: Collection[str]) -> IdleMotion:
    path: Path = ("idle", kind)
    spec = SCHEMA[f"idle_{kind}"]
    source.refuse_unknown(path, (*spec, "channels"))
    values = {name: source.value((*path, name), key) for name, key in spec.items()}
    ways_path = (*path, "channels")
    numbers = {servo.name: number for number, servo in enumerate(servos)}
    source.refuse_unknown(ways_path, numbers, "channel")
    ways = []
    for name in source.table(ways_path):
        amount = source.value((*ways_path, name), SCHEMA["idle_amount"]["amount"])
        if name in posed and not values["posed"]:
            raise source.error((*ways_path, name), _posed_already(name))
        number = numbers[name]
        ways.append(Way(number, _span_us(servos[number], amount), name in posed))
    times = tuple(value for name, value in values.items() if name != "posed")
    return IdleMotion(times, tuple(ways))


def _expression(source: RigText, servos: Sequence[Servo], posed: Collection[str]) -> Iterator[ExpressionWay]:
    numbers = {servo.name: number for number, servo in enumerate(servos)}
    for name in source.table(("expression",)):
        path: Path = ("expression", name)
        values = source.read(path, SCHEMA["expression"])
        channel = values["channel"]
        if channel not in numbers:
            message = f"{shown(channel)} is no channel; {nearest(channel, numbers)}"
            raise source.error((*path, "channel"), message)
        if channel in posed and not values["posed"]:
            raise source.error((*path, "channel"), _posed_already(channel))
        if not values["arousal"] and not values["emphasis"]:
            raise source.error(path, "moves nothing; give it arousal or emphasis, -1.0 to 1.0")
        number = numbers[channel]
        arousal_us, emphasis_us = (_span_us(servos[number], values[key]) for key in ("arousal", "emphasis"))
        yield ExpressionWay(number, arousal_us, emphasis_us, channel in posed)


def _posed_already(name: str) -> str:
    return f"{shown(name)} has poses, and a mouth belongs to speech; name another, or add posed = true"


def _span_us(servo: Servo, amount: float) -> int:
    span_us = int(abs(amount) * (servo.max_us - servo.min_us) + 0.5)
    return -span_us if (amount < 0) != servo.reversed else span_us
