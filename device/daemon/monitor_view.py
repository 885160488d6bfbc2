"""One picture of a status, as it came over the control socket, for a terminal of 80 by 24 and up."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.text import Text

from mandible.device.level import FLOOR_DB
from mandible.models.visemes import VISEME_NAMES
from mandible.wording import one_line

_BLOCKS = " ▁▂▃▄▅▆▇█"
# For terminals that have no block characters.
_PLAIN = " .:-=+*#@"
_FULL = 255
_MEL_ROWS = 3
# Title, level, bands, weights, an empty line and one to spare; channels and stages share what is left of the
# height by these, the source and the end.
_OTHER_ROWS = 9
_LEAST_WIDTH = 40
_CHANNEL_BAR = 16
_LEVEL_BAR = 10
_LABEL_WIDTH = 9
# Lines at most, for what says why nothing moves and what to do about it; and how much of it is looked at.
_MOST_SOURCE_LINES, _MOST_LINK_LINES, _MOST_NOTE_LINES = 3, 3, 4
_LONGEST_FACT = 2000
# Log-mel steps (int8): a quiet room lies under the lowest shown, a loud voice near the highest.
_MEL_LOW, _MEL_HIGH = -40, 120


class Picture:
    """Rich renderable of a status; whatever is missing or strange in it is left out or made plain."""

    def __init__(self, status: Mapping[str, Any], note: str = "") -> None:
        """``status``: ``Snapshot.to_json()``; ``note``: a line below it."""
        self._status = status
        self._note = note

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines that fit."""
        plain = options.ascii_only or not (options.encoding or "").lower().startswith("utf")
        ramp = _PLAIN if plain else _BLOCKS
        width, height = max(options.max_width, _LEAST_WIDTH), options.height or console.size.height
        lines = list(self._lines(ramp, width, height))
        for line in lines:
            line.truncate(width, overflow="crop")
            line.no_wrap = True
        yield Group(*lines[: max(1, height)])

    def _lines(self, ramp: str, width: int, height: int) -> list[Text]:
        now = self._status
        hop, source = _mapping(now.get("hop")), _mapping(now.get("source"))
        heard = f"{_words(source, 'description')}: {_words(source, 'state')}"
        heard_lines = _facts("source", heard, width, _MOST_SOURCE_LINES)
        end = self._end(now, source, width)
        lines = [_title(now), *heard_lines]
        lines += _sound(hop, ramp)
        lines += _mel(_numbers(hop.get("mel")), ramp)
        lines += _weights(hop, ramp)
        lines.append(Text())
        rows = max(1, height - _OTHER_ROWS - len(heard_lines) - len(end))
        left = _channels(now, _numbers(hop.get("pulses_us")), ramp, rows)
        right = _stages(now, rows)
        for row in range(max(len(left), len(right))):
            line = left[row] if row < len(left) else Text()
            line.pad_right(max(0, 42 - line.cell_len))
            lines.append(line + right[row] if row < len(right) else line)
        return lines + end

    def _end(self, now: Mapping[str, Any], source: Mapping[str, Any], width: int) -> list[Text]:
        note = self._note or _words(now, "last_refusal", "") or _words(now, "problem", "")
        return [
            _fact("dropped", _dropped(now, source)),
            *_facts("link", _link(now.get("link")), width, _MOST_LINK_LINES),
            _fact("machine", _machine(_mapping(now.get("telemetry")))),
            *(Text(line, style="yellow") for line in _broken(note, width, _MOST_NOTE_LINES) or [""]),
        ]


def _title(now: Mapping[str, Any]) -> Text:
    mode = _words(now, "mode")
    seconds = int(_number(now.get("uptime_s")))
    up = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    title = Text("mandible ", style="bold")
    title.append(mode, style="bold green" if mode == "live" else "bold yellow")
    rest = f"  {_words(now, 'model')} on {_words(now, 'engine')}  up {up}  pid {_words(now, 'pid')}"
    return title.append(rest, style="dim")


def _sound(hop: Mapping[str, Any], ramp: str) -> list[Text]:
    level_db = _number(hop.get("level_db"), FLOOR_DB)
    gate = hop.get("gate_open")
    words = f" {level_db:4.0f} dB"
    if isinstance(gate, bool):
        words += f"  gate {'open' if gate else 'shut'}"
    for name, word in (("openness", "mouth"), ("arousal", "arousal"), ("emphasis", "emphasis")):
        if hop.get(name) is not None:
            words += f"  {word} {_number(hop[name]) / _FULL:.0%}"
    return [_label("level") + _bar(1 - level_db / FLOOR_DB, _LEVEL_BAR, ramp) + Text(words)]


def _mel(mel: Sequence[float], ramp: str) -> list[Text]:
    """Forty bars, three rows high; low notes on the left."""
    steps = len(ramp) - 1
    span = _MEL_HIGH - _MEL_LOW
    heights = [round(_between((value - _MEL_LOW) / span) * _MEL_ROWS * steps) for value in mel[:40]]
    rows = []
    for row in reversed(range(_MEL_ROWS)):
        cells = "".join(ramp[min(steps, max(0, height - row * steps))] for height in heights)
        rows.append(_label("mel" if row == _MEL_ROWS - 1 else "") + Text(cells, style="cyan"))
    return rows


def _weights(hop: Mapping[str, Any], ramp: str) -> list[Text]:
    weights = _numbers(hop.get("weights")) or [0.0] * len(VISEME_NAMES)
    spoken = hop.get("viseme")
    names, bars = _label("viseme"), _label("weight")
    for name, weight in zip(VISEME_NAMES, weights, strict=False):
        names.append(f"{name:<4}", style="bold green" if name == spoken else "dim")
        cell = ramp[round(_between(weight / _FULL) * (len(ramp) - 1))]
        bars.append(f"{cell * 3} ", style="green" if name == spoken else "")
    return [names, bars]


def _channels(now: Mapping[str, Any], pulses_us: Sequence[float], ramp: str, rows: int) -> list[Text]:
    channels = [_mapping(each) for each in _list(now.get("channels"))]
    if not channels:
        return [_fact("channels", "no rig")]
    lines = [_label("channels") + Text("" if pulses_us else "let go", style="dim")]
    for channel, pulse_us in zip(channels, pulses_us or [0.0] * len(channels), strict=False):
        low_us, high_us = _number(channel.get("min_us")), _number(channel.get("max_us"))
        share = (pulse_us - low_us) / (high_us - low_us) if high_us > low_us else 0
        name = _words(channel, "name")[:12]
        words = f" {pulse_us:4.0f} µs" if pulses_us else ""
        lines.append(Text(f"  {name:<13}") + _bar(share, _CHANNEL_BAR, ramp) + Text(words))
    return _shortened(lines, rows)


def _stages(now: Mapping[str, Any], rows: int) -> list[Text]:
    lines = [Text(f"{'ms':<14}{'p50':>7}{'p99':>8}{'max':>8}", style="bold")]
    stages = {**_mapping(now.get("stages")), "compute": now.get("total")}
    for name, times in stages.items():
        told = _mapping(times)
        if _number(told.get("count")) > 0:
            figures = [_number(told.get(key)) for key in ("p50_ms", "p99_ms", "max_ms")]
            words = f"{figures[0]:7.2f}{figures[1]:8.2f}{figures[2]:8.2f}"
            lines.append(Text(f"{one_line(str(name))[:13]:<14}{words}"))
    return _shortened(lines, rows)


def _shortened(lines: list[Text], rows: int) -> list[Text]:
    if len(lines) <= rows:
        return lines
    return [*lines[: rows - 1], Text(f"  and {len(lines) - rows + 1} more", style="dim")]


def _dropped(now: Mapping[str, Any], source: Mapping[str, Any]) -> str:
    lost, hops = _number(source.get("dropped_hops")), _number(now.get("hops"))
    return f"{lost:.0f} of {hops + lost:.0f} hops, source back {_words(source, 'reconnects')} times"


def _link(link: object) -> str:
    if not isinstance(link, Mapping):
        return "none"
    state = link.get("problem") or link.get("phase")
    counts = ", ".join(f"{name} {_words(link, name)}" for name in ("sent", "lost", "dropped", "reconnects"))
    round_trip = link.get("round_trip_p99_ms")
    trip = "" if round_trip is None else f", round trip p99 {_number(round_trip):.1f} ms"
    return f"{state}: {counts}{trip}"


def _machine(told: Mapping[str, Any]) -> str:
    words = []
    if told.get("temperature_c") is not None:
        words.append(f"{_number(told['temperature_c']):.0f} °C")
    if told.get("power_mw") is not None:
        words.append(f"{_number(told['power_mw']) / 1000:.1f} W")
    if told.get("governor") is not None:
        words.append(f"governor {told['governor']}")
    throttled = [str(each) for each in _list(told.get("throttled"))]
    if throttled:
        words.append(f"held back by {', '.join(throttled)}")
    return ", ".join(words) or "nothing known"


def _fact(name: str, value: str) -> Text:
    return _label(name) + Text(one_line(value))


def _facts(name: str, value: str, width: int, most: int) -> list[Text]:
    """Return a fact that may take several lines."""
    lines = _broken(value, width - _LABEL_WIDTH, most) or [""]
    return [_label("" if row else name) + Text(line) for row, line in enumerate(lines)]


def _broken(text: str, width: int, most: int) -> list[str]:
    """Break text between words into lines, ``most`` at most."""
    return textwrap.wrap(
        one_line(text[:_LONGEST_FACT]), width, max_lines=most, placeholder=" ...", break_on_hyphens=False
    )


def _label(name: str) -> Text:
    return Text(f"{name:<{_LABEL_WIDTH}}", style="bold")


def _bar(share: float, width: int, ramp: str) -> Text:
    """Return a bar that is filled from the left."""
    filled = round(_between(share) * width)
    return Text(ramp[-1] * filled, style="green") + Text(ramp[1] * (width - filled), style="dim")


def _between(share: float) -> float:
    return min(1.0, max(0.0, share)) if share == share else 0.0


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _number(value: object, otherwise: float = 0.0) -> float:
    """Return a number that can be shown, within what a hop, a year or a pulse can be."""
    if isinstance(value, (int, float)) and -1e12 < value < 1e12:
        return float(value)
    return otherwise


def _numbers(value: object) -> list[float]:
    return [_number(each) for each in _list(value)]


def _words(found: Mapping[str, Any], key: str, otherwise: str = "?") -> str:
    value = found.get(key)
    return otherwise if value is None else one_line(str(value))
