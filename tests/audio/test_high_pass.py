"""The high-pass takes rumble out and leaves speech as it is."""

from __future__ import annotations

import numpy as np
import pytest

from mandible.device.audio.high_pass import HighPass, Samples
from mandible.device.frames import HOP_SAMPLES, SAMPLE_RATE_HZ

SETTLED = 2 * SAMPLE_RATE_HZ


def filtered(signal: Samples, cutoff_hz: float = 80) -> Samples:
    high_pass = HighPass(cutoff_hz)
    return np.concatenate([high_pass.step(hop) for hop in signal.reshape(-1, HOP_SAMPLES)])


def gain_db(frequency_hz: float, cutoff_hz: float = 80) -> float:
    """What a steady tone is changed by."""
    tone = np.sin(2 * np.pi * frequency_hz * np.arange(4 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ)
    left = filtered(tone, cutoff_hz)[SETTLED:]
    return float(10 * np.log10(np.mean(left**2) / np.mean(tone[SETTLED:] ** 2)))


def one_sample_at_a_time(signal: Samples, cutoff_hz: float) -> Samples:
    """The same filter as its transfer function says it, written down plainly."""
    for pole_pair in (1, 3):
        q = 1 / (2 * np.cos(pole_pair * np.pi / 8))
        angle = 2 * np.pi * cutoff_hz / SAMPLE_RATE_HZ
        alpha, cosine = np.sin(angle) / (2 * q), np.cos(angle)
        b = np.array([(1 + cosine) / 2, -(1 + cosine), (1 + cosine) / 2]) / (1 + alpha)
        a1, a2 = -2 * cosine / (1 + alpha), (1 - alpha) / (1 + alpha)
        result = np.zeros_like(signal)
        x1 = x2 = y1 = y2 = 0.0
        for n, x in enumerate(signal):
            y = b[0] * x + b[1] * x1 + b[2] * x2 - a1 * y1 - a2 * y2
            x1, x2, y1, y2 = x, x1, y, y1
            result[n] = y
        signal = result
    return signal


@pytest.mark.parametrize("cutoff_hz", [1, 80, 400])
def test_hop_by_hop_is_what_sample_by_sample_is(cutoff_hz: float) -> None:
    signal = np.random.default_rng(3).integers(-32768, 32767, 50 * HOP_SAMPLES).astype(np.float64)
    np.testing.assert_allclose(
        filtered(signal, cutoff_hz), one_sample_at_a_time(signal, cutoff_hz), atol=1e-4
    )


def test_rumble_goes_and_speech_stays() -> None:
    assert gain_db(30) < -18
    assert gain_db(50) < -15
    assert gain_db(80) == pytest.approx(-3.01, abs=0.02)
    assert abs(gain_db(200)) < 0.1
    assert abs(gain_db(4000)) < 0.01


def test_a_constant_offset_is_gone_within_a_fifth_of_a_second() -> None:
    left = filtered(np.full(SAMPLE_RATE_HZ, 20_000.0))
    assert np.abs(left[SAMPLE_RATE_HZ // 5 :]).max() < 1


def test_a_quarter_of_an_hour_of_offset_leaves_nothing_behind() -> None:
    high_pass = HighPass(80)
    loud = np.full(HOP_SAMPLES, 32_767.0)
    for _ in range(360_000 // 4):
        high_pass.step(loud)
    assert np.abs(high_pass.step(loud)).max() < 1e-6


def test_reset_forgets() -> None:
    high_pass = HighPass(80)
    hop = np.arange(HOP_SAMPLES) * 100.0
    first = high_pass.step(hop)
    high_pass.step(hop)
    high_pass.reset()
    np.testing.assert_array_equal(high_pass.step(hop), first)


@pytest.mark.parametrize("cutoff_hz", [0, -80, 1001, float("nan")])
def test_a_cut_off_out_of_range_is_refused(cutoff_hz: float) -> None:
    with pytest.raises(ValueError, match="cutoff_hz"):
        HighPass(cutoff_hz)
