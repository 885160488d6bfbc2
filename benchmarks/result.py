"""A result: everything one run measured, as one JSON file; ``result.schema.json`` describes it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mandible.benchmarks.measurement import Measurement, Series
from mandible.errors import InputError
from mandible.small_file import read_object
from mandible.whole_file import written
from mandible.wording import shortened

SCHEMA = 1
BENCHMARK = "mandible"
_MOST_BYTES = 64 << 20
_OBJECTS = ("machine", "versions", "models", "settings")
# More than any figure in any unit; sums and squares of such numbers stay numbers.
_MOST = 1e30


@dataclass
class Result:
    """One run.

    Attributes:
        device: ``host``, ``rpi``, ``jetson`` or ``mcu``.
        simulated: the device was none; none of the figures may be quoted or compared.
        suite: its name.
        begun: when, ISO 8601 in UTC.
        duration_s: how long it took.
        machine: see ``machine.machine``.
        versions: of mandible, Python and packages.
        models: sha256, bytes and parameters of each model by name.
        settings: of each probe by name.
        warm_up: what is done before anything is timed, in words.
        measurements: the figures.
        series: what was watched over time.
        not_measured: probe -> why, in one line.
        comparison: what ``--compare`` found, or None.
    """

    device: str
    simulated: bool
    suite: str
    begun: str
    machine: Mapping[str, Any]
    versions: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    warm_up: str = ""
    duration_s: float = 0.0
    measurements: list[Measurement] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    not_measured: dict[str, str] = field(default_factory=dict)
    comparison: dict[str, Any] | None = None

    def of(
        self, probe: str | None = None, figure: str | None = None, **subject: str | int
    ) -> list[Measurement]:
        """Return the measurements of a probe and figure whose subject has these values."""
        return [
            one
            for one in self.measurements
            if probe in (None, one.probe)
            and figure in (None, one.figure)
            and all(one.subject.get(name) == value for name, value in subject.items())
        ]

    def as_json(self) -> dict[str, Any]:
        """Return the file's content."""
        return {
            "schema": SCHEMA,
            "benchmark": BENCHMARK,
            "device": self.device,
            "simulated": self.simulated,
            "suite": self.suite,
            "begun": self.begun,
            "duration_s": round(self.duration_s, 1),
            "machine": dict(self.machine),
            "versions": dict(self.versions),
            "models": dict(self.models),
            "settings": dict(self.settings),
            "warm_up": self.warm_up,
            "measurements": [one.as_json() for one in self.measurements],
            "series": [one.as_json() for one in self.series],
            "not_measured": self.not_measured,
            "comparison": self.comparison,
        }


def dumped(result: Result) -> str:
    """Return a result as text: one measurement a line, so that files can be compared by eye."""
    told = result.as_json()
    parts = []
    for name, value in told.items():
        if isinstance(value, list) and value:
            rows = ",\n  ".join(json.dumps(row, allow_nan=False) for row in value)
            parts.append(f'"{name}": [\n  {rows}\n ]')
        else:
            parts.append(f'"{name}": {json.dumps(value, allow_nan=False)}')
    return "{\n " + ",\n ".join(parts) + "\n}\n"


def write(path: Path, result: Result) -> None:
    """Write a result, whole or not at all; raises InputError where it cannot."""
    with written(path) as partial:
        partial.write_text(dumped(result), encoding="utf-8")


def read(path: Path) -> Result:
    """Read a result file; it may come from anywhere.

    Raises:
        InputError: it is no result of ours; one line that names file, key and remedy.
    """
    table = read_object(path, _MOST_BYTES)
    if table.get("benchmark") != BENCHMARK or table.get("schema") != SCHEMA:
        raise InputError(
            f"{path}: no result of `mandible benchmark` (benchmark: {BENCHMARK!r}, schema: {SCHEMA}); "
            "write one with: mandible benchmark -o FILE"
        )
    for name in _OBJECTS:
        if not isinstance(table.get(name), dict):
            raise InputError(f"{path}: {name}: must be an object; measure again")
    try:
        for name in (*_OBJECTS, "comparison"):
            # It may be of any shape, but has to be JSON: Python also reads NaN, and writes none.
            json.dumps(table.get(name), allow_nan=False)
        return Result(
            device=_text(table, "device"),
            simulated=_truth(table, "simulated"),
            suite=_text(table, "suite"),
            begun=_text(table, "begun"),
            machine=table["machine"],
            versions={str(k): str(v) for k, v in table["versions"].items()},
            models=table["models"],
            settings=table["settings"],
            warm_up=_text(table, "warm_up"),
            duration_s=_finite(table["duration_s"]),
            measurements=[_measurement(row) for row in table["measurements"]],
            series=[_series(row) for row in table["series"]],
            not_measured={str(k): str(v) for k, v in table["not_measured"].items()},
            comparison=_comparison(table.get("comparison")),
        )
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise InputError(f"{path}: damaged or of another version ({_reason(error)}); measure again") from None


def _measurement(row: Mapping[str, Any]) -> Measurement:
    interval = row.get("interval")
    limits = None if interval is None else (_finite(interval[0]), _finite(interval[1]))
    return Measurement(
        probe=_text(row, "probe"),
        figure=_text(row, "figure"),
        subject=_flat(row["subject"]),
        rounds=tuple(tuple(_finite(sample) for sample in one) for one in row["rounds"]),
        conditions=_flat(row["conditions"]),
        interval=limits,
        simulated=_truth(row, "simulated"),
    )


def _series(row: Mapping[str, Any]) -> Series:
    columns = {
        str(name): [None if value is None else _finite(value) for value in values]
        for name, values in row["columns"].items()
    }
    if len({len(values) for values in columns.values()}) > 1:
        raise ValueError(f"series {row['name']}: its columns differ in length")
    return Series(
        _text(row, "probe"), _text(row, "name"), _flat(row["subject"]), columns, _truth(row, "simulated")
    )


def _comparison(found: Any) -> dict[str, Any] | None:
    if found is None:
        return None
    rows = found["rows"]
    if not isinstance(rows, list):
        raise ValueError("comparison: rows: must be a list")
    for row in rows:
        for name in ("probe", "figure", "unit", "verdict", "why"):
            _text(row, name)
        _flat(row["subject"])
        for name in ("baseline", "now", "ratio", "low", "high", "limit"):
            if row.get(name) is not None:
                _finite(row[name])
    _text(found, "against")
    _truth(found, "holds")
    return dict(found)


def _flat(table: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in table.items():
        if not isinstance(value, (str, int, float, bool)):
            raise ValueError(f"{name}: must be text or a number")
        if not isinstance(value, (str, bool)):
            _finite(value)
    return dict(table)


def _text(table: Mapping[str, Any], name: str) -> str:
    value = table[name]
    if not isinstance(value, str):
        raise ValueError(f"{name}: must be text")
    return value


def _truth(table: Mapping[str, Any], name: str) -> bool:
    value = table[name]
    if not isinstance(value, bool):
        raise ValueError(f"{name}: must be true or false")
    return value


def _finite(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{shortened(str(value))}: must be a number")
    if abs(value) > _MOST:
        raise ValueError(f"{value:g}: larger than any figure")
    return float(value)


def _reason(error: Exception) -> str:
    missing = f"{error} is missing" if isinstance(error, KeyError) else str(error)
    return shortened(missing or type(error).__name__)
