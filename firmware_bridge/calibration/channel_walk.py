"""Walking a person through one channel: its stops, its direction, where it rests, how fast it may be."""

from __future__ import annotations

from mandible.firmware_bridge.calibration.found import SERVO_KINDS, Found, ServoKind
from mandible.firmware_bridge.calibration.questions import Answer, Jog, Prompt, Walk, go
from mandible.firmware_bridge.calibration.stops import Way, find_stop
from mandible.firmware_bridge.rig import Channel

MIDDLE_US = 1500
# Less travel than this is no mouth's, but a misunderstanding.
NARROWEST_US = 30
_REST_STEP_US = 10


def walk_channel(channel: Channel) -> Walk[Found | None]:
    """Return what was found for ``channel``, or None where the person turned back."""
    start_us = yield from _begin(channel)
    if start_us is None:
        return None
    while True:
        min_us = yield from find_stop(Way(channel.output, start_us, -1))
        max_us = yield from find_stop(Way(channel.output, start_us, 1))
        if max_us - min_us < NARROWEST_US:
            values = {"range_us": max(0, max_us - min_us)}
            if (yield Prompt("narrow", None, values)) == "back":
                return None
            continue
        found = yield from _settled(channel, min_us, max_us)
        if found is not None:
            return found


def _settled(channel: Channel, min_us: int, max_us: int) -> Walk[Found | None]:
    """Return direction, rest and speed with the ends, or None where the ends have to be found again."""
    while True:
        is_reversed = yield from _direction(channel, max_us)
        neutral_us = yield from _rest(channel, min_us, max_us, is_reversed)
        kind = yield from _kind(channel, neutral_us)
        word = yield from _sure(channel, min_us, max_us, neutral_us)
        if word == "redo":
            return None
        if word == "yes":
            return Found(
                channel.name,
                min_us,
                max_us,
                neutral_us,
                kind.speed_us_per_s,
                kind.accel_us_per_s2,
                is_reversed,
            )


def _begin(channel: Channel) -> Walk[int | None]:
    """Return where the search begins, with the horn on and inside its travel there."""
    start_us = channel.neutral_us
    values = {"channel": channel.name, "start_us": start_us}
    word = yield Prompt("safety", None, values)
    if word == "back":
        return None
    if word == "horn_off":
        # The middle of the servo's own travel leaves most of it to both sides.
        start_us = MIDDLE_US
        yield from go(Jog(channel.output, start_us))
        if (yield Prompt("horn", Jog(channel.output, start_us), {"start_us": start_us})) == "back":
            return None
    return MIDDLE_US if word == "middle" else start_us


def _direction(channel: Channel, max_us: int) -> Walk[bool]:
    """Return whether closed is at the long pulse."""
    at_max = Jog(channel.output, max_us)
    yield from go(at_max)
    return (yield Prompt("direction", at_max, {"at_us": max_us})) == "closed"


def _rest(channel: Channel, min_us: int, max_us: int, is_reversed: bool) -> Walk[int]:
    """Return where it rests: at the closed end, unless the person moves it on."""
    opening = -1 if is_reversed else 1
    at_us = max_us if is_reversed else min_us
    yield from go(Jog(channel.output, at_us))
    while (word := (yield Prompt("rest", Jog(channel.output, at_us)))) != "done":
        if word == "middle":
            at_us = (min_us + max_us) // 2
        else:
            step_us = opening * _REST_STEP_US * (1 if word == "opener" else -1)
            at_us = min(max(at_us + step_us, min_us), max_us)
    return at_us


def _kind(channel: Channel, neutral_us: int) -> Walk[ServoKind]:
    now = ServoKind(
        "keep",
        "k",
        f"as it is now: {channel.speed_us_per_s} µs/s",
        channel.speed_us_per_s,
        channel.accel_us_per_s2,
    )
    kinds = {kind.name: kind for kind in (*SERVO_KINDS, now)}
    answers = tuple(Answer(kind.key, name, _plain(kind.about)) for name, kind in kinds.items())
    return kinds[(yield Prompt("kind", Jog(channel.output, neutral_us), answers=answers))]


def _sure(channel: Channel, min_us: int, max_us: int, neutral_us: int) -> Walk[str]:
    """Go to both ends and back, and have the person say whether it goes freely."""
    for at_us in (min_us, max_us, neutral_us):
        yield from go(Jog(channel.output, at_us))
    values = {"channel": channel.name, "min_us": min_us, "max_us": max_us}
    return (yield Prompt("sure", Jog(channel.output, neutral_us), values))


def _plain(label: str) -> str:
    """Return a label that ``format_map`` leaves as it is."""
    return label.replace("{", "{{").replace("}", "}}")
