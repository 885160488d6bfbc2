"""The C kernel, the numpy twin and the mathematics agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mandible.device.frames import WINDOW_SAMPLES, Frame
from mandible.device.frontend import HAVE_KERNEL, KernelLogMel, LogMel, generate, log_mel, reference, tables
from tests.frontend.signals import hard_cases, voice_like

GOLDEN = Path(__file__).with_name("golden_logmel.npz")


def test_the_kernel_is_built() -> None:
    assert HAVE_KERNEL, "build it with: python setup.py build_ext --inplace"


@pytest.mark.parametrize("name", hard_cases(1))
def test_kernel_equals_twin_byte_for_byte(name: str) -> None:
    pcm = hard_cases(700, seed=1)[name]
    np.testing.assert_array_equal(log_mel(pcm), reference.log_mel(pcm))


def test_golden_vectors() -> None:
    golden = np.load(GOLDEN)
    np.testing.assert_array_equal(log_mel(golden["pcm"]), golden["mel"])
    np.testing.assert_array_equal(reference.log_mel(golden["pcm"]), golden["mel"])


def test_streaming_equals_whole_file() -> None:
    pcm = voice_like(1.0)
    for front_end in (LogMel(), KernelLogMel(), reference.ReferenceLogMel()):
        rows = [front_end.push(pcm[i : i + 160]) for i in range(0, len(pcm), 160)]
        np.testing.assert_array_equal(rows, log_mel(pcm))
        front_end.reset()
        np.testing.assert_array_equal(front_end.push(pcm[:160]), rows[0])


def test_stage_fills_in_mel_only() -> None:
    frame = Frame(index=3, captured_ns=7, pcm=voice_like(0.01))
    done = LogMel().step(frame)
    assert done.mel is not None
    assert (done.index, done.captured_ns, done.weights) == (3, 7, None)


def test_twin_follows_the_float_formula_on_voice() -> None:
    pcm = voice_like(3.0)
    padded = np.concatenate([np.zeros(240), pcm])
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_SAMPLES)[::160]
    power = np.abs(np.fft.rfft(windows * tables.hann() / 32768, tables.FFT_SIZE)) ** 2
    energy = power @ (tables.mel_triangles() / 1024).T
    exact = np.clip(np.round(6 * (np.log2(np.maximum(energy, 1)) - 20)), -128, 127)
    error = np.abs(exact - log_mel(pcm))
    assert error.mean() < 0.2
    assert np.mean(error > 1) < 0.01


def test_six_decibels_are_twelve_steps() -> None:
    quiet = voice_like(1.0) // 4
    difference = log_mel(quiet * 2).astype(int) - log_mel(quiet)
    assert np.median(difference[30:]) == 12


@pytest.mark.parametrize("samples", [np.zeros(159, np.int16), np.zeros(160, np.float32)])
def test_a_wrong_hop_is_refused(samples: np.ndarray) -> None:
    with pytest.raises(ValueError, match="a hop is 160 int16 samples"):
        KernelLogMel().push(samples)


def test_committed_header_is_the_generated_one() -> None:
    header = Path(generate.__file__).with_name("logmel_tables.h")
    assert header.read_text(encoding="ascii") == generate.header()


def test_no_table_entry_is_near_a_rounding_tie() -> None:
    curves = [tables.hann(), tables.log2_curve(), tables.mel_triangles()]
    curves += [*tables.roots(128, 256), *tables.roots(129, 512)]
    distance = min(np.abs(np.abs(curve % 1.0) - 0.5).min() for curve in curves)
    assert distance > 1e-6
