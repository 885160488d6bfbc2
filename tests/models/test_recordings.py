"""Recordings of any rate and format, read as the live line hears them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mandible.errors import InputError
from mandible.models import recordings
from mandible.models.recordings import rate_and_length, read_audio
from tests.models.tiny_corpus import spoken, write_wave

SPEECH = ["SIL", "M", "AA", "IY", "SIL"]


def test_a_recording_at_16_khz_comes_back_bit_for_bit(tmp_path: Path) -> None:
    pcm = spoken(SPEECH)[:-77]
    write_wave(tmp_path / "one.wav", pcm)
    assert np.array_equal(read_audio(tmp_path / "one.wav"), pcm)
    soundfile.write(tmp_path / "one.flac", pcm, 16_000)
    assert np.array_equal(read_audio(tmp_path / "one.flac"), pcm)


@pytest.mark.parametrize("name", ["one.wav", "one.flac", "one.ogg"])
@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000])
def test_other_rates_and_two_channels_keep_the_sound_in_its_place(
    tmp_path: Path, name: str, rate_hz: int
) -> None:
    time_s = np.arange(rate_hz) / rate_hz
    tone = 0.3 * np.sin(2 * np.pi * 500 * time_s) * (time_s > 0.4)
    soundfile.write(tmp_path / name, np.stack([tone, 0.5 * tone], axis=1), rate_hz)
    pcm = read_audio(tmp_path / name)
    assert rate_and_length(tmp_path / name) == (rate_hz, pytest.approx(1.0, abs=0.001))
    assert len(pcm) == pytest.approx(16_000, abs=16)
    loud = np.flatnonzero(np.abs(pcm.astype(int)) > 1500)
    assert loud[0] / 16_000 == pytest.approx(0.4, abs=0.003)
    assert np.abs(pcm).max() / 32768 == pytest.approx(0.225, rel=0.1)


def test_a_recording_that_is_missing_torn_empty_or_no_sound_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.wav: no such recording"):
        read_audio(tmp_path / "none.wav")
    (tmp_path / "torn.wav").write_bytes(b"RIFF")
    with pytest.raises(InputError, match=r"torn\.wav: .*WAV file"):
        read_audio(tmp_path / "torn.wav")
    (tmp_path / "text.flac").write_text("hello", encoding="utf-8")
    with pytest.raises(InputError, match=r"text\.flac: not a readable recording"):
        read_audio(tmp_path / "text.flac")
    soundfile.write(tmp_path / "empty.au", np.zeros(0), 16_000)
    with pytest.raises(InputError, match=r"empty\.au: the recording holds no sound"):
        read_audio(tmp_path / "empty.au")
    (tmp_path / "folder.wav").mkdir()
    with pytest.raises(InputError, match=r"folder\.wav: not a regular file"):
        read_audio(tmp_path / "folder.wav")


@pytest.mark.parametrize("name", ["one.wav", "one.flac"])
@pytest.mark.parametrize(("rate_hz", "samples"), [(16_000, 1), (16_000, 159), (48_000, 1), (8_000, 79)])
def test_a_recording_shorter_than_a_hop_is_refused(
    tmp_path: Path, name: str, rate_hz: int, samples: int
) -> None:
    soundfile.write(tmp_path / name, np.zeros(samples, np.int16), rate_hz)
    with pytest.raises(InputError, match=rf"{name}: shorter than 10 ms"):
        rate_and_length(tmp_path / name)
    with pytest.raises(InputError, match=rf"{name}: shorter than 10 ms"):
        read_audio(tmp_path / name)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
def test_a_recording_of_a_hop_is_read(tmp_path: Path, rate_hz: int) -> None:
    soundfile.write(tmp_path / "one.wav", np.zeros(rate_hz // 100, np.int16), rate_hz)
    assert len(read_audio(tmp_path / "one.wav")) == 160


def test_samples_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    sound = np.zeros((44_100, 1), np.float32)
    sound[100] = np.nan
    soundfile.write(tmp_path / "nan.wav", sound, 44_100, subtype="FLOAT")
    with pytest.raises(InputError, match="not a finite number"):
        read_audio(tmp_path / "nan.wav")


def test_a_recording_of_hours_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings, "LONGEST_S", 60)
    write_wave(tmp_path / "long.wav", np.zeros(61 * 16_000, np.int16))
    with pytest.raises(InputError, match="longer than 1 minutes; cut it"):
        read_audio(tmp_path / "long.wav")
