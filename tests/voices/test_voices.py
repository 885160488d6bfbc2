"""The voices say what they claim, when they claim it; else nothing measured with them would mean much."""

from __future__ import annotations

from itertools import islice, pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from mandible.benchmarks.lipsync import SILENCE, bilabials, open_vowels
from mandible.device.frames import SAMPLE_RATE_HZ
from tests.voices.sentences import fresh_seed, sentences, vocabulary, words_in_samples
from tests.voices.synthesis import VOICES, Utterance, fresh_utterances, speak

STEP_S = 0.005


@pytest.fixture(scope="module")
def spoken() -> dict[str, list[Utterance]]:
    seed = fresh_seed()
    print(f"seed {seed}")
    texts = list(islice(sentences(seed), 3))
    return {voice: [speak(text, voice) for text in texts] for voice in VOICES}


def test_no_word_is_said_in_the_samples() -> None:
    assert len(words_in_samples()) > 20
    assert not words_in_samples() & vocabulary()


def test_a_seed_repeats_its_sentences_and_another_does_not() -> None:
    first, again, other = (list(islice(sentences(seed), 20)) for seed in (7, 7, 8))
    assert first == again
    assert len(set(first) | set(other)) == 40


def test_twenty_sentences_use_every_voice_and_many_lip_closures() -> None:
    seed = fresh_seed()
    utterances = fresh_utterances(20, seed)
    assert {u.voice for u in utterances} == set(VOICES), seed
    assert sum(len(bilabials(u.phones)) for u in utterances) >= 60, seed
    assert sum(len(open_vowels(u.phones)) for u in utterances) >= 40, seed


@pytest.mark.parametrize("voice", VOICES)
def test_phones_follow_each_other_and_fill_the_sound(voice: str, spoken: dict[str, list[Utterance]]) -> None:
    for utterance in spoken[voice]:
        phones = utterance.phones
        assert phones[0].start_s == 0
        assert all(a.end_s == b.start_s and b.end_s > b.start_s for a, b in pairwise(phones))
        # A diphone voice ends its sound somewhere near the last pause's end.
        assert phones[-1].phone == SILENCE
        assert phones[-1].start_s < utterance.duration_s < phones[-1].end_s + 0.05


@pytest.mark.parametrize("voice", VOICES)
def test_phone_times_fit_the_sound(voice: str, spoken: dict[str, list[Utterance]]) -> None:
    """The sound is weak where a voiceless closure or a pause is due, to within 20 ms."""
    shifts_s = np.arange(-0.1, 0.1 + STEP_S, STEP_S)
    fit = [agreement(spoken[voice], shift_s) for shift_s in shifts_s]
    best = int(np.argmax(fit))
    assert fit[best] > 0.5
    assert abs(shifts_s[best]) <= 0.02, f"{voice}: the sound is {shifts_s[best] * 1000:.0f} ms late"


def agreement(utterances: list[Utterance], shift_s: float) -> float:
    """Return how the level goes with "no closure or pause is due", all phones moved by ``shift_s``."""
    levels, due = [], []
    for utterance in utterances:
        level_db = envelope_db(utterance)
        sounding = np.ones(len(level_db))
        for phone in utterance.phones:
            if phone.phone in {"P", "T", "K", SILENCE}:
                first, end = (max(0, round((t + shift_s) / STEP_S)) for t in (phone.start_s, phone.end_s))
                sounding[first:end] = 0
        levels.append(level_db)
        due.append(sounding)
    return float(np.corrcoef(np.concatenate(levels), np.concatenate(due))[0, 1])


def envelope_db(utterance: Utterance) -> NDArray[np.float64]:
    """Return the level of every 5 ms in dB above the quietest allowed, -60 dBFS."""
    size = int(STEP_S * SAMPLE_RATE_HZ)
    blocks = utterance.pcm[: len(utterance.pcm) // size * size].reshape(-1, size) / 32768
    rms = np.sqrt(np.mean(blocks**2, axis=1))
    level_db: NDArray[np.float64] = 20 * np.log10(np.maximum(rms, 1e-3)) + 60
    return level_db
