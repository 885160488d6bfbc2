"""How numbers, subjects and names are written on the page; text of a result may come from anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mandible.benchmarks.figures import figure_named
from mandible.benchmarks.measurement import Measurement, Subject
from mandible.wording import shortened, shown

SIMULATED = "simulated"
MISSING = "–"
LONGEST_NAME = 72
# Width of a letter of the page's text, as a share of its size.
_LETTER = 0.6
_GROUPED_FROM, _POWERS_FROM, _POWERS_BELOW = 1e4, 1e12, 1e-5
_UNITS = {
    "us": "µs", "ms": "ms", "s": "s", "c": "°C", "mhz": "MHz", "mw": "mW", "db": "dB", "mb": "MB", "hz": "Hz",
    "percent": "%", "w": "W", "v": "V", "ma": "mA",
}  # fmt: skip

_COLUMNS = {"cpu_mhz": "CPU clock", "line_us": "a hop through the line", "power_mw": "power"}


def plain(value: object, longest: int = LONGEST_NAME) -> str:
    """Return a value of a result file as one line of text, however long it was."""
    if isinstance(value, float):
        return number(value)
    return shortened(value, longest) if isinstance(value, str) else shown(value)


def number(value: float, digits: int = 4) -> str:
    """Return a number with so many digits that count, large ones in groups of three."""
    size = abs(value)
    if value == 0:
        return "0"
    if not _POWERS_BELOW <= size < _POWERS_FROM:
        return f"{value:.{digits - 1}e}"
    if size >= _GROUPED_FROM:
        return f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    text = f"{value:.{digits}g}"
    if "e" not in text:
        return text
    return f"{value:.0f}" if size >= 1 else f"{value:.9f}".rstrip("0").rstrip(".")


def between(low: float, high: float) -> str:
    """Return an interval; nothing where it has no width."""
    return "" if low == high else f"{number(low, 3)} to {number(high, 3)}"


def told(one: Measurement) -> str:
    """Return a figure with its interval and the mark that it is simulated, without its unit."""
    limits = between(*one.expected)
    text = number(one.value) + (f" ({limits})" if limits else "")
    return text + (f" {SIMULATED}" if one.simulated else "")


def heading(figure: str) -> str:
    """Return a figure's name with its unit."""
    unit = figure_named(figure).unit
    name = spoken(figure)
    return f"{name}, {unit}" if unit and unit not in name.split() else name


def spoken(name: str) -> str:
    """Return a key without its unit's suffix and underscores."""
    words = name.split("_")
    if len(words) > 1 and words[-1] in _UNITS and "per" not in words:
        words = words[:-1]
    return plain(" ".join(words))


def column(name: str) -> tuple[str, str]:
    """Return the words and the unit of a series' column, as of ``temperature_c``."""
    return _COLUMNS.get(name, spoken(name)), _UNITS.get(name.rsplit("_", 1)[-1], "") if "_" in name else ""


def subjects(all_of: Sequence[Subject]) -> list[str]:
    """Return a short name for each subject: what tells it from the others."""
    seen: dict[str, set[str | int]] = {}
    for one in all_of:
        for key, value in one.items():
            seen.setdefault(key, set()).add(value)
    everywhere = {key for key in seen if all(key in one for one in all_of)}
    same = {key for key, values in seen.items() if len(values) == 1 and key in everywhere}
    if len(all_of) < 2:
        same = set()
    return [_name({key: value for key, value in one.items() if key not in same} or one) for one in all_of]


def _name(subject: Mapping[str, str | int]) -> str:
    def part(key: str, value: str | int) -> str:
        if key == "threads":
            return f"{value} thread" if value == 1 else f"{value} threads"
        return f"{value} baud" if key == "baud" else str(value)

    return plain(" ".join(part(*pair) for pair in subject.items()) or "all", LONGEST_NAME)


def marked(text: str, simulated: bool) -> str:
    """Return text with the mark that its figure is simulated."""
    return f"{text} ({SIMULATED})" if simulated else text


def width_of(text: str, size: float = 12) -> float:
    """Return about how wide text is drawn, in pixels."""
    return len(text) * size * _LETTER


def fitted(text: str, width: float, size: float = 12) -> str:
    """Return text cut to a width in pixels."""
    most = max(1, int(width / (size * _LETTER)))
    return text if len(text) <= most else text[: most - 1] + "…"
