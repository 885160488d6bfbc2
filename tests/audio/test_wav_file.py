"""Recordings of every kind arrive as 16 kHz mono int16 hops."""

from __future__ import annotations

import time
import tracemalloc
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from mandible.device.audio import open_source
from mandible.device.frames import Frame, Pcm
from mandible.errors import InputError
from tests.audio.wav_bytes import chunk, fmt, riff, samples, write_wav

EVERY_FORMAT = [(8, False), (16, False), (24, False), (32, False), (32, True), (64, True)]


def frames_of(path: Path) -> list[Frame]:
    with open_source(str(path)) as source:
        return list(source)


def pcm_of(path: Path) -> Pcm:
    return np.concatenate([frame.pcm for frame in frames_of(path)])


def tone(rate_hz: int, seconds: float, frequency_hz: float = 440.0, level: float = 0.5) -> np.ndarray:
    return level * np.sin(2 * np.pi * frequency_hz * np.arange(round(rate_hz * seconds)) / rate_hz)


def test_16_khz_mono_int16_passes_bit_for_bit(tmp_path: Path) -> None:
    every_value = np.arange(-32768, 32768, dtype=np.int16)
    path = tmp_path / "all.wav"
    path.write_bytes(riff(fmt(1, 1, 16_000, 16), chunk(b"data", every_value.astype("<i2").tobytes())))
    heard = pcm_of(path)
    np.testing.assert_array_equal(heard[: len(every_value)], every_value)
    assert heard.dtype == np.int16


def test_the_last_hop_is_filled_with_zeros(tmp_path: Path) -> None:
    frames = frames_of(write_wav(tmp_path / "a.wav", np.full(161, 0.5)))
    assert [frame.index for frame in frames] == [0, 1]
    assert [len(frame.pcm) for frame in frames] == [160, 160]
    assert frames[1].pcm.tolist() == [16384] + [0] * 159


@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize(("bits", "is_float"), EVERY_FORMAT)
def test_every_sample_format_means_the_same_sound(
    tmp_path: Path, bits: int, is_float: bool, extensible: bool
) -> None:
    sound = tone(16_000, 0.1)
    path = write_wav(tmp_path / "a.wav", sound, bits=bits, is_float=is_float, extensible=extensible)
    tolerance = 128 if bits == 8 else 1
    np.testing.assert_allclose(pcm_of(path), np.rint(sound * 32768), atol=tolerance)


def test_channels_are_averaged(tmp_path: Path) -> None:
    left, right = np.full(160, 0.5), np.full(160, -0.25)
    path = write_wav(tmp_path / "a.wav", np.stack([left, right], axis=1))
    assert set(pcm_of(path)) == {4096}


def test_too_loud_floats_saturate_instead_of_wrapping(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", [1.5, -1.5, 1e300, -1e300] * 40, bits=64, is_float=True)
    assert set(pcm_of(path)) == {32767, -32768}


def test_values_between_two_steps_go_to_the_nearer_one(tmp_path: Path) -> None:
    steps = np.array([0.4, 0.6, -0.4, -0.6, 1.4, 1.6, -1.4, -1.6] * 20)
    path = write_wav(tmp_path / "a.wav", steps / 32768, bits=64, is_float=True)
    np.testing.assert_array_equal(pcm_of(path), [0, 1, 0, -1, 1, 2, -1, -2] * 20)


@pytest.mark.filterwarnings("error")  # numpy warns where something that is no number becomes an integer.
def test_absurdly_loud_samples_do_not_spoil_what_follows_them(tmp_path: Path) -> None:
    sound = tone(48_000, 1.0)
    sound[:4800:2], sound[1:4800:2] = 1.7e308, -1.7e308
    path = write_wav(tmp_path / "a.wav", sound, rate_hz=48_000, bits=64, is_float=True)
    expected = tone(16_000, 1.0) * 32768
    np.testing.assert_allclose(pcm_of(path)[4_000:14_000], expected[4_000:14_000], atol=20)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_any_rate_keeps_the_tone_and_its_place(tmp_path: Path, rate_hz: int) -> None:
    heard = pcm_of(write_wav(tmp_path / "a.wav", tone(rate_hz, 1.0), rate_hz=rate_hz))
    expected = tone(16_000, 1.0) * 32768
    assert len(heard) == 16_000
    middle = slice(2_000, 14_000)
    np.testing.assert_allclose(heard[middle], expected[middle], atol=20)


def test_192_khz_six_channel_float_works(tmp_path: Path) -> None:
    sound = np.repeat(tone(192_000, 0.5)[:, np.newaxis], 6, axis=1)
    path = write_wav(tmp_path / "a.wav", sound, rate_hz=192_000, bits=32, is_float=True, extensible=True)
    with open_source(str(path)) as source:
        heard = np.concatenate([frame.pcm for frame in source])
        assert source.duration_s == 0.5
        assert source.header["conditioning"] == [
            "6 channels averaged to mono",
            "resampled from 192000 Hz (soxr HQ)",
            "float32 rounded to int16",
        ]
    np.testing.assert_allclose(heard[2_000:6_000], tone(16_000, 0.5)[2_000:6_000] * 32768, atol=20)


def test_what_is_done_to_the_sound_is_said(tmp_path: Path) -> None:
    with open_source(str(write_wav(tmp_path / "a.wav", np.zeros(160)))) as source:
        assert source.header["conditioning"] == []


def test_unknown_chunks_and_odd_sizes_are_stepped_over(tmp_path: Path) -> None:
    data = chunk(b"data", samples([0.5] * 160, 16))
    path = tmp_path / "a.wav"
    path.write_bytes(riff(chunk(b"LIST", b"odd"), fmt(1, 1, 16_000, 16), chunk(b"junk", b"x" * 7), data))
    assert set(pcm_of(path)) == {16384}


@pytest.mark.parametrize("unknown", [0xFFFFFFFF, 0x7FFFFFFF, 0x80000000])
def test_a_length_left_open_by_a_pipe_means_up_to_the_end(tmp_path: Path, unknown: int) -> None:
    whole = riff(fmt(1, 1, 16_000, 16), chunk(b"data", samples([0.5] * 320, 16)))
    place = whole.index(b"data") + 4
    path = tmp_path / "a.wav"
    path.write_bytes(whole[:place] + unknown.to_bytes(4, "little") + whole[place + 4 :])
    assert len(pcm_of(path)) == 320


def test_rf64_files_are_read(tmp_path: Path) -> None:
    data = samples([0.5] * 320, 16)
    sizes = (0).to_bytes(8, "little") + (640).to_bytes(8, "little") + bytes(12)
    whole = riff(chunk(b"ds64", sizes), fmt(1, 1, 16_000, 16), chunk(b"data", data), chunk(b"tail", b"1234"))
    whole = b"RF64\xff\xff\xff\xff" + whole[8:]
    place = whole.index(b"data") + 4
    path = tmp_path / "a.wav"
    path.write_bytes(whole[:place] + b"\xff\xff\xff\xff" + whole[place + 4 :])
    assert len(pcm_of(path)) == 320


def test_a_huge_file_is_read_without_being_loaded(tmp_path: Path) -> None:
    path = tmp_path / "huge.wav"
    size = 3_000_000_000
    head = riff(fmt(1, 1, 16_000, 16)) + b"data" + size.to_bytes(4, "little")
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + size)  # Holes: no disk space is used.
    tracemalloc.start()
    try:
        with open_source(str(path)) as source:
            frames = iter(source)
            for _ in range(5_000):
                next(frames)
            assert source.duration_s == size / 32_000
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_realtime_follows_absolute_deadlines(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", np.zeros(160 * 30))
    with open_source(str(path), realtime=True) as source:
        begin_ns = time.monotonic_ns()
        seen = [(frame.captured_ns, time.monotonic_ns()) for frame in source]
    stamps_ns = [stamp for stamp, _ in seen]
    assert {b - a for a, b in pairwise(stamps_ns)} == {10_000_000}
    assert all(now >= stamp for stamp, now in seen)
    assert stamps_ns[0] - begin_ns >= 10_000_000


def test_closing_ends_a_waiting_reader(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", np.zeros(16_000 * 60))
    source = open_source(str(path), realtime=True)
    frames = iter(source)
    next(frames)
    source.close()
    assert list(frames) == []


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_no_number_is_an_error_that_says_where(tmp_path: Path, bad: float) -> None:
    sound = np.zeros((32_000, 2))
    sound[16_000, 1] = bad
    path = write_wav(tmp_path / "a.wav", sound, bits=32, is_float=True)
    with pytest.raises(InputError, match=r"a\.wav: the sample at 1\.0000 s is not a finite number"):
        frames_of(path)
