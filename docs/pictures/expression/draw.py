"""Draws what idle life and expression do to the shipped rig ``owl``, for docs/expression.md.

``python docs/pictures/expression/draw.py`` writes both SVG files in this folder anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mandible.device.audio import open_source
from mandible.device.expression import Expression
from mandible.device.frames import HOP_MS, HOP_SAMPLES, Frame, Pcm
from mandible.firmware_bridge.expression_channels import ExpressionChannels
from mandible.firmware_bridge.guard import Guard
from mandible.firmware_bridge.idle import IdleLife
from mandible.firmware_bridge.rig import Rig

HERE = Path(__file__).resolve().parent
SAMPLE = HERE.parents[2] / "samples" / "puppet.wav"
INK, FAINT, PAPER = "#4a2c1a", "#d9c4ae", "#fdf3e7"
LEFT, WIDTH, LANE, GAP, FOOT = 110, 860, 52, 14, 26
MINUTE_HOPS = 60_000 // HOP_MS
SILENCE = np.zeros(HOP_SAMPLES, np.int16)


@dataclass(frozen=True)
class Lane:
    """One curve: its values, one for each step of time, and what its lower and upper edge stand for."""

    name: str
    values: Sequence[float]
    low: float
    high: float


def picture(title: str, lanes: Sequence[Lane], seconds: float, mark_s: int) -> str:
    """Return an SVG file with one lane under the other over a common time."""
    height = len(lanes) * (LANE + GAP) + GAP + FOOT
    marks = range(0, int(seconds) + 1, mark_s)
    x = {mark: LEFT + WIDTH * mark / seconds for mark in marks}
    lines = [f'<path d="M{x[m]:.1f} {GAP}V{height - FOOT}" stroke="{FAINT}"/>' for m in marks]
    times = [f'<text x="{x[m]:.1f}" y="{height - 8}" text-anchor="middle">{m} s</text>' for m in marks]
    return "\n".join(
        (
            '<svg xmlns="http://www.w3.org/2000/svg" role="img" '
            f'viewBox="0 0 {LEFT + WIDTH + 2 * GAP} {height}" '
            f'font-family="system-ui, sans-serif" font-size="13" fill="{INK}">',
            f"<title>{title}</title>",
            f'<rect width="100%" height="100%" rx="12" fill="{PAPER}"/>',
            *lines,
            *times,
            *(_curve(lane, GAP + number * (LANE + GAP)) for number, lane in enumerate(lanes)),
            "</svg>\n",
        )
    )


def _curve(lane: Lane, top: int) -> str:
    points = []
    last = len(lane.values) - 1
    for i, value in enumerate(lane.values):
        # What stays the same on both sides needs no point.
        if 0 < i < last and lane.values[i - 1] == value == lane.values[i + 1]:
            continue
        y = top + LANE * (1 - (value - lane.low) / (lane.high - lane.low))
        points.append(f"{LEFT + WIDTH * i / last:.1f},{y:.1f}")
    label = f'<text x="{LEFT - 12}" y="{top + LANE // 2 + 5}" text-anchor="end">{lane.name}</text>'
    drawn = f'fill="none" stroke="{INK}" stroke-width="1.6"'
    return f'{label}\n<polyline {drawn} points="{" ".join(points)}"/>'


def _lane(rig: Rig, name: str, pulses_us: Sequence[tuple[int, ...]], every: int) -> Lane:
    number = [channel.name for channel in rig.channels].index(name)
    channel = rig.channels[number]
    return Lane(name, [hop[number] for hop in pulses_us[::every]], channel.min_us, channel.max_us)


def idle_minute() -> str:
    """Return the picture of one minute in which nobody speaks."""
    owl = Rig.load("owl")
    idle, guard, pulses_us = IdleLife(owl), Guard(owl), []
    for index in range(MINUTE_HOPS):
        frame = Frame(index, 0, SILENCE, quiet_hops=index + 1, pulses_us=owl.neutral_us)
        pulses_us.append(guard.step(idle.step(frame)).pulses_us or ())
    lanes = [_lane(owl, name, pulses_us, 5) for name in ("eyelids", "brows", "head_turn", "head_nod")]
    return picture("One minute of an owl that nobody speaks through: pulses of four servos", lanes, 60, 10)


def sentence() -> str:
    """Return the picture of a spoken sentence and of what expression adds to three servos."""
    owl = Rig.load("owl")
    stages = (Expression(), ExpressionChannels(owl), Guard(owl))
    loudness, arousal, emphasis, pulses_us = [], [], [], []
    with open_source(str(SAMPLE)) as source:
        for frame in source:
            loudness.append(_rms(frame.pcm))
            done = frame.having(pulses_us=owl.neutral_us)
            for stage in stages:
                done = stage.step(done)
            arousal.append(done.arousal or 0)
            emphasis.append(done.emphasis or 0)
            pulses_us.append(done.pulses_us or ())
    heard = [
        Lane("sound", loudness, 0, max(loudness)),
        Lane("arousal", arousal, 0, 255),
        Lane("emphasis", emphasis, 0, 255),
    ]
    lanes = heard + [_lane(owl, name, pulses_us, 1) for name in ("brows", "head_nod")]
    title = "A sentence: its sound, arousal and emphasis, and what an owl's brows and head do"
    return picture(title, lanes, len(loudness) * HOP_MS / 1000, 1)


def _rms(pcm: Pcm) -> int:
    return round(float(np.sqrt(np.mean(pcm.astype(float) ** 2))))


def files() -> dict[str, str]:
    """Return name and text of every SVG file."""
    return {"idle.svg": idle_minute(), "sentence.svg": sentence()}


if __name__ == "__main__":
    for file_name, text in files().items():
        (HERE / file_name).write_text(text, encoding="utf-8")
