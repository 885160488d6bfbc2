"""Tracks in other programs' classes: figures equal to an independent script's, and what the tables mean."""

from __future__ import annotations

import csv
import json
import math
import random
from itertools import pairwise

import numpy as np
import pytest

from mandible.errors import InputError
from mandible.models.scoring import score_set
from mandible.models.scoring.class_sets import class_set, class_sets, class_track, of_visemes, score_in
from mandible.models.scoring.class_sets.tables import FOLDER as TABLES
from mandible.models.scoring.conventions import FOLDER as CONVENTIONS
from mandible.models.scoring.timeline import Track, reference, track
from mandible.models.visemes import VISEME_NAMES, Viseme
from tests.models.golden_class_scores.make_golden import FOLDER, KINDS, SCORES, pairs, read_rows, spoken
from tests.models.golden_scores.make_golden import FOLDER as VISEME_TRACKS
from tests.models.golden_scores.make_golden import REFERENCES, perfect, read_phones, read_track, wavering

TOLERANCE = 0.005
GOLDEN = json.loads(SCORES.read_text(encoding="utf-8"))
IPA = [
    (0.0, 0.2, "sil"),
    (0.2, 0.3, "m"),
    (0.3, 0.5, "a"),
    (0.5, 0.6, "t"),
    (0.6, 0.9, "i"),
    (0.9, 1.2, "sil"),
]


def test_there_is_a_golden_score_for_every_set_and_kind() -> None:
    assert set(GOLDEN) == {f"{n}.{s}.{kind}" for n in REFERENCES for s in class_sets() for kind in KINDS}


@pytest.mark.parametrize("stem", GOLDEN)
def test_every_figure_agrees_with_the_script(stem: str) -> None:
    name, chosen, _ = stem.split(".")
    said, of = spoken(name), class_set(chosen)
    shown = class_track(read_rows(FOLDER / f"{stem}.csv"), len(said), of)
    figures = score_in(of, [said], [shown], draws=0).figures
    for ours, theirs in pairs("names.csv").items():
        expected = GOLDEN[stem][theirs]
        if math.isnan(expected):
            assert math.isnan(figures[ours]), ours
        else:
            assert figures[ours] == pytest.approx(expected, abs=TOLERANCE), ours


@pytest.mark.parametrize("chosen", class_sets())
@pytest.mark.parametrize("name", REFERENCES)
def test_a_perfect_track_is_right_everywhere_and_a_late_one_is_late(name: str, chosen: str) -> None:
    said, of = spoken(name), class_set(chosen)
    perfect_one, late = (
        score_in(of, [said], [class_track(read_rows(FOLDER / f"{name}.{chosen}.{kind}.csv"), len(said), of)])
        for kind in ("perfect", "late")
    )
    assert perfect_one.figures["accuracy"] == perfect_one.figures["macro_f1"] == 1
    assert perfect_one.figures["best_shift_ms"] == 0
    assert late.figures["best_shift_ms"] == 80
    assert late.figures["accuracy"] < late.figures["accuracy_best"]


@pytest.mark.parametrize(
    "stem", ["puppet.baked", "puppet.wavering", "invented.visemes_only", "invented.late"]
)
def test_our_own_classes_give_the_figures_that_visemes_always_gave(stem: str) -> None:
    said = spoken(stem.split(".")[0])
    rows = read_track(VISEME_TRACKS / f"{stem}.csv")
    as_ever = score_set([said], [track(rows, len(said))], draws=0).figures
    ours = score_in(class_set("oculus"), [said], [class_track(rows, len(said), class_set("oculus"))], draws=0)
    for name, value in ours.figures.items():
        if not name.startswith(("bilabial_f1", "closed_f1")):
            assert value == pytest.approx(as_ever[name], nan_ok=True), name


def test_intervals_are_those_of_visemes_too() -> None:
    said = [spoken(name) for name in REFERENCES]
    rows = [read_track(VISEME_TRACKS / f"{name}.wavering.csv") for name in REFERENCES]
    of = class_set("oculus")
    as_ever = score_set(said, [track(one, len(s)) for one, s in zip(rows, said, strict=True)], draws=50)
    ours = score_in(
        of, said, [class_track(one, len(s), of) for one, s in zip(rows, said, strict=True)], draws=50
    )
    assert ours.intervals["accuracy_best"] == as_ever.intervals["accuracy_best"]
    assert ours.intervals["jaw_correlation"] == as_ever.intervals["jaw_correlation"]
    low, high = ours.intervals["bilabial_f1_best"] or (1.0, 0.0)
    assert low <= ours.figures["bilabial_f1_best"] <= high


@pytest.mark.parametrize("chosen", class_sets())
def test_our_visemes_read_as_another_set_keep_their_meaning(chosen: str) -> None:
    """A perfect viseme track is nearly perfect in every set, one with mistakes is not, and no jaw changes."""
    rows = perfect(read_phones(VISEME_TRACKS / "puppet.phones.csv"))
    said, of = spoken("puppet"), class_set(chosen)
    ours, worse = (
        score_in(of, [said], [of_visemes(track(one, len(said)), of)], draws=0).figures
        for one in (rows, wavering(rows, random.Random(1)))
    )
    assert ours["accuracy"] > 0.85
    assert worse["accuracy"] < ours["accuracy"] - 0.1
    assert ours["jaw_correlation"] > 0.999


@pytest.mark.parametrize("chosen", class_sets())
def test_ipa_is_judged_by_its_visemes(chosen: str) -> None:
    said, of = reference(IPA, "ipa"), class_set(chosen)
    rows = [(start, end, VISEME_NAMES[v]) for start, end, v in _stretches(said.viseme.tolist())]
    assert score_in(of, [said], [of_visemes(track(rows, len(said)), of)], draws=0).figures["accuracy"] > 0.95
    asked, _ = of.asked(said)
    stop = asked[int(0.55 * 100)]
    assert (stop == -1) == (chosen in ("ulipsync", "vowels", "jaw"))


def _stretches(values: list[int]) -> list[tuple[float, float, int]]:
    edges = [0, *[i for i in range(1, len(values)) if values[i] != values[i - 1]], len(values)]
    return [(a / 100, b / 100, max(0, values[a])) for a, b in pairwise(edges)]


def test_sounds_without_a_class_are_not_counted() -> None:
    said, of = reference([(0.0, 0.5, "T"), (0.5, 1.0, "AA")]), class_set("vowels")
    wrong_stop = class_track([(0.0, 0.5, "O"), (0.5, 1.0, "A")], len(said), of)
    assert score_in(of, [said], [wrong_stop], draws=0).figures["accuracy"] == 1


def test_every_sound_of_the_tables_is_one_of_ours_and_complete_sets_know_all() -> None:
    with (CONVENTIONS / "sounds.csv").open(encoding="utf-8", newline="") as stream:
        sounds = {row["sound"] for row in csv.DictReader(stream)}
    for name in class_sets():
        known = set(class_set(name).accepted)
        assert known <= sounds, name
        if name not in ("oculus", "headaudio"):
            assert known == sounds, name


@pytest.mark.parametrize("name", class_sets())
def test_every_choice_that_is_not_obvious_says_why(name: str) -> None:
    of = class_set(name)
    with (TABLES / f"{name}.sounds.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            assert row["why"] or len(row["accepted"].split()) == 1, row
    assert set(of.of_viseme.tolist()) <= set(range(len(of.classes)))


def test_an_unknown_class_and_an_unknown_set_end_in_one_line() -> None:
    with pytest.raises(InputError, match=r'track: class "aa" must be one of X A B'):
        class_track([(0.0, 1.0, "aa")], 100, class_set("rhubarb"))
    with pytest.raises(InputError, match=r"must be one of .*rhubarb"):
        class_set("../oculus")


def test_a_mouth_that_shows_nothing_scores_no_closure() -> None:
    said, of = spoken("puppet"), class_set("vowels")
    silent = of_visemes(Track(np.full(len(said), int(Viseme.sil)), np.zeros(len(said))), of)
    figures = score_in(of, [said], [silent], draws=0).figures
    assert figures["bilabial_f1"] == 0
    assert figures["jaw_correlation"] == 0
