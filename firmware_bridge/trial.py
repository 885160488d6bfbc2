"""Moves every servo of a rig by itself, gently, so that a person sees that each moves the right thing.

Pure: pulses hop by hop, with what to say on the way; ``mandible rig test`` gives them to a board.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mandible.device.fixed_time import hops
from mandible.firmware_bridge.rig import Channel, Rig
from mandible.firmware_bridge.servos import park_reaches_us
from mandible.models.visemes import VISEME_NAMES

# Long enough to see where a part stands.
_STAND_HOPS = hops(300)
_BETWEEN_HOPS = hops(600)
# A channel without poses goes so far of its range to each side of neutral.
_SHARE = 4
# What all parts say together at the end: lips, teeth, tongue, and every kind of vowel.
SENTENCE = (
    ("Mama and Papa", "PP aa PP aa sil PP aa PP aa"),
    ("five thin sheep", "FF aa FF TH ih nn CH ih PP"),
    ("do go there", "DD ou kk oh TH E RR"),
)
_SYLLABLE_HOPS = hops(160)


@dataclass(frozen=True, slots=True)
class Saying:
    """What begins now: a channel's name (empty: all of them), what it shows, and its pulse (None: all)."""

    channel: str
    shows: str
    pulse_us: int | None


@dataclass(frozen=True, slots=True)
class TrialHop:
    """10 ms: pulses in the rig's channel order, within its limits, and what to say before they go out."""

    pulses_us: tuple[int, ...]
    saying: Saying | None = None


def trial(rig: Rig, only: Sequence[str] = ()) -> Iterator[TrialHop]:
    """Yield the hops of a trial that begins and ends with every servo at neutral.

    Each channel goes, at an eighth of its speed, to each of its poses in order of width; one without poses, a
    quarter of its range to both sides. Then all of them speak a few words. With ``only`` some names, those
    channels move, and nothing is spoken.
    """
    now_us = list(rig.neutral_us)
    reaches_us = park_reaches_us(rig)
    for number, channel in enumerate(rig.channels):
        if only and channel.name not in only:
            continue
        for saying in (*_stations(rig, number, channel), Saying(channel.name, "neutral", channel.neutral_us)):
            yield from _told(saying, _moved(now_us, number, saying.pulse_us, reaches_us[number]))
        yield from [TrialHop(tuple(now_us))] * _BETWEEN_HOPS
    if rig.posed and not only:
        yield from _spoken(rig, now_us)


def _stations(rig: Rig, number: int, channel: Channel) -> list[Saying]:
    if number not in rig.posed:
        share_us = (channel.max_us - channel.min_us) // _SHARE
        low_us = max(channel.neutral_us - share_us, channel.min_us)
        high_us = min(channel.neutral_us + share_us, channel.max_us)
        ends = [("towards 0", low_us), ("towards 1", high_us)]
        if channel.reversed:
            ends = [("towards 0", high_us), ("towards 1", low_us)]
        return [Saying(channel.name, words, pulse_us) for words, pulse_us in ends]
    visemes: dict[int, list[str]] = {}
    for viseme, poses_us in zip(VISEME_NAMES, rig.poses_us, strict=True):
        visemes.setdefault(poses_us[number], []).append(viseme)
    in_order = sorted(visemes, reverse=channel.reversed)
    return [Saying(channel.name, " ".join(visemes[pulse_us]), pulse_us) for pulse_us in in_order]


def _told(saying: Saying, moves: Iterator[tuple[int, ...]]) -> Iterator[TrialHop]:
    said: Saying | None = saying
    for pulses_us in moves:
        yield TrialHop(pulses_us, said)
        said = None


def _moved(now_us: list[int], number: int, wanted_us: int | None, reach_us: int) -> Iterator[tuple[int, ...]]:
    """Go there with one channel, and stand."""
    assert wanted_us is not None
    while now_us[number] != wanted_us:
        now_us[number] = _nearer(now_us[number], wanted_us, reach_us)
        yield tuple(now_us)
    yield from [tuple(now_us)] * _STAND_HOPS


def _spoken(rig: Rig, now_us: list[int]) -> Iterator[TrialHop]:
    """All channels go to each syllable's pose, in even steps and no faster than they may."""
    limits_us = [channel.speed_us_per_s // 100 for channel in rig.channels]
    for words, visemes in SENTENCE:
        saying: Saying | None = Saying("", words, None)
        for viseme in (*visemes.split(), "sil"):
            wanted_us = rig.poses_us[VISEME_NAMES.index(viseme)]
            for left in range(_SYLLABLE_HOPS, 0, -1):
                steps_us = [-(-abs(w - n) // left) for w, n in zip(wanted_us, now_us, strict=True)]
                now_us[:] = [
                    _nearer(n, w, min(step, limit))
                    for n, w, step, limit in zip(now_us, wanted_us, steps_us, limits_us, strict=True)
                ]
                yield TrialHop(tuple(now_us), saying)
                saying = None
        yield from [TrialHop(tuple(now_us))] * _BETWEEN_HOPS


def _nearer(now_us: int, wanted_us: int, reach_us: int) -> int:
    return min(max(wanted_us, now_us - reach_us), now_us + reach_us)
