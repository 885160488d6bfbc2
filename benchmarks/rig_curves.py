"""A picture of what a rig does with a recording: sound, visemes, and the curve of each servo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from mandible.api import build_line
from mandible.benchmarks.picture import (
    COLOUR_KEY,
    DPI,
    FAINT,
    GRID,
    INK,
    LETTER_SHARE,
    MEASURED,
    VISEME_COLOURS,
    WIDTH_PX,
    draw_sound,
    draw_visemes,
)
from mandible.device.audio import open_source
from mandible.device.frames import HOP_MS, SAMPLE_RATE_HZ
from mandible.device.pipeline import flushed
from mandible.errors import InputError
from mandible.firmware_bridge.arrival import held_hops
from mandible.firmware_bridge.rig import Channel, Rig
from mandible.wording import one_line, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_S = 600
_TOP_IN, _ROW_IN, _AROUND_IN = 2.1, 0.95, 1.3
_LONGEST_NAME = 14


@dataclass(frozen=True)
class Spoken:
    """What a rig did with a recording, in time with the sound.

    Attributes:
        sound: (n,) samples, -1 to 1, 16 kHz.
        track: (start_s, end_s, viseme) of each stretch.
        times_s: (hops,) when the sound began that each row of pulses shows.
        pulses_us: (hops, channels) as they leave the line.
    """

    sound: NDArray[np.float64]
    track: list[tuple[float, float, str]]
    times_s: NDArray[np.float64]
    pulses_us: NDArray[np.int64]


def draw(rig: Rig, wav: Path, out: Path) -> float:
    """Draw ``wav``, spoken by ``rig``, to a PNG; return how many seconds of sound it shows.

    Raises InputError for a recording that cannot be read, is empty or is longer than ten minutes.
    """
    spoken = speak(rig, wav)
    duration_s = len(spoken.sound) / SAMPLE_RATE_HZ
    rows = len(rig.channels)
    height_in = _AROUND_IN + _TOP_IN + rows * _ROW_IN
    with mpl.rc_context({"font.family": "DejaVu Sans", "font.size": 11, "axes.edgecolor": GRID}):
        figure = Figure(figsize=(WIDTH_PX / DPI, height_in), dpi=DPI, facecolor="white")
        # A name with a $ in it is no formula.
        mpl.rcParams["text.parse_math"] = False
        axes = figure.subplots(
            2 + rows,
            1,
            sharex=True,
            gridspec_kw={"height_ratios": [1.4, 0.65, *[_ROW_IN] * rows], "hspace": 0.16},
        )
        figure.subplots_adjust(left=0.115, right=0.988, top=1 - 0.75 / height_in, bottom=0.55 / height_in)
        draw_sound(axes[0], spoken.sound, SAMPLE_RATE_HZ, [])
        axes[0].set_ylim(axes[0].get_ylim()[1] * -1, axes[0].get_ylim()[1])  # no phones under it
        draw_visemes(axes[1], spoken.track, LETTER_SHARE * duration_s)
        for number, channel in enumerate(rig.channels):
            colour = MEASURED[number % len(MEASURED)]
            _draw_channel(axes[2 + number], channel, spoken, number, held_hops(rig)[number], colour)
        axes[-1].set_xlabel("seconds; set-points stand under the sound that they show", color=INK)
        axes[-1].set_xlim(0, duration_s)
        title = f"{shortened(wav.name)}, spoken by the {shortened(Path(rig.file).stem)}"
        figure.text(0.115, 1 - 0.45 / height_in, title, fontsize=16, fontweight="bold", color=INK)
        patches = [Patch(color=VISEME_COLOURS[viseme], label=name) for viseme, name in COLOUR_KEY.items()]
        figure.legend(handles=patches, loc="upper right", ncols=len(patches), frameon=False)
        figure.savefig(out, format="png", dpi=DPI)
    return round(duration_s, 2)


def speak(rig: Rig, wav: Path) -> Spoken:
    """Return what the line makes of a recording with ``rig``; raises InputError."""
    line = build_line(rig=rig)
    sound, pulses_us, visemes = [], [], []
    with open_source(str(wav)) as source:
        for frame in flushed(source, line.delay_ms):
            done = line.step(frame)
            assert done.pulses_us is not None
            assert done.viseme is not None
            sound.append(frame.pcm)
            pulses_us.append(done.pulses_us)
            visemes.append(done.viseme.name)
            if len(sound) * HOP_MS > 1000 * MOST_S:
                raise InputError(f"{one_line(str(wav))}: longer than {MOST_S // 60} minutes; cut out a part")
    if not sound:
        raise InputError(f"{one_line(str(wav))}: holds no sound; name another recording")
    times_s = (np.arange(len(sound)) * HOP_MS + HOP_MS - line.delay_ms) / 1000
    # The last hops are silence that only finishes the sound.
    heard = len(sound) - -int(-(line.delay_ms - HOP_MS) // HOP_MS)
    samples = np.concatenate(sound[:heard]).astype(np.float64) / 32768
    return Spoken(samples, _stretches(visemes, times_s), times_s, np.array(pulses_us, np.int64))


def _stretches(visemes: list[str], times_s: NDArray[np.float64]) -> list[tuple[float, float, str]]:
    track: list[tuple[float, float, str]] = []
    for viseme, start_s in zip(visemes, times_s.tolist(), strict=True):
        end_s = start_s + HOP_MS / 1000
        if track and track[-1][2] == viseme:
            track[-1] = (track[-1][0], end_s, viseme)
        else:
            track.append((start_s, end_s, viseme))
    return track


def _draw_channel(axes: Axes, channel: Channel, spoken: Spoken, number: int, held: int, colour: str) -> None:
    """Limits dotted, neutral faint, set-points strong; 1 (wide) is up, also where that is the short pulse."""
    for limit_us in (channel.min_us, channel.max_us):
        axes.axhline(limit_us, color=FAINT, linestyle=":", linewidth=1.4)
    axes.axhline(channel.neutral_us, color=GRID, linewidth=1.2)
    axes.step(spoken.times_s, spoken.pulses_us[:, number], where="post", color=colour, linewidth=1.6)
    room_us = 0.12 * (channel.max_us - channel.min_us)
    low_us, high_us = channel.min_us - room_us, channel.max_us + room_us
    axes.set_ylim(*((high_us, low_us) if channel.reversed else (low_us, high_us)))
    axes.set_yticks([channel.min_us, channel.max_us], [f"{channel.min_us}", f"{channel.max_us} µs"])
    name = shortened(channel.name, _LONGEST_NAME)
    waits = f"\nheld back\n{held * HOP_MS} ms" if held else ""
    axes.set_ylabel(f"{name}{waits}", rotation=0, ha="right", va="center", labelpad=14, color=INK)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, length=0, labelsize=9)
