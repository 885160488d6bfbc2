"""One picture of a performance: sound, visemes, what the servos were asked for and did, on one time axis."""

from __future__ import annotations

import csv
import os
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MultipleLocator
from numpy.typing import NDArray

from mandible.benchmarks.lipsync import (
    OPEN_VOWELS,
    SILENCE,
    Hits,
    Performance,
    Phone,
    bilabials,
    closures,
    lag_ms,
    openings,
    read_phones,
)
from mandible.firmware_bridge.rig import Channel, Rig

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Series = NDArray[np.float64]

WIDTH_PX, HEIGHT_PX, DPI = 1600, 900, 100
INK, FAINT, GRID = "#22303c", "#8a97a3", "#e3e8ec"
SOUND, CLOSURE, WIDE, COMMANDED = "#7f93a6", "#d1495b", "#c77700", "#6f8aa3"
MEASURED = ("#e07a1f", "#2a7f62", "#5b4b9a", "#b0413e")
# Lips shut or nearly so, wide vowels, other vowels, tongue and teeth, silence: what a viewer can tell apart.
VISEME_COLOURS = {
    "sil": "#f1f3f5",
    "PP": "#d1495b",
    "FF": "#e58a95",
    "aa": "#f2a541",
    "oh": "#f5be6b",
    "E": "#f8d597",
    "ih": "#fae6c0",
    "ou": "#c9b6dd",
    "TH": "#bcd4e6",
    "DD": "#a9c6dc",
    "kk": "#9cbcd4",
    "CH": "#c4dfe0",
    "SS": "#b3d6d7",
    "nn": "#c3d1ea",
    "RR": "#d3dcef",
}
COLOUR_KEY = {"PP": "lips shut", "FF": "lip and teeth", "aa": "vowels", "ou": "round", "DD": "tongue, teeth"}
# Share of the picture's width that a letter of a label takes: a viseme's, and a phone's with air around.
LETTER_SHARE, PHONE_SHARE = 0.0046, 0.0064


def read_pulses(path: Path) -> dict[int, Series]:
    """Read ``time_s,channel,pulse_us`` rows; return {channel: (n, 2) time in seconds and pulse in µs}."""
    rows: dict[int, list[tuple[float, float]]] = {}
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            rows.setdefault(int(row["channel"]), []).append((float(row["time_s"]), float(row["pulse_us"])))
    return {channel: np.array(found) for channel, found in rows.items()}


def read_track(path: Path) -> list[tuple[float, float, str]]:
    """Read a ``csv`` viseme track (header comments allowed); return (start_s, end_s, viseme) rows."""
    with path.open(encoding="utf-8", newline="") as stream:
        lines = (line for line in stream if not line.startswith("#"))
        return [(float(r["start_s"]), float(r["end_s"]), r["viseme"]) for r in csv.DictReader(lines)]


def draw(
    wav: Path,
    track: Path,
    commanded: Path,
    measured: Path,
    out: Path,
    *,
    rig: Rig,
    delay_s: float,
    phones: Path | None = None,
) -> str:
    """Draw one performance to a PNG, 1600 x 900 pixels, whole or not at all.

    Args:
        wav: the sound, 16-bit PCM; its first channel is shown.
        track: viseme track in ``csv`` format, aligned with the sound.
        commanded: ``time_s,channel,pulse_us`` of the set-points, when each left the line; time from the
            sound's first sample, channel as the board numbers its outputs.
        measured: the same of the pulses, when each began.
        out: the picture.
        rig: names and limits of the channels; the first is the jaw.
        delay_s: expected delay from sound to pulse, by which the phones are looked for later.
        phones: ``start_s,end_s,phone``; without it there are no phone labels and no figures.

    Returns:
        The line of figures over the picture.
    """
    spoken = [] if phones is None else read_phones(phones)
    asked, shown = read_pulses(commanded), read_pulses(measured)
    sound, rate_hz = read_sound(wav)
    duration_s = len(sound) / rate_hz
    with mpl.rc_context({"font.family": "DejaVu Sans", "font.size": 11, "axes.edgecolor": GRID}):
        figure = Figure(figsize=(WIDTH_PX / DPI, HEIGHT_PX / DPI), dpi=DPI, facecolor="white")
        axes = figure.subplots(
            3, 1, sharex=True, gridspec_kw={"height_ratios": [2.1, 0.62, 4.4], "hspace": 0.09}
        )
        top, middle, bottom = axes
        figure.subplots_adjust(left=0.062, right=0.988, top=0.875, bottom=0.066)
        draw_sound(top, sound, rate_hz, spoken)
        draw_visemes(middle, read_track(track), LETTER_SHARE * duration_s)
        for colour, channel in zip(MEASURED, rig.channels, strict=False):
            draw_channel(bottom, channel, asked.get(channel.output), shown.get(channel.output), colour)
        finish_pulses(bottom, rig, spoken, delay_s)
        bottom.set_xlim(0, duration_s)
        headline = figures(spoken, rig.channels[0], shown.get(rig.channels[0].output), delay_s)
        title = f"{wav.name}, spoken by the {Path(rig.file).stem}"
        figure.text(0.062, 0.945, title, fontsize=18, fontweight="bold", color=INK)
        figure.text(0.062, 0.905, headline, fontsize=13, color=INK)
        patches = [Patch(color=VISEME_COLOURS[viseme], label=name) for viseme, name in COLOUR_KEY.items()]
        figure.legend(
            handles=patches,
            loc="upper right",
            bbox_to_anchor=(0.992, 0.985),
            ncols=len(patches),
            frameon=False,
        )
        temporary = out.with_name(f".{out.name}.{os.getpid()}")
        figure.savefig(temporary, format="png", dpi=DPI)
    temporary.replace(out)
    return headline


def read_sound(path: Path) -> tuple[Series, int]:
    """Return the first channel of a 16-bit WAV file, -1..1, and its rate in Hz."""
    with wave.open(str(path), "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return samples[:: file.getnchannels()] / 32768, file.getframerate()


def figures(phones: Sequence[Phone], jaw: Channel, pulses: Series | None, delay_s: float) -> str:
    """Return what was measured, in words; without phones, only how many pulses there were."""
    if pulses is None:
        return "no pulses measured"
    starts_s, widths_us = pulses.T
    if not phones:
        return f"{len(pulses)} pulses measured"
    opening = jaw_position(jaw, widths_us)
    late_ms = lag_ms([Performance(phones, starts_s, opening)])
    shut = closures(phones, starts_s - delay_s, opening)
    wide = openings(phones, starts_s - delay_s, opening)
    parts = (
        f"pulses {late_ms:.0f} ms behind the sound",
        f"{spell(shut)} /p b m/ closed",
        f"{spell(wide)} stressed /a/ open",
    )
    return "   ·   ".join(parts)


def jaw_position(channel: Channel, widths_us: Series) -> Series:
    """Return how open the channel is at each pulse, 0..1 of its calibrated range."""
    travel_us = channel.max_us - widths_us if channel.reversed else widths_us - channel.min_us
    position: Series = travel_us / (channel.max_us - channel.min_us)
    return position


def spell(hits: Hits) -> str:
    """Return for example ``31 of 33``."""
    return f"{hits.shown} of {hits.spoken}"


def draw_sound(axes: Axes, sound: Series, rate_hz: int, phones: Sequence[Phone]) -> None:
    """Waveform with the phones under it; closures in red, wide vowels in amber."""
    # One extreme per pixel column keeps every peak and the file small.
    columns = np.array_split(sound, WIDTH_PX)
    time_s = np.linspace(0, len(sound) / rate_hz, len(columns))
    low, high = [c.min() for c in columns], [c.max() for c in columns]
    axes.fill_between(time_s, low, high, color=SOUND, linewidth=0.5)
    peak = float(np.abs(sound).max()) or 1.0
    axes.set_ylim(-1.75 * peak, 1.1 * peak)
    axes.set_ylabel("sound", color=INK)
    bare(axes)
    for phone, row in placed(phones, PHONE_SHARE * len(sound) / rate_hz):
        colour = CLOSURE if is_shut(phone) else WIDE if is_wide(phone) else FAINT
        axes.text(
            (phone.start_s + phone.end_s) / 2,
            (-1.36, -1.64)[row] * peak,
            phone.phone.lower(),
            ha="center",
            va="center",
            fontsize=8.5,
            color=colour,
            fontweight="normal" if colour == FAINT else "bold",
        )


def is_shut(phone: Phone) -> bool:
    """Whether the lips meet in it."""
    return bool(bilabials([phone]))


def is_wide(phone: Phone) -> bool:
    """Whether the jaw is expected to drop in it."""
    return phone.stressed and phone.phone in OPEN_VOWELS


def placed(phones: Sequence[Phone], letter_s: float) -> list[tuple[Phone, int]]:
    """Give each phone's label one of two rows; labels that fit in neither are left out, plain ones first."""
    taken: list[list[tuple[float, float]]] = [[], []]
    found = []
    spoken = (phone for phone in phones if phone.phone != SILENCE)
    for phone in sorted(spoken, key=lambda phone: not (is_shut(phone) or is_wide(phone))):
        middle_s, half_s = (phone.start_s + phone.end_s) / 2, letter_s * len(phone.phone) / 2
        left_s, right_s = middle_s - half_s, middle_s + half_s
        free = [n for n, row in enumerate(taken) if all(right_s <= a or b <= left_s for a, b in row)]
        if free:
            row = min(free, key=lambda n: len(taken[n]))
            taken[row].append((left_s, right_s))
            found.append((phone, row))
    return found


def draw_visemes(axes: Axes, track: Sequence[tuple[float, float, str]], letter_s: float) -> None:
    """One band per row of the track, with its name where it fits."""
    for start_s, end_s, viseme in track:
        axes.axvspan(start_s, end_s, color=VISEME_COLOURS[viseme], linewidth=0)
        if end_s - start_s > letter_s * (len(viseme) + 0.1):
            colour = "white" if viseme == "PP" else INK
            place = (start_s + end_s) / 2
            axes.text(place, 0.5, viseme, ha="center", va="center", fontsize=9, color=colour, clip_on=True)
    axes.set_ylim(0, 1)
    axes.set_ylabel("viseme", color=INK)
    bare(axes)


def draw_channel(
    axes: Axes, channel: Channel, commanded: Series | None, measured: Series | None, colour: str
) -> None:
    """Limits dotted, set-points thin, pulses strong; each holds until the next."""
    for limit_us in (channel.min_us, channel.max_us):
        axes.axhline(limit_us, color=FAINT, linestyle=":", linewidth=1.4)
    if commanded is not None:
        axes.step(*commanded.T, where="post", color=COMMANDED, linewidth=1.0)
    if measured is not None:
        axes.step(*measured.T, where="post", color=colour, linewidth=2.0)


def finish_pulses(axes: Axes, rig: Rig, phones: Sequence[Phone], delay_s: float) -> None:
    """Scale, grid, closures as red columns, and a legend."""
    low = min(c.min_us for c in rig.channels)
    high = max(c.max_us for c in rig.channels)
    room = 0.06 * (high - low)
    axes.set_ylim(low - room, high + 2.6 * room)
    axes.set_ylabel("pulse width, µs", color=INK)
    axes.set_xlabel("seconds", color=INK)
    axes.xaxis.set_major_locator(MultipleLocator(1))
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, length=0)
    for phone in bilabials(phones):
        axes.axvspan(phone.start_s + delay_s, phone.end_s + delay_s, color=CLOSURE, alpha=0.13, linewidth=0)
    handles: list[Any] = [
        axes.plot([], [], color=colour, linewidth=2.5, label=f"{channel.name}, measured")[0]
        for colour, channel in zip(MEASURED, rig.channels, strict=False)
    ]
    handles.append(axes.plot([], [], color=COMMANDED, linewidth=1.2, label="commanded")[0])
    handles.append(axes.plot([], [], color=FAINT, linestyle=":", linewidth=1.4, label="limits")[0])
    if phones:
        label = f"/p b m/, {delay_s * 1000:.0f} ms later: the expected delay to the pulse"
        handles.append(axes.fill_between([], [], color=CLOSURE, alpha=0.25, linewidth=0, label=label))
    axes.legend(handles=handles, loc="upper right", ncols=len(handles), frameon=False, fontsize=10.5)


def bare(axes: Axes) -> None:
    """No ticks and no frame but the label."""
    axes.set_yticks([])
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
