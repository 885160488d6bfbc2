"""What every reader of an annotation returns, and how they read text and numbers."""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mandible.errors import InputError
from mandible.small_file import read_small
from mandible.wording import shortened

# A TextGrid with five tiers and ten phones a second reaches this after several hours.
MAX_BYTES = 16 << 20
# Later than any recording we read; it also keeps a wrong unit from passing as a time.
LONGEST_S = 100 * 3600.0
_DECIMAL = re.compile(r"\d*[.,]\d+")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class Segment:
    """One label with its time in seconds and the line of the file it stands on (from 1).

    ``written`` is the file's spelling, where ``label`` has become a phone of our tables.
    """

    start_s: float
    end_s: float
    label: str
    line: int
    written: str = ""

    @property
    def named(self) -> str:
        """What to call it in a message: a person looks for what the file says."""
        return shortened(self.written or self.label)


@dataclass(frozen=True)
class Annotation:
    """The labels of one file, in the file's order, and the words said where it has them."""

    path: Path
    segments: tuple[Segment, ...]
    text: str = ""


@dataclass(frozen=True)
class Request:
    """What a reader may need to know.

    Attributes:
        path: the file, for messages.
        rate_hz: sample rate of the recording beside it; TIMIT counts time in samples.
        tier: name of the tier to read, where the format has several; None to find the phones.
    """

    path: Path
    rate_hz: int
    tier: str | None = None


def read_text(path: Path) -> str:
    """Read a text file in UTF-8 or, with its byte order mark, UTF-16.

    Raises:
        InputError: it is missing, too large, binary, or in another encoding.
    """
    raw = read_small(path, MAX_BYTES)
    mark, encoding = next((pair for pair in _MARKS if raw.startswith(pair[0])), (b"", "utf-8"))
    try:
        text = raw[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: byte {error.start + len(mark)} is not {encoding.upper()}; save the file as UTF-8"
        ) from None
    if "\0" in text:
        raise InputError(f"{path}: binary, or UTF-16 without its mark; save the file as UTF-8 text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def seconds(text: str, unit_s: float, place: str) -> float:
    """Return a time that is written in a unit, in seconds; raises InputError unless 0 or later and finite."""
    try:
        time_s = float(text) * unit_s
    except ValueError:
        comma = "; use a point, not a comma" if _DECIMAL.fullmatch(text.strip()) else ""
        raise InputError(f"{place}: {shortened(text)!r} must be a time{comma}") from None
    if not math.isfinite(time_s) or time_s > LONGEST_S:
        raise InputError(f"{place}: {shortened(text)!r} is no time within a recording")
    if time_s < 0:
        raise InputError(f"{place}: {shortened(text)!r} lies before the recording; times start at 0")
    return time_s


def seconds_hint(fields: Sequence[str]) -> str:
    """Return what to add where start and end must be whole numbers: a word on seconds if they look so."""
    return "; these look like seconds" if any(map(_DECIMAL.fullmatch, fields[:2])) else ""


def segment(start: str, end: str, label: str, unit_s: float, request: Request, line: int) -> Segment:
    """Build a segment from its texts; raises InputError where a time is wrong or the end comes first."""
    place = f"{request.path}:{line}"
    start_s, end_s = seconds(start, unit_s, place), seconds(end, unit_s, place)
    if end_s < start_s:
        raise InputError(f"{place}: {shortened(label)!r} ends before it starts; exchange its times")
    return Segment(start_s, end_s, label.strip(), line)
