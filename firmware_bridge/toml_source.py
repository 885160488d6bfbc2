"""TOML text with the line each key stands on, so that an error or an explanation can point at it."""

from __future__ import annotations

import re
import sys
from typing import Any

from mandible.wording import shortened

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Path = tuple[str, ...]

# No file of ours goes deeper than three; every parser's work and stack grow with depth.
_MOST_KEY_PARTS = 8
_MOST_NESTED = 16
_LONGEST_MESSAGE = 200

_NAME = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_DOTTED = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_HEADER = re.compile(rf"^\s*\[\s*({_DOTTED})\s*\]")
_KEY = re.compile(rf"^\s*({_DOTTED})\s*=")
_QUOTED = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_PART = rf"(?:[A-Za-z0-9_-]+|{_QUOTED})"
# What brackets and dots mean nothing in comes before keys and brackets. An open end counts as closed, so that
# nothing is looked at twice.
_TOKEN = re.compile(
    "|".join(
        (
            r"#[^\n]*",
            r'"{3}(?:[^"\\]|\\.|"(?!""))*(?:"{3}|\Z)',
            r"'{3}(?:[^']|'(?!''))*(?:'{3}|\Z)",
            rf"(?P<deep>{_PART}(?:[ \t]*\.[ \t]*{_PART}){{{_MOST_KEY_PARTS}}})",
            rf"{_PART}",
            r"(?P<open>[\[{])|(?P<close>[\]}])",
        )
    ),
    re.DOTALL,
)


class TomlError(ValueError):
    """A text is not TOML, or deeper or longer than any of ours; the message has no file name."""


def parse(text: str) -> dict[str, Any]:
    """Return the document, or raise ``TomlError`` with the line and column in its message."""
    _refuse_deep(text)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TomlError(shortened(str(error), _LONGEST_MESSAGE)) from error
    except RecursionError:
        raise TomlError("nested too deeply") from None
    except (ValueError, OverflowError):  # Python stops at a few thousand digits
        raise TomlError("a number or date in it is beyond all bounds") from None


def key_lines(text: str) -> dict[Path, int]:
    """Return the line number (from 1) of every table header and key of a valid document.

    Keys inside an inline table or a multi-line value are not listed; ``line_of`` gives their owner's.
    """
    lines: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.split("\n"), start=1):
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


def _refuse_deep(text: str) -> None:
    depth = 0
    for token in _TOKEN.finditer(text):
        if token["deep"]:
            problem = f"a key of more than {_MOST_KEY_PARTS} parts"
        elif token["open"] and depth == _MOST_NESTED:
            problem = f"brackets nested more than {_MOST_NESTED} deep"
        else:
            depth += bool(token["open"]) - bool(token["close"])
            continue
        raise TomlError(f"{problem} (at line {text.count(chr(10), 0, token.start()) + 1})")


def _split(dotted: str) -> Path:
    return tuple(name.strip("\"'") for name in re.findall(_NAME, dotted))
