"""Checks a parsed rig file key by key against ``rig_schema.toml``; knows where each value came from."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mandible.errors import InputError
from mandible.firmware_bridge import toml_source
from mandible.wording import shortened, shown

KeySpec = Mapping[str, Any]
TableSpec = Mapping[str, KeySpec]

SCHEMA: Mapping[str, TableSpec] = {
    name: table
    for name, table in toml_source.parse(
        Path(__file__).with_name("rig_schema.toml").read_text("utf-8")
    ).items()
    if isinstance(table, dict)
}

_LONGEST_NAME = 60
_KINDS = {"integer": "a whole number", "number": "a number", "text": "text", "boolean": "true or false"}


@dataclass(frozen=True, slots=True)
class Effective:
    """One value a rig ends up with: its dotted key, and its line in the file or what else it comes from.

    ``origin`` is empty for lines and defaults.
    """

    key: str
    value: object
    line: int | None
    about: str
    origin: str = ""

    @property
    def source(self) -> str:
        """``line 12``, ``default`` or where else it comes from."""
        return self.origin or ("default" if self.line is None else f"line {self.line}")


class RigText:
    """A rig file as text: reads checked values out of its tables, and words every error.

    Attributes:
        effective: every value handed out so far, in order.
    """

    def __init__(self, file: str, text: str) -> None:
        """Parse ``text``; raise InputError where it is not TOML or holds a number that is not finite."""
        self.file = file
        self.effective: list[Effective] = []
        try:
            self.document = toml_source.parse(text)
        except toml_source.TomlError as error:
            raise InputError(f"{file}: not valid TOML: {error}") from error
        self._lines = toml_source.key_lines(text)
        self._refuse_non_finite(self.document, ())

    def error(self, path: toml_source.Path, message: str) -> InputError:
        """Return the error for the key at ``path``: ``FILE:LINE: [table] key: message``."""
        return key_error(self.file, self.line(path), path, message)

    def line(self, path: toml_source.Path) -> int | None:
        """Return the line of the key at ``path``, or of the nearest table around it, or None."""
        return toml_source.line_of(self._lines, path)

    def table(self, path: toml_source.Path) -> Mapping[str, Any]:
        """Return the table at ``path``, empty where the file has none."""
        value: Any = self.document
        for depth, name in enumerate(path, start=1):
            value = value.get(name, {})
            if not isinstance(value, dict):
                raise self.error(path[:depth], f"must be a table, not {shown(value)}")
        return value  # type: ignore[no-any-return]

    def refuse_unknown(self, path: toml_source.Path, known: Iterable[str], noun: str = "key") -> None:
        """Raise InputError for the first name in the table at ``path`` that is not ``known``."""
        choices = list(known)
        for name in self.table(path):
            if name not in choices:
                raise self.error((*path, name), f"unknown {noun}; {nearest(name, choices)}")

    def read(self, path: toml_source.Path, spec: TableSpec) -> dict[str, Any]:
        """Return every key of ``spec`` from the table at ``path``, defaults filled in."""
        self.refuse_unknown(path, spec)
        return {name: self.value((*path, name), key) for name, key in spec.items()}

    def value(self, path: toml_source.Path, spec: KeySpec) -> Any:
        """Return the checked value at ``path``, or its default; InputError where it is wrong or missing."""
        table = self.table(path[:-1])
        if path[-1] in table:
            value = self._checked(path, table[path[-1]], spec)
            line = self.line(path)
        elif "default" in spec:
            value, line = spec["default"], None
        else:
            raise self.error(path, f"missing; add {path[-1]} = {_example(spec)} ({spec['about']})")
        self.effective.append(Effective(".".join(path), value, line, spec["about"]))
        return value

    def _checked(self, path: toml_source.Path, value: Any, spec: KeySpec) -> Any:
        kind = spec["type"]
        if "or" in spec and value == spec["or"]:
            return value
        allowed = {"integer": (int,), "number": (float, int), "text": (str,), "boolean": (bool,)}[kind]
        if type(value) not in allowed:
            instead = f" or {shown(spec['or'])}" if "or" in spec else ""
            raise self.error(path, f"must be {_KINDS[kind]}{instead}, not {shown(value)}")
        low, high = spec.get("minimum"), spec.get("maximum")
        if low is not None and high is not None and not low <= value <= high:
            raise self.error(path, f"{shown(value)} is out of range; it takes {low} to {high}")
        return float(value) if kind == "number" else value

    def _refuse_non_finite(self, value: Any, path: toml_source.Path) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                self._refuse_non_finite(inner, (*path, name))
        elif isinstance(value, list):
            for inner in value:
                self._refuse_non_finite(inner, path)
        elif isinstance(value, float) and not math.isfinite(value):
            raise self.error(path, f"{value} is not allowed; write a finite number")


def key_error(file: str, line: int | None, path: toml_source.Path, message: str) -> InputError:
    """Return the error for the key at ``path``: ``FILE:LINE: [table] key: message``."""
    names = [shortened(name) for name in path]
    table = f"[{'.'.join(names[:-1])}] " if len(path) > 1 else ""
    where = file if line is None else f"{file}:{line}"
    return InputError(f"{where}: {table}{names[-1]}: {message}")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``did you mean X?``, or the list of what is known where nothing comes close."""
    choices = list(known)
    folded = {choice.casefold(): choice for choice in choices}
    # Nothing we know is longer; comparing takes time that grows with the length.
    close = difflib.get_close_matches(name[:_LONGEST_NAME].casefold(), folded, n=1, cutoff=0.6)
    return f"did you mean {folded[close[0]]}?" if close else f"known: {', '.join(choices)}"


def _example(spec: KeySpec) -> str:
    return f"{spec['minimum']}..{spec['maximum']}" if "minimum" in spec else "a value"
