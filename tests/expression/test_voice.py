"""Level and pitch of sounds that are known because they are made."""

from __future__ import annotations

import numpy as np
import pytest

from mandible.device.expression.voice import BLOCK_HOPS, HIGHEST_HZ, LOWEST_HZ, Voice, VoiceTracker
from mandible.device.frames import HOP_SAMPLES
from tests.expression.sounds import LOUD, Sound, glide, noise, pcm, tone

_CENTS = 1200
_SETTLED = 4  # a window is two and a half blocks, and an estimate needs another that agrees


def _voices(sound: Sound, shut: bool = False) -> list[Voice]:
    tracker, voices = VoiceTracker(), []
    blocks = pcm(sound)[: len(sound) // (BLOCK_HOPS * HOP_SAMPLES) * BLOCK_HOPS * HOP_SAMPLES]
    for block in blocks.reshape(-1, BLOCK_HOPS, HOP_SAMPLES):
        for half, hop in enumerate(block):
            tracker.take(hop, half)
        voices.append(tracker.step(shut))
    return voices


def _cents(hz: float) -> float:
    return _CENTS * np.log2(hz)


@pytest.mark.parametrize("hz", [LOWEST_HZ, 75, 100, 133.7, 200, 261.6, 330, HIGHEST_HZ])
@pytest.mark.parametrize("level", [60, LOUD])
def test_the_pitch_of_a_stack_of_harmonics_is_its_lowest(hz: float, level: float) -> None:
    for voice in _voices(tone(hz, 1, level))[_SETTLED:]:
        assert voice.pitch_cents is not None
        assert abs(voice.pitch_cents - _cents(hz)) <= 15


@pytest.mark.parametrize(("from_hz", "to_hz"), [(80, 160), (350, 175), (120, 300)])
def test_pitch_follows_a_glide(from_hz: float, to_hz: float) -> None:
    course = _cents(from_hz) + np.linspace(0, _cents(to_hz) - _cents(from_hz), 50)
    followed = [voice.pitch_cents for voice in _voices(glide(from_hz, to_hz, 1))]
    assert all(cents is not None for cents in followed[_SETTLED:])
    # It speaks for the window's middle, 25 ms ago.
    late = course[_SETTLED - 1 : -1]
    assert np.abs(np.array(followed[_SETTLED:], float) - late).max() <= 60


def test_a_voice_in_noise_keeps_its_pitch() -> None:
    mixed = tone(140, 2) + noise(2, LOUD / 5)
    found = [v.pitch_cents for v in _voices(mixed)[_SETTLED:] if v.pitch_cents is not None]
    assert len(found) >= 0.95 * (100 - _SETTLED)
    assert abs(np.median(found) - _cents(140)) <= 10


@pytest.mark.parametrize("level", [3, 300, 8000])
def test_noise_has_no_pitch(level: float) -> None:
    voiced = [v for v in _voices(noise(20, level)) if v.pitch_cents is not None]
    assert len(voiced) <= 2


def test_silence_and_a_constant_have_neither_level_nor_pitch() -> None:
    for sound in (np.zeros(16000), np.full(16000, 900.0)):
        assert _voices(sound)[_SETTLED:] == [Voice()] * (50 - _SETTLED)


def test_a_shut_gate_is_silence() -> None:
    assert _voices(tone(120, 1), shut=True) == [Voice()] * 50


def test_ten_times_louder_is_20_db_more() -> None:
    quiet, loud = (_voices(tone(120, 1, level))[-1].level_cdb for level in (LOUD / 10, LOUD))
    assert abs(loud - quiet - 2000) <= 5
