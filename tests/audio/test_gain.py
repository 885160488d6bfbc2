"""Automatic gain: a voice comes to its level slowly; nothing but a voice moves it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mandible.device.audio.gain import DEAD_BAND_DB, LEAST_DB, MOST_DB, AutomaticGain
from mandible.device.audio.high_pass import Samples
from mandible.device.frames import HOP_SAMPLES
from tests.audio.speech_like import speech_like

SECOND = 100


def gains_db(signal: Samples, gain: AutomaticGain | None = None) -> Samples:
    """The gain of each hop."""
    gain = gain or AutomaticGain()
    return np.array([gain.step(hop) for hop in signal.reshape(-1, HOP_SAMPLES)])


def settled(level_db: float = -20.0) -> AutomaticGain:
    """A gain that has been listening to a voice for a while."""
    gain = AutomaticGain()
    gains_db(speech_like(24, level_db), gain)
    return gain


@pytest.mark.parametrize("level_db", [-46, -40, -20, -12])
def test_a_voice_comes_to_its_level(level_db: float) -> None:
    last_db = gains_db(speech_like(24, level_db))[-1]
    assert last_db + level_db == pytest.approx(-20, abs=DEAD_BAND_DB + 0.5)


def test_it_does_not_move_for_a_voice_at_its_level() -> None:
    assert np.ptp(gains_db(speech_like(24, -20.0))) < 1


def test_a_step_of_level_is_followed_slowly() -> None:
    gain = settled(-20)
    followed_db = gains_db(speech_like(20, -35.0), gain)
    per_second_db = followed_db[SECOND:] - followed_db[:-SECOND]
    assert per_second_db.min() >= 0
    assert 0.5 < per_second_db.max() <= 3
    assert followed_db[-1] - followed_db[0] == pytest.approx(15, abs=3)


def test_pauses_do_not_swell() -> None:
    gain = settled(-40)
    heard_db = gains_db(speech_like(20, -40.0, noise_db=-62.0), gain)
    in_pauses_db = np.stack([heard_db[start + 310 : start + 400] for start in range(0, 2000, 400)])
    assert np.ptp(in_pauses_db, axis=1).max() == 0
    assert np.abs(np.diff(in_pauses_db[:, 0])).max() < 1


@pytest.mark.parametrize("noise_db", [-80.0, -50.0, -30.0, -14.0])
def test_steady_noise_moves_nothing(noise_db: float) -> None:
    gain = settled(-20)
    before_db = gain.gain_db
    noise = np.random.default_rng(1).standard_normal(60 * 16_000) * 10 ** (noise_db / 20) * 32768
    # When noise sets in, it is loud and new like a voice for a moment.
    assert abs(gains_db(noise, gain)[-1] - before_db) < 1


def test_a_steady_tone_moves_nothing() -> None:
    tone = 3000 * np.sin(2 * np.pi * 440 * np.arange(20 * 16_000) / 16_000)
    assert np.abs(gains_db(tone)).max() < 0.5


def test_an_hour_of_silence_moves_nothing() -> None:
    gain = settled(-40)
    before_db, silence = gain.gain_db, np.zeros(HOP_SAMPLES)
    assert before_db > 10
    for _ in range(3600 * SECOND):
        gain.step(silence)
    assert gain.gain_db == before_db


def test_knocks_move_nothing() -> None:
    gain, rng = settled(-40), np.random.default_rng(2)
    before_db = gain.gain_db
    signal = rng.standard_normal(20 * 16_000) * 10
    for start in range(0, len(signal), 8000):
        signal[start : start + 480] += rng.standard_normal(480) * 500
    assert gains_db(signal, gain)[-1] == before_db


def test_clipping_brings_it_down_at_once() -> None:
    gain = settled(-45)
    assert gain.gain_db > 20
    falling_db = gains_db(speech_like(4, -6.0), gain)
    assert falling_db[0] - falling_db[SECOND] > 5
    assert falling_db[-1] < falling_db[0] - 12


def test_one_click_costs_little() -> None:
    gain = settled(-45)
    before_db = gain.gain_db
    gain.step(np.concatenate([np.full(80, 32_767.0), np.full(80, -32_768.0)]))
    assert before_db - 1 < gain.gain_db < before_db


@pytest.mark.parametrize("level_db", [-61, -3])
def test_it_keeps_its_bounds(level_db: float) -> None:
    seen_db = gains_db(speech_like(40, level_db, noise_db=-100))
    assert LEAST_DB <= seen_db.min() <= seen_db.max() <= MOST_DB


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 32_768), st.integers(1, 40)), min_size=1, max_size=30),
    st.integers(-99, 99),
)
def test_nothing_drives_it_out_of_its_bounds(pieces: list[tuple[int, int]], start_db: int) -> None:
    gain, rng = AutomaticGain(start_db), np.random.default_rng(0)
    for loudest, count in pieces:
        for _ in range(count):
            assert LEAST_DB <= gain.step(rng.uniform(-loudest, loudest, HOP_SAMPLES)) <= MOST_DB


def test_the_same_sound_gives_the_same_gain() -> None:
    signal = speech_like(8, -33.0)
    gain = AutomaticGain()
    first = gains_db(signal, gain)
    gain.reset()
    np.testing.assert_array_equal(gains_db(signal, gain), first)
