"""The C kernel and its numpy twin, byte for byte, over 20,000 hops of all that a microphone hears."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.device.frontend import generate, log_mel, reference, tables
from tests.frontend.signals import HOP, against_the_window, hard_cases, speech_levels, steady_levels

SPEECH = Path(__file__).parents[2] / "samples" / "puppet.wav"


def speech() -> NDArray[np.int16]:
    with wave.open(str(SPEECH), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)


def test_twenty_thousand_hops_give_the_same_bytes() -> None:
    signals = [
        speech_levels(speech(), 8000),
        steady_levels(4000),
        *hard_cases(1150, seed=20).values(),
    ]
    assert sum(len(signal) for signal in signals) >= 20_000 * HOP
    for signal in signals:
        np.testing.assert_array_equal(log_mel(signal), reference.log_mel(signal))


def test_the_largest_numbers_that_the_fft_can_meet_give_the_same_bytes() -> None:
    windows = against_the_window(tables.TABLES.window, 1500)
    expected = reference.features(windows)
    padded = np.concatenate([np.zeros((len(windows), 80), np.int16), windows], axis=1)
    np.testing.assert_array_equal([log_mel(pcm)[-1] for pcm in padded], expected)


def test_the_kernels_roots_are_those_of_the_twin() -> None:
    roots = generate.fft_roots(tables.TABLES) >> generate.ROOT_SHIFT
    np.testing.assert_array_equal(roots[::2, 0], tables.TABLES.twiddle_re)
    np.testing.assert_array_equal(roots[::2, 1], tables.TABLES.twiddle_im)
    np.testing.assert_array_equal(roots[:129, 0], tables.TABLES.split_re)
    np.testing.assert_array_equal(roots[:129, 1], tables.TABLES.split_im)


def test_one_weight_a_bin_gives_both_of_its_bands() -> None:
    first, falling, ends = generate.falling_weights(tables.TABLES)
    triangles = np.zeros((42, 257), np.int64)
    band = 0
    for k, weight in enumerate(falling.tolist(), start=first):
        while k >= ends[band]:
            band += 1
        triangles[band, k] += weight
        triangles[band + 1, k] += 1024 - weight
    np.testing.assert_array_equal(triangles[1:-1], np.round(tables.mel_triangles()))
