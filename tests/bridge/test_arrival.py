"""Slow and quick servos show a sound at the same time: the quick ones are held back, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from mandible.api import build_line, motion_of
from mandible.device.frames import Frame
from mandible.device.speaker import auto_delay_ms
from mandible.firmware_bridge.arrival import Arrival, held_hops
from mandible.firmware_bridge.guard import Guard
from mandible.firmware_bridge.mixer import Mixer
from mandible.firmware_bridge.rig import Rig
from mandible.models.visemes import Viseme
from tests.bridge.living import PCM

_SHARED = "min_us = 1000\nmax_us = 2000\nneutral_us = 1000\nspeed_us_per_s = 20000\n"


def rig(delays_ms: dict[str, int], link_ms: int = 0, poses: str = "jaw = 1.0, lip = 1.0") -> Rig:
    """A rig of channels with these delays; those named in ``poses`` are its mouth."""
    text = ["schema = 1", f"[link]\nservo_delay_ms = {link_ms}"]
    for output, (name, delay_ms) in enumerate(delays_ms.items()):
        text.append(f"[channels.{name}]\noutput = {output}\n{_SHARED}servo_delay_ms = {delay_ms}")
    return Rig.parse("r.toml", "\n".join([*text, "[poses]", f"aa = {{ {poses} }}"]))


def pulses(of: Rig, visemes: list[Viseme], first: int = 0) -> list[tuple[int, ...]]:
    """What leaves the line when each hop has one viseme alone."""
    stages, out = motion_of(of), []
    for index, viseme in enumerate(visemes, start=first):
        weights = [0] * 15
        weights[viseme] = 255
        frame = Frame(index, 0, PCM, weights=np.array(weights, np.uint8), quiet_hops=0)
        for stage in stages:
            frame = stage.step(frame)
        assert frame.pulses_us is not None
        out.append(frame.pulses_us)
    return out


@pytest.mark.parametrize(
    ("delays_ms", "link_ms", "held"),
    [
        ({"jaw": 90, "lip": 40}, 0, (0, 5)),
        ({"jaw": 40, "lip": 90}, 0, (5, 0)),
        ({"jaw": 90, "lip": 0}, 40, (0, 5)),
        ({"jaw": 0, "lip": 0}, 60, (0, 0)),
        ({"jaw": 54, "lip": 50}, 0, (0, 0)),
        ({"jaw": 55, "lip": 50}, 0, (0, 1)),
        ({"jaw": 200, "lip": 1}, 0, (0, 20)),
        ({"jaw": 90, "lip": 40, "neck": 200}, 0, (0, 5, 0)),
    ],
)
def test_each_waits_for_the_slowest_of_the_mouth(
    delays_ms: dict[str, int], link_ms: int, held: tuple[int, ...]
) -> None:
    assert held_hops(rig(delays_ms, link_ms)) == held


def test_servos_that_differ_arrive_together() -> None:
    delays_ms = {"jaw": 90, "lip": 40}
    visemes = [Viseme.sil] * 3 + [Viseme.aa] * 40
    slow, quick = zip(*pulses(rig(delays_ms), visemes), strict=True)
    for share_us in range(1010, 2000, 10):
        arrives_ms = [
            10 * next(hop for hop, pulse_us in enumerate(way) if pulse_us >= share_us) + delay_ms
            for way, delay_ms in ((slow, 90), (quick, 40))
        ]
        assert arrives_ms[0] == arrives_ms[1]


def test_the_slowest_is_not_held_back_and_the_rest_of_the_puppet_neither() -> None:
    visemes = [Viseme.sil] * 2 + [Viseme.aa] * 20 + [Viseme.sil] * 20
    held = pulses(rig({"jaw": 90, "lip": 40, "neck": 150}), visemes)
    free = pulses(rig({"jaw": 0, "lip": 0, "neck": 0}), visemes)
    assert [hop[0] for hop in held] == [hop[0] for hop in free]
    assert [hop[1] for hop in held[5:]] == [hop[1] for hop in free[:-5]]
    assert [hop[2] for hop in held] == [hop[2] for hop in free]


def test_only_a_rig_that_needs_it_has_the_stage_and_a_guard_is_last() -> None:
    assert [type(stage) for stage in motion_of(rig({"jaw": 0, "lip": 0}))] == [Mixer, Guard]
    stages = [type(stage) for stage in motion_of(rig({"jaw": 90, "lip": 40}))]
    assert stages == [Mixer, Guard, Arrival, Guard]


def test_the_voice_waits_for_the_slowest_servo() -> None:
    line = build_line()
    shared_ms = auto_delay_ms(line, rig({"jaw": 0, "lip": 0}))
    assert auto_delay_ms(line, rig({"jaw": 90, "lip": 40})) == shared_ms + 90
    assert auto_delay_ms(line, rig({"jaw": 0, "lip": 40}, link_ms=60)) == shared_ms + 60
    assert auto_delay_ms(line, rig({"jaw": 90, "lip": 0, "neck": 200})) == shared_ms + 90


def _stepped(stage: Arrival, index: int, *pulses_us: int) -> tuple[int, ...] | None:
    return stage.step(Frame(index, 0, PCM, pulses_us=pulses_us)).pulses_us


def test_dropped_hops_are_time_in_which_servos_stood() -> None:
    stage = Arrival(rig({"jaw": 50, "lip": 30}))
    assert _stepped(stage, 7, 1000, 1000) == (1000, 1000)
    assert _stepped(stage, 8, 1100, 1100) == (1100, 1000)
    assert _stepped(stage, 9, 1200, 1200) == (1200, 1000)
    assert _stepped(stage, 12, 1500, 1500) == (1500, 1200)
    assert _stepped(stage, 13, 1600, 1600) == (1600, 1200)
    assert _stepped(stage, 13, 1650, 1650) == (1650, 1200)
    assert _stepped(stage, 14, 1700, 1700) == (1700, 1500)
    assert _stepped(stage, 5000, 1800, 1800) == (1800, 1700)
    assert _stepped(stage, 4000, 1900, 1900) == (1900, 1700)
    stage.reset()
    assert _stepped(stage, 0, 1300, 1400) == (1300, 1400)


def test_another_rig_of_the_same_delays_goes_on_where_the_mouth_is() -> None:
    before = Arrival(rig({"jaw": 50, "lip": 30}))
    for index in range(5):
        _stepped(before, index, 1000 + index, 1000 + index)
    same, other = Arrival(rig({"jaw": 50, "lip": 30})), Arrival(rig({"jaw": 50, "lip": 40}))
    same.take_over(before)
    other.take_over(before)
    other.take_over(Guard(rig({"jaw": 50, "lip": 40})))
    assert _stepped(same, 5, 1005, 1005) == (1005, 1003)
    assert _stepped(other, 5, 1005, 1005) == (1005, 1005)


def test_it_says_what_it_misses() -> None:
    with pytest.raises(ValueError, match="pulses_us"):
        Arrival(rig({"jaw": 50, "lip": 30})).step(Frame(0, 0, PCM))
