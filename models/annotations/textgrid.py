"""Praat TextGrids in text form, long or short.

Praat itself reads of both forms only what stands free: numbers, texts in double quotes (a quote inside is
written twice) and flags in angle brackets; everything else (``xmin =``, ``intervals [3]:``) is decoration,
and so is what follows an exclamation mark. One reader therefore serves both.

Source: Praat manual, "TextGrid file formats".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mandible.errors import InputError
from mandible.models.annotations.segments import Annotation, Request, Segment, segment
from mandible.wording import shortened

# Tiers that hold phones, by the names that aligners and Praat scripts give them; the first present counts.
PHONE_TIERS = ("phones", "phone", "segments", "mau")
WORD_TIERS = ("words", "word", "ort-mau")
_TOKEN = re.compile(r'"([^"]*(?:""[^"]*)*)"|![^\n]*|[^\s"!]+|"')
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf(?:inity)?)", re.IGNORECASE)


@dataclass(frozen=True)
class Tier:
    """An interval tier."""

    name: str
    segments: tuple[Segment, ...]


class _Reader:
    """Hands out the free-standing values of a file one after the other."""

    def __init__(self, text: str, request: Request) -> None:
        self._text, self._request = text, request
        self._values = self._free_standing()
        self._counted = 0
        self.line = 1
        self.where = "the header"

    def _free_standing(self) -> Iterator[tuple[str, str]]:
        for match in _TOKEN.finditer(self._text):
            token = match.group()
            if token == '"':
                self._move_to(match.start())
                raise self._wrong('the text that begins with " here never ends; the file is damaged')
            if match.group(1) is not None:
                kind, value = "text", match.group(1).replace('""', '"')
            elif token.startswith("<") and token.endswith(">"):
                kind, value = "flag", token
            elif _NUMBER.fullmatch(token):
                kind, value = "number", token
            else:
                continue
            self._move_to(match.start())
            yield kind, value

    def _move_to(self, position: int) -> None:
        self.line += self._text.count("\n", self._counted, position)
        self._counted = position

    def _wrong(self, what: str) -> InputError:
        return InputError(f"{self._request.path}:{self.line}: {what}")

    def next(self, kind: str) -> str:
        """Return the next value, which must be a ``text``, a ``number`` or a ``flag``."""
        found = next(self._values, None)
        if found is None:
            raise self._wrong(f"the file ends within {self.where}; it is cut short")
        if found[0] != kind:
            raise self._wrong(f"a {kind} must stand here in {self.where}, not {shortened(found[1])!r}")
        return found[1]

    def count(self) -> int:
        """Return the next value, which must be a number of things that follow."""
        text = self.next("number")
        if not text.isdecimal() or len(text) > 9:
            raise self._wrong(f"{shortened(text)!r} must be a count in {self.where}")
        return int(text)


def _tiers(text: str, request: Request) -> list[Tier]:
    reader = _Reader(text, request)
    # "ooTextFile short" is how old files of the short form begin.
    if not reader.next("text").startswith("ooTextFile") or reader.next("text") != "TextGrid":
        raise InputError(f'{request.path}:{reader.line}: must begin with "ooTextFile" and "TextGrid"')
    reader.next("number")
    reader.next("number")
    if reader.next("flag") != "<exists>":
        return []
    tiers = []
    for number in range(1, reader.count() + 1):
        reader.where = f"tier {number}"
        kind, name = reader.next("text"), reader.next("text")
        reader.next("number")
        reader.next("number")
        size = reader.count()
        segments = []
        for item in range(1, size + 1):
            reader.where = f"item {item} of {size} in tier {shortened(name)!r}"
            start = reader.next("number")
            line = reader.line
            end = reader.next("number") if kind == "IntervalTier" else start
            segments.append((start, end, reader.next("text"), line))
        if kind == "IntervalTier":
            tiers.append(Tier(name, tuple(segment(*row[:3], 1.0, request, row[3]) for row in segments)))
    return tiers


def _named(tiers: list[Tier], names: Sequence[str]) -> Tier | None:
    """Return the tier with the first of the names; of several speakers' tiers ("Anna - phones") the first."""
    for name in names:
        for tier in tiers:
            if tier.name.strip().lower().rpartition(" - ")[2] == name:
                return tier
    return None


def _chosen(tiers: list[Tier], request: Request) -> Tier:
    if not tiers:
        raise InputError(f"{request.path}: no interval tier; phones need their start and end")
    if request.tier is None:
        return _named(tiers, PHONE_TIERS) or tiers[0]
    for tier in tiers:
        if tier.name == request.tier:
            return tier
    known = ", ".join(shortened(tier.name) for tier in tiers[:8])
    raise InputError(f"{request.path}: no interval tier {request.tier!r}; there are {known}")


def read(text: str, request: Request) -> Annotation:
    """Read the phones of a TextGrid, and its words where it has a tier of them.

    The tier is the one asked for, else one with the name of a phone tier, else the first interval tier.

    Raises:
        InputError: the file is damaged or has no such tier; the message names file, line and fix.
    """
    tiers = _tiers(text, request)
    words = _named(tiers, WORD_TIERS)
    said = " ".join(part.label for part in words.segments if part.label) if words else ""
    return Annotation(request.path, _chosen(tiers, request).segments, said)
