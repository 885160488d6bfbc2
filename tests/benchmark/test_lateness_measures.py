"""What lateness is computed from: sentences, shifts, the syllable; against answers known beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from mandible.benchmarks.lateness import syllable
from mandible.benchmarks.lateness.sentence import BETWEEN_SAMPLES, Sentence, programme
from mandible.benchmarks.lateness.shifts import Shown, closure_shift_ms, jaw_shift_ms, onset_shift_ms
from mandible.benchmarks.lipsync import Series, phone_jaw
from mandible.benchmarks.speech import sample

PULSE_MS = 20.0


def shown_late(sentence: Sentence, late_ms: float, every_ms: float = 1.0) -> Shown:
    """Return a jaw that shows what the phones ask for, so much later."""
    asked = phone_jaw(sentence.phones, sentence.phoneset)
    at_ms = np.arange(-100.0, len(asked) + 400, every_ms)
    place = np.round(at_ms - late_ms).astype(int)
    opening = np.where((place >= 0) & (place < len(asked)), asked[np.clip(place, 0, len(asked) - 1)], 0.0)
    return Shown(sentence, at_ms, opening)


def sentences() -> tuple[Sentence, ...]:
    return programme(sample().recordings, 1).sentences


@pytest.mark.parametrize("late_ms", [0, 41, 120, 203])
def test_every_shift_is_found_to_the_millisecond(late_ms: int) -> None:
    pieces = [shown_late(one, late_ms) for one in sentences()]
    assert jaw_shift_ms(pieces) == late_ms
    assert onset_shift_ms(pieces) == pytest.approx(late_ms, abs=1)
    assert closure_shift_ms(pieces) == pytest.approx(late_ms, abs=1)


def test_a_pulse_that_stands_adds_half_its_period() -> None:
    # Each sentence begins elsewhere in the period, as in a real run.
    pieces = []
    for number, one in enumerate(sentences()):
        pieces.append(Shown(one, *sampled(one, 60, number * PULSE_MS / 5)))
    for shift_ms in (jaw_shift_ms(pieces), onset_shift_ms(pieces), closure_shift_ms(pieces)):
        assert shift_ms == pytest.approx(60 + PULSE_MS / 2, abs=4)


def sampled(one: Sentence, late_ms: float, phase_ms: float) -> tuple[Series, Series]:
    whole = shown_late(one, late_ms)
    at_ms = np.arange(-100.0 + phase_ms, whole.at_ms[-1], PULSE_MS)
    return at_ms, whole.opening[np.round(at_ms - whole.at_ms[0]).astype(int)]


def test_closures_without_any_bilabial_are_not_judged() -> None:
    silent = Sentence(((0.0, 0.3, "SIL"), (0.3, 0.6, "AA")), "arpabet", 9600)
    assert closure_shift_ms([shown_late(silent, 30)]) is None


def test_a_recording_is_cut_at_its_pauses_and_all_phones_keep_their_place() -> None:
    (recording,) = sample().recordings
    played = programme([recording], 1)
    assert len(played.sentences) == 5
    np.testing.assert_array_equal(played.pcm, recording.pcm)
    placed = [
        (round(start / 16_000 + row[0], 3), row[2])
        for start, one in zip(played.starts, played.sentences, strict=True)
        for row in one.rows
        if not one.silent(row[2])
    ]
    assert placed == [(start_s, phone) for start_s, _, phone in recording.phones if phone != "SIL"]


def test_short_speech_is_played_again_until_there_is_no_room() -> None:
    (recording,) = sample().recordings
    played = programme([recording], 25)
    assert len(played.pcm) == 2 * len(recording.pcm) + BETWEEN_SAMPLES
    assert played.starts[5] == len(recording.pcm) + BETWEEN_SAMPLES
    assert played.sentences[:5] == played.sentences[5:]


def test_the_syllable_is_the_longest_ma_of_the_widest_vowel() -> None:
    rows = ((0.0, 0.1, "M"), (0.1, 0.4, "AE"), (0.4, 0.5, "M"), (0.5, 0.55, "AA"), (0.55, 0.6, "M"))
    first = Sentence((*rows, (0.6, 0.7, "AA"), (0.7, 0.9, "SIL")), "arpabet", 14400)
    assert syllable.chosen([first]) == (0, 4)
    assert syllable.chosen([Sentence(rows[:2], "arpabet", 6400)]) == (0, 0)
    assert syllable.chosen([Sentence(rows[1:3], "arpabet", 6400)]) is None


def test_the_sample_says_ma_in_mama() -> None:
    said = sentences()
    number, row = syllable.chosen(said) or (-1, -1)
    around = [phone for _, _, phone in said[number].rows[row - 2 : row + 4]]
    assert around == ["M", "AY", "M", "AA", "M", "AH"]
