"""Rows of phones, as a phone recogniser gives them, read as visemes by the tables that references go by."""

from __future__ import annotations

from collections.abc import Iterable

from mandible.errors import InputError
from mandible.models.scoring.conventions import ARPABET, NOTHING_ASKED, phone_of
from mandible.models.visemes import VISEME_NAMES, Viseme

PHONES = ARPABET
Row = tuple[float, float, str, float | None]


def as_visemes(rows: Iterable[Row]) -> list[Row]:
    """Return (start_s, end_s, viseme, None) of (start_s, end_s, phone, _) rows; a diphthong becomes two.

    What asks for no lips is shown as how it is made: breath at the back of the mouth (kk), noise as rest.

    Raises:
        InputError: a row names no phone.
    """
    found: list[Row] = []
    for start_s, end_s, label, _ in rows:
        try:
            phone = phone_of(ARPABET, label)
        except InputError as error:
            raise InputError(f"track: {error}") from None
        begin_s = start_s
        for number, part in enumerate(phone.parts, 1):
            last = number == len(phone.parts)
            stop_s = end_s if last else begin_s + part.share * (end_s - start_s)
            viseme = part.sound.viseme
            if viseme == NOTHING_ASKED:
                viseme = Viseme.kk if phone.counted else Viseme.sil
            found.append((begin_s, stop_s, VISEME_NAMES[viseme], None))
            begin_s = stop_s
    return found
