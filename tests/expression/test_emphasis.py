"""One accent for each stressed syllable, none where nothing stands out."""

from __future__ import annotations

import numpy as np
import pytest

from tests.expression.sounds import LOUD, Heard, heard, syllables

_EACH_S = 0.22
_EACH_HOPS = 22
_COUNT = 40


def _read(stressed: set[int], semitones: float = 4, louder_db: float = 6) -> Heard:
    marked = np.array([i in stressed for i in range(_COUNT)])
    hz = 120 * 2 ** (marked * semitones / 12)
    return heard(syllables(hz.tolist(), (LOUD / 4 * 10 ** (marked * louder_db / 20)).tolist(), _EACH_S))


def test_a_monotone_has_no_emphasis() -> None:
    assert _read(set()).emphasis.max() == 0


@pytest.mark.parametrize(("semitones", "louder_db"), [(4, 6), (5, 0), (0, 9)])
def test_every_stressed_syllable_is_one_accent(semitones: float, louder_db: float) -> None:
    stressed = {6, 11, 17, 24, 30, 36}
    accents = _read(stressed, semitones, louder_db).accent_hops
    assert [hop // _EACH_HOPS for hop in accents] == sorted(stressed)
    # Known within 90 ms of the top, which is in the middle: before the syllable is over.
    assert all(hop % _EACH_HOPS >= _EACH_HOPS // 2 for hop in accents)


def test_accents_are_300_ms_apart_at_least() -> None:
    accents = _read({10, 11, 12, 20, 21, 22, 30}).accent_hops
    assert len(accents) >= 3
    assert min(np.diff(accents)) >= 30


def test_the_first_syllables_are_never_emphasis() -> None:
    assert _read({0, 1, 2}).emphasis.max() == 0


def test_the_envelope_rises_at_once_and_falls_in_a_quarter_of_a_second() -> None:
    said = _read({20})
    (begin,) = said.accent_hops
    top = int(np.argmax(said.emphasis))
    assert top - begin <= 4
    assert said.emphasis[top] >= 150
    gone = top + int(np.argmax(said.emphasis[top:] == 0))
    assert 22 <= gone - top <= 26
    assert np.all(np.diff(said.emphasis[top : gone + 1]) < 0)


def test_a_stronger_stress_is_a_higher_peak() -> None:
    weak, strong = (_read({20}, semitones, 6).emphasis.max() for semitones in (2, 6))
    assert weak < strong <= 255
