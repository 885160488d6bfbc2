"""Figures that say whether a mouth fits its words: closures, openings, lateness; from phones and pulses."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.errors import InputError
from mandible.models.phones import parts_of, table

BILABIALS = frozenset({"P", "B", "M"})
# Stressed /a/: the vowels that begin wide open, each with the viseme aa in the ARPAbet table.
# AH is left out: without stress it is the schwa.
OPEN_VOWELS = frozenset({"AA", "AE", "AY", "AW"})
SILENCE = "SIL"
# Nearer to closed than this share of the jaw's range looks shut; wider than that looks open.
CLOSED_BELOW = 0.15
OPEN_ABOVE = 0.60
# A phone's times are good to about 20 ms, and a pulse comes every 20 ms.
SLACK_S = 0.04
SHIFTS_MS = np.arange(0, 251)

Series = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Phone:
    """One phone: ARPAbet without stress digit, or ``SIL``; ``stressed`` is lexical and only for vowels."""

    start_s: float
    end_s: float
    phone: str
    stressed: bool


@dataclass(frozen=True, slots=True)
class Hits:
    """How many phones of a kind a mouth showed."""

    shown: int
    spoken: int

    @property
    def share(self) -> float:
        """Share shown, 0..1; 0 where nothing was spoken."""
        return self.shown / self.spoken if self.spoken else 0.0

    def __add__(self, other: Hits) -> Hits:
        """Count both."""
        return Hits(self.shown + other.shown, self.spoken + other.spoken)

    def __str__(self) -> str:
        """Return for example ``31 of 33 (94 %)``."""
        return f"{self.shown} of {self.spoken} ({self.share:.0%})"


def read_phones(path: str | Path) -> list[Phone]:
    """Read ``start_s,end_s,phone`` rows; stress is the digit 1 behind a vowel.

    Raises:
        InputError: a column or a phone is wrong; the message names file, line and fix.
    """
    phones = []
    with Path(path).open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if reader.fieldnames != ["start_s", "end_s", "phone"]:
            raise InputError(f"{path}:1: the columns must be start_s,end_s,phone")
        for row in reader:
            name = row["phone"].rstrip("012")
            if name not in table("arpabet"):
                raise InputError(f"{path}:{reader.line_num}: {row['phone']!r} is not an ARPAbet phone")
            phones.append(Phone(float(row["start_s"]), float(row["end_s"]), name, row["phone"].endswith("1")))
    return phones


def bilabials(phones: Sequence[Phone]) -> list[Phone]:
    """Return every /p b m/."""
    return [p for p in phones if p.phone in BILABIALS]


def open_vowels(phones: Sequence[Phone]) -> list[Phone]:
    """Return every stressed /a/: AA, AE, AY, AW in a stressed syllable."""
    return [p for p in phones if p.phone in OPEN_VOWELS and p.stressed]


def closures(phones: Sequence[Phone], sound_s: Series, opening: Series) -> Hits:
    """Count the /p b m/ during which, give or take 40 ms, at least one pulse is within 15 % of closed.

    Args:
        phones: what was said.
        sound_s: (n,) instant of the sound that each pulse shows: its time less the expected delay.
        opening: (n,) jaw position of each pulse, 0 (closed) to 1 (wide).
    """
    return _count(bilabials(phones), sound_s, opening, lambda p: bool(p.min() <= CLOSED_BELOW))


def openings(phones: Sequence[Phone], sound_s: Series, opening: Series) -> Hits:
    """Count the stressed /a/ during which, give or take 40 ms, at least one pulse is past 60 % of range."""
    return _count(open_vowels(phones), sound_s, opening, lambda p: bool(p.max() > OPEN_ABOVE))


@dataclass(frozen=True, slots=True)
class Performance:
    """What was said, and what the jaw did.

    Attributes:
        phones: from the first sample of the sound.
        starts_s: (n,) start of each pulse, from the same moment.
        opening: (n,) jaw position of each pulse, 0 (closed) to 1 (wide).
        phoneset: of the phones.
    """

    phones: Sequence[Phone]
    starts_s: Series
    opening: Series
    phoneset: str = "arpabet"


def lag_ms(performances: Sequence[Performance]) -> float:
    """Return how late the pulses are: the shift, 0 to 250 ms, at which they agree best with the phones.

    Both are compared every millisecond of all performances together, by correlation; a pulse stands until
    the next one.
    """
    wanted = [phone_jaw(one.phones, one.phoneset) for one in performances]
    # The jaw as a viewer sees it who looks ``shift`` ms later than the sound.
    seen = [
        _every_ms(one, len(asked) + int(SHIFTS_MS[-1]))
        for one, asked in zip(performances, wanted, strict=True)
    ]
    fit = []
    for shift in SHIFTS_MS:
        later = [jaw[shift : shift + len(asked)] for jaw, asked in zip(seen, wanted, strict=True)]
        fit.append(np.corrcoef(np.concatenate(wanted), np.concatenate(later))[0, 1])
    return float(SHIFTS_MS[int(np.argmax(fit))])


def _every_ms(one: Performance, count: int) -> Series:
    latest = np.searchsorted(one.starts_s, np.arange(count) / 1000, "right") - 1
    return one.opening[np.maximum(0, latest)]


def phone_jaw(phones: Sequence[Phone], phoneset: str = "arpabet") -> Series:
    """Return the opening that the phones ask for, 0..1, every millisecond from 0."""
    jaw = np.zeros(round(phones[-1].end_s * 1000))
    for phone in phones:
        start_s = phone.start_s
        for part in parts_of(phoneset, phone.phone):
            end_s = start_s + part.share * (phone.end_s - phone.start_s)
            jaw[round(start_s * 1000) : round(end_s * 1000)] = part.jaw
            start_s = end_s
    return jaw


def _count(phones: list[Phone], sound_s: Series, opening: Series, shows: Callable[[Series], bool]) -> Hits:
    shown = 0
    for phone in phones:
        during = opening[(sound_s >= phone.start_s - SLACK_S) & (sound_s <= phone.end_s + SLACK_S)]
        shown += bool(len(during) and shows(during))
    return Hits(shown, len(phones))
