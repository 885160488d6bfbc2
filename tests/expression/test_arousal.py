"""Louder, higher and faster than usual is lively; silence and noise are not."""

from __future__ import annotations

import random
from itertools import islice

import numpy as np
import pytest
import soxr

from mandible.device.expression import Expression
from mandible.device.expression.arousal import ORDINARY
from mandible.device.frames import HOP_SAMPLES, SAMPLE_RATE_HZ, Pcm
from tests.expression.sounds import LOUD, Sound, heard, noise, pcm, syllables, tone
from tests.voices.sentences import sentences
from tests.voices.synthesis import speak

_RATE = SAMPLE_RATE_HZ


def _varied(spoken: Pcm, semitones: float, gain_db: float) -> Sound:
    """The same words, higher and faster by a share, and louder."""
    turned: Sound = soxr.resample(spoken.astype(float), _RATE * 2 ** (semitones / 12), _RATE)
    return turned * 10 ** (gain_db / 20)


@pytest.mark.parametrize("voice", ["flite-kal16", "flite-rms", "flite-slt", "festival-slt-hts"])
def test_the_same_words_are_livelier_louder_higher_and_faster(voice: str) -> None:
    spoken = [speak(text, voice).pcm for text in islice(sentences(11), 6)]
    ways = {"calm": (-2.0, -12.0), "plain": (0.0, -8.0), "excited": (3.0, -3.0)}
    order = [(way, one) for way in ways for one in spoken for _ in range(2)]
    random.Random(1).shuffle(order)
    parts = [_varied(one, *ways[way]) for way, one in order]
    arousal = heard(np.concatenate(parts)).arousal
    ends = np.cumsum([len(part) for part in parts]) // HOP_SAMPLES
    known = len(arousal) // 4
    means = {
        way: np.mean(
            [
                arousal[(begin + end) // 2 : end].mean()
                for (named, _), begin, end in zip(order, [0, *ends], ends, strict=False)
                if named == way and begin > known
            ]
        )
        for way in ways
    }
    assert means["calm"] + 10 < means["plain"] < means["excited"] - 10


def test_gain_does_not_matter() -> None:
    spoken = np.concatenate([speak(text, "flite-rms").pcm for text in islice(sentences(3), 3)]).astype(float)
    full, low = heard(spoken), heard(spoken / 8)
    assert np.abs(full.arousal - low.arousal).max() <= 3
    assert full.accent_hops == low.accent_hops


def test_a_noisy_room_does_not_matter() -> None:
    spoken = np.concatenate([speak(text, "flite-rms").pcm for text in islice(sentences(3), 3)]).astype(float)
    room = noise(len(spoken) / _RATE, float(np.sqrt(np.mean(spoken**2))) / 10 ** (10 / 20))
    assert np.abs(heard(spoken).arousal - heard(spoken + room).arousal).max() <= 12


@pytest.mark.parametrize("level", [0.0, 1.0, 30.0, 3000.0])
def test_silence_and_noise_are_rest(level: float) -> None:
    said = heard(noise(6, level))
    assert said.arousal.max() == 0
    assert said.emphasis.max() == 0


def test_a_hum_that_never_changes_is_rest() -> None:
    assert heard(tone(100, 10)).arousal[500:].max() <= 5


def _talk(seconds: float, hz: float = 120, level: float = LOUD, each_s: float = 0.22) -> Sound:
    count = round(seconds / each_s)
    wander = np.sin(np.arange(count) * 2.4)
    return syllables(hz * 2 ** (wander / 12), level * 10 ** (wander / 20), each_s)


def test_ordinary_talk_settles_in_the_middle_and_decays_in_silence() -> None:
    stage = Expression()
    talk = heard(_talk(12), stage).arousal
    assert np.abs(talk[600:] - ORDINARY).max() <= 30
    after = heard(np.zeros(4 * _RATE), stage).arousal
    assert np.all(np.diff(after[60:]) <= 0)
    half = int(np.argmax(after < talk[-1] // 2))
    assert 70 <= half <= 200  # a pause of half a second, then about a second
    assert after[-1] <= 8


@pytest.mark.parametrize(
    ("hz", "level", "each_s"), [(160, LOUD, 0.22), (120, 2 * LOUD, 0.22), (120, LOUD, 0.15)]
)
def test_each_of_pitch_level_and_rate_rouses_by_itself(hz: float, level: float, each_s: float) -> None:
    stage = Expression()
    before = heard(_talk(12), stage).arousal[-200:].mean()
    assert heard(_talk(4, hz, level, each_s), stage).arousal[-150:].mean() > before + 12


def test_arousal_is_smooth() -> None:
    said = heard(np.concatenate([_talk(5), np.zeros(_RATE), _talk(5, 190, 3 * LOUD, 0.15)])).arousal
    assert np.abs(np.diff(said)).max() <= 12


def test_a_shut_gate_is_rest() -> None:
    said = heard(_talk(6), quiet_hops=1)
    assert said.arousal.max() == said.emphasis.max() == 0


def test_loud_and_clipped_sound_stays_within_bounds() -> None:
    said = heard(pcm(np.concatenate([_talk(6, level=100), _talk(6, 380, 1e6, 0.12)])))
    assert 0 <= said.arousal.min() <= said.arousal.max() <= 255
    assert said.arousal.max() > 200
