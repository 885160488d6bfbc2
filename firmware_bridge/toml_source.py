"""TOML text with the line each key stands on, so that an error or an explanation can point at it."""

from __future__ import annotations

import re
import sys
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TomlError = tomllib.TOMLDecodeError
Path = tuple[str, ...]

_NAME = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_DOTTED = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_HEADER = re.compile(rf"^\s*\[\s*({_DOTTED})\s*\]")
_KEY = re.compile(rf"^\s*({_DOTTED})\s*=")


def parse(text: str) -> dict[str, Any]:
    """Return the document, or raise ``TomlError`` with the line and column in its message."""
    return tomllib.loads(text)


def key_lines(text: str) -> dict[Path, int]:
    """Return the line number (from 1) of every table header and key of a valid document.

    Keys inside an inline table or a multi-line value are not listed; ``line_of`` gives their owner's.
    """
    lines: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = path = _split(header[1])
        elif key := _KEY.match(line):
            path = table + _split(key[1])
        else:
            continue
        for length in range(1, len(path) + 1):
            lines.setdefault(path[:length], number)
    return lines


def line_of(lines: dict[Path, int], path: Path) -> int | None:
    """Return the line of ``path``, or of the nearest table around it, or None."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def _split(dotted: str) -> Path:
    return tuple(name.strip("\"'") for name in re.findall(_NAME, dotted))
