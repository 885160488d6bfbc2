"""Recordings appear whole or not at all."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from mandible.device.audio import WavWriter, open_source
from mandible.device.audio import wav_writer as module
from mandible.errors import InputError

PCM = np.random.default_rng(5).integers(-32768, 32768, 480).astype(np.int16)


def test_other_programs_read_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with WavWriter(path) as writer:
        for hop in PCM.reshape(3, 160):
            writer.write(hop)
        assert not path.exists()
    with wave.open(str(path), "rb") as file:
        assert file.getparams()[:4] == (1, 2, 16_000, 480)
        assert file.readframes(480) == PCM.astype("<i2").tobytes()
    with open_source(str(path)) as source:
        np.testing.assert_array_equal(np.concatenate([frame.pcm for frame in source]), PCM)


def test_an_error_leaves_the_old_recording_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"old")
    writer = WavWriter(path)
    writer.write(PCM)
    writer.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_recording_too_long_for_wav_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_DATA_BYTES", 1000)
    writer = WavWriter(tmp_path / "a.wav")
    writer.write(PCM)
    with pytest.raises(InputError, match="37 hours"):
        writer.write(PCM)
    assert list(tmp_path.iterdir()) == []
