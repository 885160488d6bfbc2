"""Section: one syllable from the microphone to the servo's pulse, everything on one time axis."""

from __future__ import annotations

from collections.abc import Sequence

from mandible.benchmarks.measurement import Series
from mandible.benchmarks.report import delay, over_time, plot
from mandible.benchmarks.report.over_time import Block, Line, Moment, Row
from mandible.benchmarks.report.style import LINES
from mandible.benchmarks.report.told import marked, number, plain
from mandible.benchmarks.result import Result
from mandible.models.page import Number

SOUND, PHONE, VISEMES = "syllable-sound", "syllable-phone", "syllable-visemes"
COMMANDED, MEASURED = "syllable-commanded", "syllable-measured"
_TIME, _START, _END = "time_ms", "start_ms", "end_ms"
_MOST_VISEMES, _MOST_PHONES = 6, 60
_TIME_NAME = "milliseconds since the first sound"
_READING = (
    "Read it downwards: the sound, what is spoken, what the network believes, where the servo is sent and "
    "the pulses that it gets. The bars below are the parts of the delay, medians of the whole run, laid end "
    "to end from the first sound: they show how long such a sound takes until a pulse shows it. Hand-over is "
    "what is left up to the pose on the wire. The servo's own movement comes on top."
)


def section(result: Result) -> str:
    """Return the section, or nothing where no syllable was followed."""
    found = {name: [one for one in result.series if one.name == name] for name in
             (SOUND, PHONE, VISEMES, COMMANDED, MEASURED)}  # fmt: skip
    heard = [row for row in (_sound(found[SOUND]), _spoken(found[PHONE])) if row is not None]
    rows = [*heard, *(row for row in (_weights(found[VISEMES]), _pulses(found)) if row is not None)]
    if not rows:
        return ""
    parts = delay.parts(result)
    if parts:
        told = [Block(part.start, part.end, _lasting(part)) for part in parts]
        rows.append(Row("where the time goes (medians)", "", blocks=told, stairs=True))
    simulated = any(one.simulated for group in found.values() for one in group)
    title = marked("One syllable, from microphone to pulse", simulated)
    label = f"one syllable over time: {', '.join(row.name for row in rows)}"
    moments = [Moment(0.0, "sound")] + ([Moment(parts[-1].end, "pulse")] if parts else [])
    drawn = plot.for_both(lambda width: over_time.draw(rows, _TIME_NAME, label, width, moments))
    cells = [_row("spoken", block, simulated) for block in _phones(found[PHONE])]
    cells += [_row("delay", part, simulated) for part in parts]
    table = plot.table(("", "part", "from, ms", "to, ms", "lasts, ms"), cells)
    return plot.section("syllable", title, plot.note(_READING), drawn, table)


def _lasting(part: Block) -> str:
    return f"{part.word}, {part.end - part.start:.1f} ms"


def _row(kind: str, block: Block, simulated: bool) -> list[object]:
    numbers = (block.start, block.end, block.end - block.start)
    return [kind, marked(block.word, simulated), *(Number(number(value)) for value in numbers)]


def _line(one: Series, key: str, name: str, colour: str, dash: int = 0, steps: bool = False) -> Line | None:
    time, values = one.columns.get(_TIME), one.columns.get(key)
    if time is None or values is None:
        return None
    known = any(now is not None and value is not None for now, value in zip(time, values, strict=True))
    return Line(name, time, values, colour, dash, steps, key == "level") if known else None


def _sound(found: Sequence[Series]) -> Row | None:
    line = _line(found[0], "level", "sound", "quiet") if found else None
    return (
        None
        if line is None
        else Row("sound, share of the loudest there is", "", [line], height=80, zero=True)
    )


def _phones(found: Sequence[Series]) -> list[Block]:
    blocks = []
    for one in found:
        word = plain(one.subject.get("phone", ""), 24)
        for start, end in zip(one.columns.get(_START, ()), one.columns.get(_END, ()), strict=False):
            if start is not None and end is not None:
                blocks.append(Block(start, end, word, "first"))
    return sorted(blocks, key=lambda block: block.start)[:_MOST_PHONES]


def _spoken(found: Sequence[Series]) -> Row | None:
    blocks = _phones(found)
    return Row("spoken", "", blocks=blocks, height=40) if blocks else None


def _weights(found: Sequence[Series]) -> Row | None:
    def most(one: Series) -> float:
        return max((value for value in one.columns.get("weight", ()) if value is not None), default=0.0)

    lines = []
    for index, one in enumerate(sorted(found, key=most, reverse=True)[:_MOST_VISEMES]):
        line = _line(one, "weight", plain(one.subject.get("viseme", ""), 24), LINES[index], index)
        if line is not None:
            lines.append(line)
    return Row("viseme weights", "", lines, height=120, zero=True) if lines else None


def _pulses(found: dict[str, list[Series]]) -> Row | None:
    kinds = ((COMMANDED, "commanded", "sixth", 1), (MEASURED, "measured", "second", 0))
    lines = []
    for name, word, colour, dash in kinds:
        line = _line(found[name][0], "pulse_us", word, colour, dash, True) if found[name] else None
        if line is not None:
            lines.append(line)
    return Row("pulses", "µs", lines, height=130) if lines else None
