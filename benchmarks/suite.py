"""Suites: which probes run, and how long each looks; one TOML file a suite."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mandible.benchmarks.devices import DEVICES
from mandible.benchmarks.settings import read_settings
from mandible.errors import InputError
from mandible.firmware_bridge.rig_keys import nearest
from mandible.small_file import read_small
from mandible.wording import shortened

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).with_name("suites")
SCHEMA = 1
_MOST_BYTES = 64 << 10
_KEYS = ("schema", "summary", "probes")
# Each is a module of mandible.benchmarks.probes with Settings and measure(settings, bench).
PROBES = tuple(
    sorted(path.stem for path in Path(__file__).with_name("probes").glob("*.py") if path.stem != "__init__")
)


@dataclass(frozen=True)
class Step:
    """One probe of a suite, with its settings and the devices it is for."""

    probe: str
    devices: tuple[str, ...]
    settings: Any


@dataclass(frozen=True)
class Suite:
    """A suite: its name, what it is for, and its steps in order."""

    name: str
    summary: str
    steps: tuple[Step, ...]

    def on(self, device: str) -> tuple[Step, ...]:
        """Return the steps for a device."""
        return tuple(step for step in self.steps if device in step.devices)


def suites() -> list[str]:
    """Return the names of the suites that come with mandible."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(named: str) -> Suite:
    """Return a suite by name, or from a ``.toml`` file.

    Raises:
        InputError: there is none, or an entry is wrong; one line that names file, key and remedy.
    """
    path = FOLDER / f"{named}.toml"
    if named not in suites():
        path = Path(named)
        if path.suffix != ".toml":
            known = ", ".join(suites())
            raise InputError(f"--suite {shortened(named)}: choose one of {known}, or name a .toml file")
    try:
        table = tomllib.loads(read_small(path, _MOST_BYTES).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}: not a readable TOML file ({shortened(str(error))})") from None
    return _suite(path.stem, table, path)


def _suite(name: str, table: Mapping[str, Any], path: Path) -> Suite:
    for key in table:
        if key not in _KEYS:
            raise InputError(f"{path}: {shortened(key)}: no such key; {nearest(key, _KEYS)}")
    if table.get("schema") is True or table.get("schema") != SCHEMA:
        raise InputError(f"{path}: schema: must be {SCHEMA}")
    probes = table.get("probes")
    if not isinstance(probes, dict) or not probes:
        raise InputError(f"{path}: probes: needs a table for each probe, such as [probes.{PROBES[0]}]")
    summary = table.get("summary", "")
    if not isinstance(summary, str):
        raise InputError(f"{path}: summary: must be text")
    return Suite(name, summary, tuple(_step(probe, entry, path) for probe, entry in probes.items()))


def _step(probe: str, entry: object, path: Path) -> Step:
    if probe not in PROBES:
        raise InputError(f"{path}: probes.{shortened(probe)}: no such probe; {nearest(probe, PROBES)}")
    if not isinstance(entry, dict):
        raise InputError(f"{path}: probes.{probe}: must be a table")
    rest = dict(entry)
    devices = rest.pop("devices", None)
    if not isinstance(devices, list) or not devices or not all(one in DEVICES for one in devices):
        raise InputError(f"{path}: probes.{probe}.devices: must list some of {', '.join(DEVICES)}")
    module = importlib.import_module(f"mandible.benchmarks.probes.{probe}")
    return Step(probe, tuple(devices), read_settings(module.Settings, rest, f"{path}: probes.{probe}"))
