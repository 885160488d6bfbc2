"""The page's head: whose figures these are, what they were measured with, and what was not measured."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from mandible.benchmarks.report import plot
from mandible.benchmarks.report.told import number, plain
from mandible.benchmarks.result import Result
from mandible.models.page import Number

_NAMES = {"host": "this computer", "rpi": "a Raspberry Pi", "jetson": "a Jetson", "mcu": "microcontrollers"}
_MACHINE = {
    "board": "board", "processor": "processor", "architecture": "architecture", "cores": "cores",
    "usable_cores": "usable cores", "system": "system", "distribution": "distribution",
    "governor": "clock governor",
    "scaling_driver": "clock driver", "cpu_max_mhz": "clock at most, MHz", "memory_mb": "memory, MB",
}  # fmt: skip
_UNKNOWN = "not told"
_MOST_ENTRIES = 60
_LONGEST = 160
_MOST_VALUES = 6


def title(result: Result) -> str:
    """Return the page's title."""
    device = _NAMES.get(result.device, plain(result.device))
    return f"mandible on {device}" + (" (simulated)" if simulated(result) == "all" else "")


def lead(result: Result) -> str:
    """Return the line below the title."""
    measured = len(result.measurements)
    return (
        f"Suite {plain(result.suite)}, {plain(result.begun)}, {number(result.duration_s, 3)} s. "
        f"{measured} figures, each with its raw samples in the result file."
    )


def simulated(result: Result) -> str:
    """Return how much is simulated: ``all``, ``some`` or ``none``."""
    marks = [one.simulated for one in result.measurements] + [one.simulated for one in result.series]
    if result.simulated or (marks and all(marks)):
        return "all"
    return "some" if any(marks) else "none"


def banner(result: Result) -> str:
    """Return the warning that figures are no device's own; nothing where they are."""
    how = simulated(result)
    if how == "none":
        return ""
    which = "Every figure here was" if how == "all" else "Figures marked “simulated” were"
    return (
        f'<p class="banner" role="note"><strong>Simulated.</strong> {which} measured on something that '
        "stands for the device, not on the device: good for rehearsing, neither to be quoted nor "
        "compared.</p>"
    )


def machine(result: Result) -> str:
    """Return what it was measured on and with."""
    known = [(words, result.machine.get(key)) for key, words in _MACHINE.items()]
    others = [(key, value) for key, value in result.machine.items() if key not in _MACHINE]
    rows = [
        (words, _UNKNOWN if value is None else value)
        for words, value in (*known, *others[:_MOST_ENTRIES])
        if value is not None or words in ("clock governor", "clock at most, MHz")
    ]
    rows.append(
        (
            "versions",
            ", ".join(f"{name} {version}" for name, version in list(result.versions.items())[:_MOST_ENTRIES]),
        )
    )
    if result.warm_up:
        rows.append(("before timing", result.warm_up))
    entries = "".join(
        f"<dt>{escape(plain(name))}</dt><dd>{escape(plain(value, 600))}</dd>" for name, value in rows
    )
    return plot.section(
        "machine",
        "Measured on",
        f"<dl>{entries}</dl>",
        _models(result),
        _conditions(result),
        _settings(result),
    )


def _models(result: Result) -> str:
    rows = [
        [plain(name), *(_entry(about, key) for key in ("parameters", "bytes")), _entry(about, "sha256", 64)]
        for name, about in result.models.items()
    ]
    if not rows:
        return ""
    return plot.heading("Models") + plot.table(("model", "parameters", "bytes", "sha256"), rows, "Models")


def _entry(about: object, key: str, longest: int = 40) -> object:
    value = about.get(key) if isinstance(about, Mapping) else None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 62:
        return Number(number(value))
    return _UNKNOWN if value is None else plain(value, longest)


def _conditions(result: Result) -> str:
    """Return what figures were measured with, probe by probe; where it differs, every value of it."""
    found: dict[str, dict[str, dict[str, None]]] = {}
    for one in result.measurements:
        for key, value in one.conditions.items():
            found.setdefault(one.probe, {}).setdefault(key, {})[plain(value)] = None
    rows = []
    for probe, conditions in list(found.items())[:_MOST_ENTRIES]:
        told = (
            f"{plain(key)} {' / '.join(list(values)[:_MOST_VALUES])}{' ...' * (len(values) > _MOST_VALUES)}"
            for key, values in list(conditions.items())[:_MOST_ENTRIES]
        )
        rows.append([plain(probe), plain("; ".join(told), 900)])
    if not rows:
        return ""
    return plot.heading("Conditions") + plot.table(("probe", "measured with"), rows, "Conditions")


def _settings(result: Result) -> str:
    rows = []
    for probe, settings in list(result.settings.items())[:_MOST_ENTRIES]:
        entries = settings.items() if isinstance(settings, Mapping) else ()
        told = ", ".join(f"{key} {_value(value)}" for key, value in list(entries)[:_MOST_ENTRIES])
        rows.append([plain(probe), plain(told, 600)])
    if not rows:
        return ""
    made = plot.table(("probe", "settings"), rows)
    return f"<details><summary>Settings of {len(rows)} probes</summary>{made}</details>"


def _value(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return " ".join(plain(one) for one in value[:_MOST_ENTRIES])
    return plain(value)


def not_measured(result: Result) -> str:
    """Return what was not measured, and why."""
    if not result.not_measured:
        return ""
    rows = [[plain(probe), plain(why, _LONGEST * 4)] for probe, why in result.not_measured.items()]
    return plot.section("missing", "Not measured", plot.table(("probe", "why"), rows))
