"""Whatever a rig asks of idle life and expression, pulses stay within limits and speed."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mandible.api import motion_of
from mandible.device.frames import HOP_MS, Frame
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.rig_keys import SCHEMA, TableSpec
from mandible.firmware_bridge.servos import MAX_HOPS
from mandible.models.visemes import VISEME_COUNT
from tests.bridge.living import PCM

_KINDS = ("blink", "breath", "drift")
_AMOUNT = st.floats(-1, 1, allow_subnormal=False)


def _table(draw: st.DrawFn, spec: TableSpec, without: tuple[str, ...] = ()) -> list[str]:
    """Lines with a value for every key, anywhere in its bounds."""
    lines = []
    for name, key in spec.items():
        if name in without:
            continue
        if key["type"] == "boolean":
            lines.append(f"{name} = true")
        elif key["type"] == "integer":
            lines.append(f"{name} = {draw(st.integers(key['minimum'], key['maximum']))}")
        else:
            lines.append(f"{name} = {draw(st.floats(key['minimum'], key['maximum']))!r}")
    return lines


@st.composite
def _rigs(draw: st.DrawFn) -> Rig:
    names = [f"c{number}" for number in range(draw(st.integers(1, 4)))]
    text = ["schema = 1"]
    for output, name in enumerate(names):
        low = draw(st.integers(500, 2499))
        high = draw(st.integers(low + 1, 2500))
        text += [f"[channels.{name}]", f"output = {output}", f"min_us = {low}", f"max_us = {high}"]
        text += [f"neutral_us = {draw(st.integers(low, high))}"]
        text += [f"speed_us_per_s = {draw(st.integers(100, 20000))}"]
        text += [f"servo_delay_ms = {draw(st.sampled_from([0, 0, 30, 200]))}"]
        text += [f"reversed = {json.dumps(draw(st.booleans()))}"]
    text += ["[poses.aa]", f"c0 = {draw(st.floats(0, 1))!r}"]
    text += ["[idle]", *_table(draw, SCHEMA["idle"])]
    for kind in _KINDS:
        spec = SCHEMA[f"idle_{kind}"]
        drawn = _table(draw, spec, ("interval_ms",) if kind == "drift" else ())
        if kind == "drift":
            # A move must fit into its interval.
            drawn.append(f"interval_ms = {draw(st.integers(5000, 60000))}")
        text += [f"[idle.{kind}]", *drawn, f"[idle.{kind}.channels]"]
        text += [f"{name} = {draw(_AMOUNT)!r}" for name in names if draw(st.booleans())]
    for number in range(draw(st.integers(0, 4))):
        text += [f"[expression.e{number}]", f'channel = "{draw(st.sampled_from(names))}"', "posed = true"]
        text += [f"arousal = {draw(_AMOUNT)!r}", f"emphasis = {draw(st.floats(0.01, 1))!r}"]
    return Rig.parse("any.toml", "\n".join(text))


_HOP = st.tuples(
    st.integers(-3, 5000),
    st.lists(st.integers(0, 255), min_size=VISEME_COUNT, max_size=VISEME_COUNT),
    st.one_of(st.none(), st.integers(0, 10**6)),
    st.one_of(st.none(), st.integers(0, 255)),
    st.one_of(st.none(), st.integers(0, 255)),
)


def _weights(shares: list[int]) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    weights = np.array(shares, np.int64) * 255 // max(sum(shares), 1)
    weights[0] += 255 - weights.sum()
    return weights.astype(np.uint8)


@settings(max_examples=60, deadline=None)
@given(rig=_rigs(), steps=st.lists(_HOP, min_size=1, max_size=25))
def test_pulses_keep_limits_and_speed_for_any_seed_settings_and_hops(
    rig: Rig, steps: list[tuple[int, list[int], int | None, int | None, int | None]]
) -> None:
    stages = motion_of(rig)
    index, before_us = 0, rig.neutral_us
    for number, (jump, shares, quiet_hops, arousal, emphasis) in enumerate(steps):
        index = max(index + jump, 0)
        hops = 1 if number == 0 else min(max(jump, 0), MAX_HOPS)
        frame = Frame(index, 0, PCM, weights=_weights(shares), quiet_hops=quiet_hops)
        frame = frame.having(arousal=arousal, emphasis=emphasis)
        for stage in stages:
            frame = stage.step(frame)
            assert frame.pulses_us is not None
        assert frame.pulses_us is not None
        assert len(frame.pulses_us) == len(rig.channels)
        for channel, pulse_us, previous_us in zip(rig.channels, frame.pulses_us, before_us, strict=True):
            assert isinstance(pulse_us, int)
            assert channel.min_us <= pulse_us <= channel.max_us
            assert abs(pulse_us - previous_us) * 1000 <= channel.speed_us_per_s * HOP_MS * hops
        before_us = frame.pulses_us
