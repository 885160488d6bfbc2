"""Fills the tables of docs/visemes.md from ``models/tables`` and ``languages.csv``.

``python docs/phones/write.py`` rewrites what stands between ``<!-- table: NAME -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from mandible.device.sinks.formats.rhubarb_cues import shape_table
from mandible.models.phones import TABLES, visemes_of
from mandible.models.phones import table as phone_table
from mandible.models.visemes import VISEME_NAMES, Viseme

HERE = Path(__file__).parent
PAGE = HERE.parent / "visemes.md"
CONSONANTS = tuple(viseme for viseme in Viseme if Viseme.sil < viseme < Viseme.aa)
VOWELS = tuple(viseme for viseme in Viseme if viseme >= Viseme.aa)
_TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = tuple(head)
    lines = [names, ("---",) * len(names), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _showing(phoneset: str, viseme: Viseme) -> str:
    shown = []
    for phone, parts in phone_table(phoneset).items():
        for number, part in enumerate(parts, start=1):
            if part.viseme is viseme:
                shown.append(phone if len(parts) == 1 else f"{phone}{'₁₂'[number - 1]}")
    return " ".join(shown)


def phones() -> str:
    """Return the phones of each viseme; a diphthong's halves carry a small 1 or 2."""
    rows = ((f"`{v.name}`", _showing("arpabet", v), _showing("ipa", v)) for v in Viseme)
    return _table(("viseme", "English (ARPAbet)", "any language (IPA)"), rows)


def alternatives() -> str:
    """Return the phones with more than one right viseme, with the notes of the tables."""
    groups: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    for phoneset in ("ipa", "arpabet"):
        for row in _rows(TABLES / f"{phoneset}.csv"):
            if row["accepted"]:
                names, notes = groups.setdefault((row["viseme"], row["accepted"]), ([], []))
                parts = len(phone_table(phoneset)[row["phone"]])
                names.append(row["phone"] + ("₁₂"[int(row["part"]) - 1] if parts > 1 else ""))
                if row["note"]:
                    notes.append(f"{row['phone']}: {row['note']}")
    order = sorted(groups.items(), key=lambda group: VISEME_NAMES.index(group[0][0]))
    rows = (
        (" ".join(names), f"`{shows}`", f"`{other}`", "; ".join(notes))
        for (shows, other), (names, notes) in order
    )
    return _table(("phones", "show", "also right", "notes of the tables"), rows)


def diphthongs() -> str:
    """Return the phones that are two mouths, one after the other."""
    rows = []
    for phone, parts in phone_table("arpabet").items():
        if len(parts) > 1:
            shown = (
                f"`{part.viseme.name}` {part.share * 100:.0f} %" for part in parts if part.viseme is not None
            )
            rows.append((phone, ", then ".join(shown)))
    return _table(("phone", "shows"), rows)


def no_target() -> str:
    """Return the phones without a mouth of their own."""
    rows = []
    for name, phoneset in (("ARPAbet", "arpabet"), ("IPA", "ipa")):
        phones = phone_table(phoneset).items()
        rows.append(
            (name, " ".join(phone for phone, parts in phones if not any(part.accepted for part in parts)))
        )
    return _table(("", "no target"), rows)


def _languages(visemes: tuple[Viseme, ...]) -> str:
    rows = []
    for row in _rows(HERE / "languages.csv"):
        shown: dict[Viseme, list[str]] = {viseme: [] for viseme in visemes}
        for phone in row["phones"].split():
            for viseme, _ in visemes_of("ipa", phone):
                if viseme in shown:
                    shown[viseme].append(phone)
        rows.append((row["name"], *(" ".join(names) for names in shown.values())))
    return _table(("language", *(f"`{viseme.name}`" for viseme in visemes)), rows)


def consonants() -> str:
    """Return which phones show the consonants' visemes, language by language."""
    return _languages(CONSONANTS)


def vowels() -> str:
    """Return which phones show the vowels' visemes, language by language; glides are among them."""
    return _languages(VOWELS)


def rhubarb() -> str:
    """Return the mouth shape of Rhubarb Lip Sync that each viseme becomes."""
    why = {row["viseme"]: row["why"] for row in _rows(TABLES / "rhubarb.csv")}
    rows = ((f"`{name}`", shape, why[name]) for name, shape in shape_table().items())
    return _table(("viseme", "shape", "why"), rows)


WRITERS: dict[str, Callable[[], str]] = {
    writer.__name__: writer
    for writer in (phones, alternatives, diphthongs, no_target, consonants, vowels, rhubarb)
}


def filled(page: str) -> str:
    """Return the page with every table as the data say now; an unknown table name is a KeyError."""
    return _TABLE.sub(lambda found: found[1] + "\n" + WRITERS[found[2]]() + "\n" + found[3], page)


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text("utf-8")), encoding="utf-8")
