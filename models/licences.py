"""What may be learned from: the licence of each source, and the licences that are allowed.

``licences.toml`` lists the sources that we know. A corpus directory may carry a ``licences.toml`` of the same
form for sources that ours does not know; its ``released`` list, where it has one, counts for those alone.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

from mandible.errors import InputError
from mandible.small_file import exists, read_small
from mandible.wording import shortened

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE_NAME = "licences.toml"
USES = ("train", "evaluate", "hold-out")
UNKNOWN = "unknown"
# Recordings that somebody brought along: only he can know what he may do with them.
OWN = "own"
_MAX_BYTES = 1 << 20
_FIELDS = ("match", "licence", "use", "credit")


@dataclass(frozen=True)
class Licence:
    """What a source allows: licence name, use (``train``, ``evaluate``, ``hold-out``) and whom to credit."""

    name: str
    use: str
    credit: str


OWN_LICENCE = Licence(OWN, "train", "")


@dataclass(frozen=True)
class LicenceList:
    """One file: licence names that a released model may learn from, and (pattern, licence) of sources."""

    released: frozenset[str]
    entries: tuple[tuple[str, Licence], ...]

    def of(self, source: str) -> Licence | None:
        """Return the first entry that matches, or None."""
        return next((licence for pattern, licence in self.entries if fnmatch(source, pattern)), None)


def _entry(path: Path, number: int, row: Any) -> tuple[str, Licence]:
    place = f"{path}: source {number}"
    if not isinstance(row, dict):
        raise InputError(f"{place}: must be a [[source]] table")
    for field in _FIELDS:
        if not isinstance(row.get(field), str):
            raise InputError(f"{place}: {field} must be a text")
    if unknown := sorted(set(row) - set(_FIELDS)):
        raise InputError(f"{place}: {shortened(unknown[0])} is unknown; the fields are {', '.join(_FIELDS)}")
    if row["use"] not in USES:
        raise InputError(f"{place}: use must be one of {', '.join(USES)}")
    return row["match"], Licence(row["licence"], row["use"], row["credit"])


def read_list(path: Path) -> LicenceList:
    """Read a licence file; raises InputError naming the file, the field and the fix."""
    try:
        document = tomllib.loads(read_small(path, _MAX_BYTES).decode("utf-8"))
    except (ValueError, RecursionError) as error:  # ValueError: no TOML, no UTF-8, or thousands of digits
        raise InputError(f"{path}: not a TOML file ({error})") from None
    released, rows = document.get("released", []), document.get("source", [])
    if not isinstance(released, list) or not all(isinstance(name, str) for name in released):
        raise InputError(f"{path}: released must be an array of licence names")
    if not isinstance(rows, list):
        raise InputError(f"{path}: source must be an array of tables: write [[source]]")
    return LicenceList(
        frozenset(released), tuple(_entry(path, number, row) for number, row in enumerate(rows, start=1))
    )


@cache
def _ours() -> LicenceList:
    return read_list(Path(__file__).parent / FILE_NAME)


def _lists(directory: Path | None) -> tuple[LicenceList, ...]:
    if directory is None or not exists(directory / FILE_NAME):
        return (_ours(),)
    theirs = read_list(directory / FILE_NAME)
    return _ours(), LicenceList(_ours().released | theirs.released, theirs.entries)


def licence_of(source: str, directory: Path | None = None) -> Licence | None:
    """Return the licence entry of a source, or None where none is known.

    Args:
        source: folder name of the source.
        directory: the corpus directory, whose own licence file is asked after ours.
    """
    return next((found for found in (book.of(source) for book in _lists(directory)) if found), None)


def may_train(source: str, directory: Path | None = None, allowed: Sequence[str] | None = None) -> bool:
    """Tell whether a model may learn from a source.

    Args:
        source: folder name of the source.
        directory: the corpus directory, as for ``licence_of``.
        allowed: licence names or patterns (``CC-*``; upper and lower case alike) to learn from. None stands
            for the released list, and then only sources meant for training count.

    A source kept for tests (``hold-out``) is never learned from, whatever is allowed.
    """
    for book in _lists(directory):
        licence = book.of(source)
        if licence is None:
            continue
        if allowed is None:
            return licence.use == "train" and licence.name in book.released | {OWN}
        return licence.use != "hold-out" and _matches(licence.name, allowed)
    return allowed is not None and _matches(UNKNOWN, allowed)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return name == OWN or any(fnmatch(name.lower(), pattern.lower()) for pattern in patterns)
