"""What counts as right for a phone when a track is scored: accepted visemes, lip shapes, mouth opening.

ARPAbet has its own tables beside this file, because figures are to be comparable with other programs': a
change to the tables that training uses must not move the yardstick. For IPA the training table is the only
one there is; its lip shapes follow from its visemes. Stress digits are ignored, also those of AH.

``sounds.csv``: one row per steady sound: viseme, others as good, lip shape, others as good; empty where
nothing is asked for. ``phones.csv``: the sounds of a phone (60 % the first, 40 % the second), its mouth
opening and whether its time counts at all. ``spellings.csv``: other ways to write a phone. ``visemes.csv``:
lip shape of each viseme, and the opening assumed for a track that states none.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mandible.errors import InputError
from mandible.models import phones as phone_tables
from mandible.models.visemes import VISEME_NAMES, Viseme
from mandible.wording import shown

FOLDER = Path(__file__).parent
SHAPES = ("rest", "lips", "teeth", "open", "round", "narrow")
REST, LIPS = SHAPES.index("rest"), SHAPES.index("lips")
NOTHING_ASKED = -1
FIRST_SHARE = 0.6
ARPABET = "arpabet"


@dataclass(frozen=True)
class Sound:
    """A steady stretch of speech and what a mouth may show for it.

    Attributes:
        name: two stretches with one name are the same sound.
        viseme: the first choice, or -1 where nothing is asked for.
        accepted: the visemes that count as right.
        shape: index of the first choice in ``SHAPES``, or -1.
        accepted_shapes: the lip shapes that count as right.
    """

    name: str
    viseme: int
    accepted: frozenset[int]
    shape: int
    accepted_shapes: frozenset[int]


@dataclass(frozen=True)
class Part:
    """One stretch of a phone: its sound, its share of the phone's time (0..1), its mouth opening (0..1)."""

    sound: Sound
    share: float
    opening: float


@dataclass(frozen=True)
class Phone:
    """A phone as scored.

    Attributes:
        parts: one, or two for a diphthong.
        counted: False where neither jaw nor silence is judged, as in noise that a labeller marked.
        closes_lips: a /p b m/: the lips must meet.
    """

    parts: tuple[Part, ...]
    counted: bool
    closes_lips: bool


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@cache
def shape_of_viseme() -> tuple[int, ...]:
    """Return the lip shape of each of the fifteen visemes."""
    return tuple(SHAPES.index(row["shape"]) for row in _rows("visemes.csv"))


@cache
def opening_of_viseme() -> tuple[float, ...]:
    """Return the mouth opening, 0 to 1, of the fifteen visemes in a track that states none."""
    rows = _rows("visemes.csv")
    assert tuple(row["viseme"] for row in rows) == VISEME_NAMES
    return tuple(int(row["openness_percent"]) / 100 for row in rows)


@cache
def _other_shapes() -> tuple[frozenset[int], ...]:
    return tuple(_shapes(row["also_shape"]) for row in _rows("visemes.csv"))


def _shapes(names: str) -> frozenset[int]:
    return frozenset(SHAPES.index(name) for name in names.split())


def _sound(row: dict[str, str]) -> Sound:
    if not row["viseme"]:
        return Sound(row["sound"], NOTHING_ASKED, frozenset(), NOTHING_ASKED, frozenset())
    viseme, shape = Viseme[row["viseme"]], SHAPES.index(row["shape"])
    also = {int(Viseme[name]) for name in row["also"].split()}
    return Sound(
        row["sound"],
        int(viseme),
        frozenset({int(viseme), *also}),
        shape,
        _shapes(row["also_shape"]) | {shape},
    )


@cache
def _arpabet() -> dict[str, Phone]:
    sounds = {row["sound"]: _sound(row) for row in _rows("sounds.csv")}
    known = {}
    for row in _rows("phones.csv"):
        opening = int(row["openness_percent"]) / 100
        parts = [Part(sounds[row["first"]], 1.0, opening)]
        if row["second"]:
            parts = [
                Part(sounds[row["first"]], FIRST_SHARE, opening),
                Part(sounds[row["second"]], 1 - FIRST_SHARE, opening),
            ]
        closes = parts[0].sound.viseme == Viseme.PP
        known[row["phone"]] = Phone(tuple(parts), row["counted"] == "yes", closes)
    for row in _rows("spellings.csv"):
        known[row["spelling"]] = known[row["phone"]]
    return known


@cache
def phone_of(phoneset: str, label: str, where: str = "") -> Phone:
    """Return how a label is scored.

    Args:
        phoneset: ``arpabet`` or ``ipa``.
        label: a phone; case and stress digits do not matter in ARPAbet, length and stress marks not in IPA.
        where: file and line to name in the error.

    Raises:
        InputError: the label is no phone of the set.
    """
    if phoneset != ARPABET:
        return _from_table(phoneset, label, where)
    spelling = "".join(letter for letter in label if not letter.isdigit()).upper().strip()
    try:
        return _arpabet()[spelling]
    except KeyError:
        place = f"{where}: " if where else ""
        raise InputError(f"{place}phone {shown(label)} is no ARPAbet phone; UNK stands for unknown") from None


def _from_table(phoneset: str, label: str, where: str) -> Phone:
    parts = []
    table_parts = phone_tables.parts_of(phoneset, label, where)
    for number, part in enumerate(table_parts, 1):
        name = label if len(table_parts) == 1 else f"{label}.{number}"
        if part.viseme is None:
            sound = Sound(name, NOTHING_ASKED, frozenset(), NOTHING_ASKED, frozenset())
        else:
            shape = shape_of_viseme()
            shapes = frozenset(shape[viseme] for viseme in part.accepted) | _other_shapes()[part.viseme]
            accepted = frozenset(int(viseme) for viseme in part.accepted)
            sound = Sound(name, int(part.viseme), accepted, shape[part.viseme], shapes)
        parts.append(Part(sound, part.share, part.jaw))
    closes = any(part.viseme == Viseme.PP for part in table_parts)
    return Phone(tuple(parts), True, closes)
