"""Which visemes a phone shows, and which others are as good.

The tables are ``tables/arpabet.csv`` (39 phones without stress, ``AH0`` and ``AH1``, ``SIL``, ``UNK``)
and ``tables/ipa.csv`` (base phones; a length mark or stress mark is ignored). One row is one part of a
phone: a diphthong has two, the first 60 % and the second 40 % of its time. A part without a viseme has
no target: the mouth may do what its neighbours want.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mandible.errors import InputError
from mandible.models.visemes import VISEME_NAMES, Viseme

TABLES = Path(__file__).parent / "tables"
PHONE_SETS = ("arpabet", "ipa")
COLUMNS = ("phone", "part", "share_percent", "viseme", "accepted", "jaw_percent", "note")
_IGNORED_MARKS = str.maketrans("", "", "ːˑˈˌ")


@dataclass(frozen=True)
class Part:
    """One stretch of a phone.

    Attributes:
        share: fraction of the phone's time, 0 to 1.
        viseme: the target, or None where the phone has none.
        accepted: every viseme that counts as right, the target included.
        jaw: mouth opening, 0 (closed) to 1 (wide).
    """

    share: float
    viseme: Viseme | None
    accepted: frozenset[Viseme]
    jaw: float


def _part(path: Path, line: int, row: dict[str, str]) -> Part:
    def wrong(field: str, fix: str) -> InputError:
        return InputError(f"{path}:{line}: {field} {row[field]!r} {fix}")

    def percent(field: str) -> float:
        if not row[field].isdigit() or int(row[field]) > 100:
            raise wrong(field, "must be a whole number from 0 to 100")
        return int(row[field]) / 100

    for field in ("viseme", "accepted"):
        if not set(row[field].split()) <= set(VISEME_NAMES):
            raise wrong(field, f"must come from {' '.join(VISEME_NAMES)}")
    if len(row["viseme"].split()) > 1:
        raise wrong("viseme", "must be one viseme; put others under accepted")
    viseme = Viseme[row["viseme"]] if row["viseme"] else None
    others = {Viseme[name] for name in row["accepted"].split()}
    accepted = frozenset(others if viseme is None else others | {viseme})
    return Part(percent("share_percent"), viseme, accepted, percent("jaw_percent"))


def read_table(path: Path) -> dict[str, tuple[Part, ...]]:
    """Read a phone table.

    Raises:
        InputError: a column, a viseme or a share is wrong; the message names file, line and fix.
    """
    parts: dict[str, list[Part]] = {}
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise InputError(f"{path}:1: the columns must be {','.join(COLUMNS)}")
        for row in reader:
            if None in row or None in row.values():
                raise InputError(f"{path}:{reader.line_num}: the row must have {len(COLUMNS)} columns")
            known = parts.setdefault(row["phone"], [])
            if row["part"] != str(len(known) + 1):
                raise InputError(f"{path}:{reader.line_num}: part {row['part']!r} must be {len(known) + 1}")
            known.append(_part(path, reader.line_num, row))
    for phone, pieces in parts.items():
        if round(sum(piece.share for piece in pieces), 6) != 1:
            raise InputError(f"{path}: the shares of {phone!r} must add up to 100 percent")
    return {phone: tuple(pieces) for phone, pieces in parts.items()}


@cache
def table(phoneset: str) -> dict[str, tuple[Part, ...]]:
    """Return the table of a phone set, ``arpabet`` or ``ipa``; raises InputError for another name."""
    if phoneset not in PHONE_SETS:
        raise InputError(f"phone set {phoneset!r} is unknown: use {' or '.join(PHONE_SETS)}")
    return read_table(TABLES / f"{phoneset}.csv")


def parts_of(phoneset: str, phone: str, where: str = "") -> tuple[Part, ...]:
    """Return the parts of a phone, in time order.

    Args:
        phoneset: ``arpabet`` or ``ipa``.
        phone: as in the table; IPA length and stress marks are ignored, and so are ARPAbet stress digits
            but for AH: ``AH0`` is schwa, ``AH1`` and ``AH2`` are the vowel of *cut*.
        where: file and line to name in the error.

    Raises:
        InputError: the phone is not in the table.
    """
    known = table(phoneset)
    if phoneset == "arpabet":
        exact = phone.upper().replace("2", "1")
        base = exact if exact in known else exact.rstrip("01")
    else:
        base = phone.translate(_IGNORED_MARKS)
    try:
        return known[base]
    except KeyError:
        place = f"{where}: " if where else ""
        raise InputError(
            f"{place}phone {phone!r} is not in the {phoneset} table; add it to {TABLES / f'{phoneset}.csv'}"
        ) from None


def visemes_of(phoneset: str, phone: str, where: str = "") -> tuple[tuple[Viseme, float], ...]:
    """Return (viseme, share of the phone's time) in time order; empty where the phone has no target."""
    parts = parts_of(phoneset, phone, where)
    return tuple((part.viseme, part.share) for part in parts if part.viseme is not None)


def accepted(phoneset: str, phone: str, where: str = "") -> tuple[frozenset[Viseme], ...]:
    """Return, part by part, the visemes that count as right."""
    return tuple(part.accepted for part in parts_of(phoneset, phone, where))


@cache
def jaw_of_viseme() -> tuple[float, ...]:
    """Return the mouth opening of the fifteen visemes, 0 (closed) to 1 (wide), in viseme order."""
    path = TABLES / "visemes.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        opening = {row["viseme"]: int(row["openness_percent"]) / 100 for row in csv.DictReader(stream)}
    if tuple(opening) != VISEME_NAMES:
        raise InputError(f"{path}: the rows must be {' '.join(VISEME_NAMES)}, in this order")
    return tuple(opening.values())
