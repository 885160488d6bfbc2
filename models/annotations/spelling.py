"""Labels as people and programs spell them, as phones of our tables.

ARPAbet may be written in lower case, with stress digits, with TIMIT's and Kaldi's additions; IPA with length,
stress, tie bars and diacritics. ``tables/spellings.csv`` lists the labels that mean something else than they
look like: columns phoneset, label, phone, joins (phones whose first part the label may be: a closure belongs
to the stop that follows) and note.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from mandible.errors import InputError
from mandible.models.annotations.segments import Annotation, Segment
from mandible.models.phones import PHONE_SETS, TABLES, table
from mandible.wording import shortened

# A label of two phones, a diphthong as a rule, changes after this part of its time, as in our tables.
FIRST_SHARE = 0.6
# With this share of ARPAbet among the labels that tell, the others are slips; IPA comes nowhere near it.
NEARLY_ALL = 0.75
_COLUMNS = ["phoneset", "label", "phone", "joins", "note"]
_LONGEST_LABEL = 24
_IPA_IGNORED = str.maketrans("", "", "ːˑˈˌ:'͜͡.")
_KALDI_POSITION = re.compile(r"_[BIES]$")


@dataclass(frozen=True)
class Spelling:
    """A label's phone, and the phones that it is the beginning of."""

    phone: str
    joins: frozenset[str] = frozenset()


@cache
def _listed(phoneset: str) -> dict[str, Spelling]:
    path = TABLES / "spellings.csv"
    found = {}
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if reader.fieldnames != _COLUMNS:
            raise InputError(f"{path}:1: the columns must be {','.join(_COLUMNS)}")
        for row in reader:
            if row["phoneset"] not in PHONE_SETS or row["phone"] not in table(row["phoneset"]):
                raise InputError(f"{path}:{reader.line_num}: phone {row['phone']!r} must be in the tables")
            if row["phoneset"] == phoneset:
                label = unicodedata.normalize("NFD", row["label"])
                found[label] = Spelling(row["phone"], frozenset(row["joins"].split()))
    return found


def _arpabet(label: str) -> tuple[Spelling, ...]:
    bare = _KALDI_POSITION.sub("", label).lower()
    if bare in _listed("arpabet"):
        return (_listed("arpabet")[bare],)
    phone = bare.upper().replace("2", "1")
    known = table("arpabet")
    for candidate in (phone, phone.rstrip("01")):
        if candidate in known:
            return (Spelling(candidate),)
    return ()


@cache
def _ipa_letters() -> dict[str, str]:
    return {unicodedata.normalize("NFD", phone): phone for phone in table("ipa")}


def _plain(letters: str) -> str:
    """Return IPA without diacritics and raised letters."""
    return "".join(c for c in letters if unicodedata.category(c) not in ("Mn", "Lm", "Sk"))


def _one_ipa(letters: str) -> Spelling | None:
    for candidate in (letters, _plain(letters)):
        if candidate in _listed("ipa"):
            return _listed("ipa")[candidate]
        if candidate in _ipa_letters():
            return Spelling(_ipa_letters()[candidate])
    return None


def _ipa(label: str) -> tuple[Spelling, ...]:
    if label in _listed("ipa"):
        return (_listed("ipa")[label],)
    letters = unicodedata.normalize("NFD", label).translate(_IPA_IGNORED)
    whole = _one_ipa(letters) if letters else None
    if whole is not None:
        return (whole,)
    for cut in range(1, len(letters)):
        # Diacritics belong to the letter before them.
        if not unicodedata.combining(letters[cut]):
            first, second = _one_ipa(letters[:cut]), _one_ipa(letters[cut:])
            if first is not None and second is not None and _plain(letters[:cut]) and _plain(letters[cut:]):
                return (first, second)
    return ()


@cache
def spelt(phoneset: str, label: str) -> tuple[Spelling, ...]:
    """Return the one or two phones of a label; none where the phone set does not know it.

    Args:
        phoneset: ``arpabet`` or ``ipa``.
        label: as the file writes it.
    """
    if len(label) > _LONGEST_LABEL:
        return ()
    return _arpabet(label.strip()) if phoneset == "arpabet" else _ipa(label.strip())


def _first_unknown(
    phoneset: str, annotations: Iterable[Annotation]
) -> tuple[int, Annotation, Segment] | None:
    """Return how many labels a phone set knows before the first that it does not; None if it knows all."""
    known = 0
    for annotation in annotations:
        for part in annotation.segments:
            if not spelt(phoneset, part.label):
                return known, annotation, part
            known += 1
    return None


def _slip_in_arpabet(annotations: Iterable[Annotation]) -> tuple[Annotation, Segment] | None:
    """Return the first label that is no ARPAbet where nearly all others are; None where they are not.

    Most ARPAbet labels are letters of IPA too (``aa``, ``er``), so that one slip would turn a whole folder
    into another language. Pauses and single letters (``m``) are the same in both and tell nothing.
    """
    telling, slips = 0, []
    for annotation in annotations:
        for part in annotation.segments:
            phones = spelt("arpabet", part.label)
            if not phones:
                slips.append((annotation, part))
            elif len(part.label.strip()) > 1 and phones[0].phone not in ("SIL", "UNK"):
                telling += 1
    return slips[0] if slips and telling >= NEARLY_ALL * (telling + len(slips)) else None


def phone_set(annotations: list[Annotation], asked: str | None = None) -> str:
    """Return the phone set that all labels of some files belong to.

    Args:
        annotations: files whose labels come from one hand, such as those of one folder.
        asked: ``arpabet`` or ``ipa`` to insist on one; None to find out.

    Raises:
        InputError: a label belongs to neither, or not to the one asked for, or nearly all are ARPAbet but
            one is not; the message names its line.
    """
    if asked is not None and asked not in PHONE_SETS:
        raise InputError(f"phone set {asked!r} is unknown: use {' or '.join(PHONE_SETS)}")
    furthest: tuple[int, Annotation, Segment] | None = None
    for candidate in PHONE_SETS if asked is None else (asked,):
        unknown = _first_unknown(candidate, annotations)
        if unknown is None:
            if asked is None and candidate == "ipa":
                _refuse_a_slip(annotations)
            return candidate
        if furthest is None or unknown[0] > furthest[0]:
            furthest = unknown
    assert furthest is not None
    _, annotation, part = furthest
    sets = "ARPAbet or IPA" if asked is None else {"arpabet": "ARPAbet", "ipa": "IPA"}[asked]
    raise InputError(
        f"{annotation.path}:{part.line}: label {shortened(part.label)!r} is no phone in {sets}; correct it,"
        " or name the tier or the phoneset in labels.toml"
    )


def _refuse_a_slip(annotations: list[Annotation]) -> None:
    slip = _slip_in_arpabet(annotations)
    if slip is not None:
        annotation, part = slip
        raise InputError(
            f"{annotation.path.parent}: looks like ARPAbet but for {shortened(part.label)!r}"
            f' ({annotation.path.name}:{part.line}); mend it, or say phoneset = "ipa" in labels.toml'
        )


def _pieces(part: Segment, phones: tuple[Spelling, ...]) -> list[tuple[Segment, Spelling]]:
    """Return a label as one segment per phone, each labelled with the phone."""
    if len(phones) == 1:
        return [(Segment(part.start_s, part.end_s, phones[0].phone, part.line, part.label), phones[0])]
    middle_s = part.start_s + FIRST_SHARE * (part.end_s - part.start_s)
    return [
        (Segment(part.start_s, middle_s, phones[0].phone, part.line, part.label), phones[0]),
        (Segment(middle_s, part.end_s, phones[1].phone, part.line, part.label), phones[1]),
    ]


def phones_of(annotation: Annotation, phoneset: str) -> list[Segment]:
    """Return the segments with phones of our table for labels; a closure and its stop become one.

    Raises:
        InputError: a label is no phone of the set.
    """
    phone_set([annotation], phoneset)
    done: list[tuple[Segment, Spelling]] = []
    for part in annotation.segments:
        for piece, spelling in _pieces(part, spelt(phoneset, part.label)):
            if done and piece.label in done[-1][1].joins:
                closure = done.pop()[0]
                both = f"{closure.written} {piece.written}"
                piece = Segment(closure.start_s, piece.end_s, piece.label, closure.line, both)
            done.append((piece, spelling))
    return [piece for piece, _ in done]
