"""A file that cannot be read gives one clear line, whatever is in it."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mandible.device.audio import open_source
from mandible.errors import InputError
from tests.audio.wav_bytes import chunk, fmt, riff, samples

GOOD = riff(fmt(1, 1, 16_000, 16), chunk(b"data", samples(np.linspace(-1, 1, 800), 16)))
DATA = chunk(b"data", bytes(320))

BAD = {
    "empty": (b"", "is empty"),
    "text": (b"hello, this is no sound at all", "not a WAV file"),
    "flac": (b"fLaC" + bytes(100), "this is FLAC"),
    "mp3": (b"ID3\x04" + bytes(100), "this is MP3"),
    "ogg": (b"OggS" + bytes(100), "this is Ogg"),
    "mp4": (b"\0\0\0\x20ftypM4A " + bytes(100), "this is MP4"),
    "big endian": (b"RIFX" + GOOD[4:], "this is RIFX"),
    "another RIFF": (b"RIFF" + GOOD[4:8] + b"AVI " + GOOD[12:], "not a WAV file"),
    "header only": (GOOD[:12], "no data chunk"),
    "no format": (riff(DATA), "samples come before their format"),
    "no data": (riff(fmt(1, 1, 16_000, 16)), "no data chunk"),
    "no samples": (riff(fmt(1, 1, 16_000, 16), chunk(b"data", b"")), "0 samples"),
    "less than a frame": (riff(fmt(1, 2, 16_000, 16), chunk(b"data", b"abc")), "0 samples"),
    "cut short": (GOOD[:-100], "cut short: 1600 bytes of sound promised, 1500 there"),
    "cut in a chunk": (riff(chunk(b"LIST", bytes(100)))[:40], "'LIST' runs past the end"),
    "short format": (riff(chunk(b"fmt ", bytes(10)), DATA), "10 bytes, 16 are needed"),
    "mu-law": (riff(fmt(7, 1, 8_000, 8), DATA), "mu-law inside WAV is not supported"),
    "ADPCM": (riff(fmt(2, 1, 8_000, 4), DATA), "ADPCM inside WAV is not supported"),
    "unknown codec": (riff(fmt(0x1234, 1, 8_000, 8), DATA), "codec 0x1234"),
    "unknown extension": (
        riff(fmt(1, 1, 16_000, 16, extensible=True)[:-1] + b"\0", DATA),
        "unknown extensible",
    ),
    "no channels": (riff(fmt(1, 0, 16_000, 16), DATA), "0 channels"),
    "no rate": (riff(fmt(1, 1, 0, 16), DATA), "rate of 0 Hz"),
    "mad rate": (riff(fmt(1, 1, 4_000_000_000, 16), DATA), "rate of 4000000000 Hz"),
    "no bits": (riff(fmt(1, 1, 16_000, 0), DATA), "0 bits"),
    "40 bits": (riff(fmt(1, 1, 16_000, 40), DATA), "40 bits"),
    "16-bit float": (riff(fmt(3, 1, 16_000, 16), DATA), "16 bits"),
    "wrong frame size": (
        riff(chunk(b"fmt ", struct.pack("<HHIIHH", 1, 2, 16_000, 0, 3, 16)), DATA),
        "3 bytes",
    ),
    "endless chunks": (b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * 20_000, "no data chunk"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_files_are_named_in_one_line(tmp_path: Path, kind: str) -> None:
    content, told = BAD[kind]
    path = tmp_path / "voice.wav"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        open_source(str(path))
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert told in message
    assert "\n" not in message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "this is a folder"),
        (lambda path: os.mkfifo(path), "not a regular file"),
        (lambda path: path.symlink_to(path), "cannot be read"),
    ],
)
def test_what_is_no_file_is_said(tmp_path: Path, make: object, told: str) -> None:
    path = tmp_path / "voice.wav"
    make(path)  # type: ignore[operator]
    with pytest.raises(InputError, match=told):
        open_source(str(path))


def test_names_that_no_system_takes_are_input_errors() -> None:
    with pytest.raises(InputError, match="cannot be read"):
        open_source("voice\0.wav")
    with pytest.raises(InputError, match="cannot be read"):
        open_source("v" * 5000)


def test_a_file_that_shrinks_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "voice.wav"
    path.write_bytes(riff(fmt(1, 1, 16_000, 16), chunk(b"data", bytes(1_000_000))))
    with open_source(str(path)) as source:
        frames = iter(source)
        next(frames)
        os.truncate(path, 1000)
        with pytest.raises(InputError, match="became shorter"):
            list(frames)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), min_size=1, max_size=6))
def test_damaged_headers_are_read_or_refused_but_never_crash(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    content = bytearray(GOOD)
    for place, value in changes:
        content[place] = value
    path = tmp_path_factory.getbasetemp() / "damaged.wav"
    path.write_bytes(content)
    heard, told = [], ""
    try:
        with open_source(str(path)) as source:
            heard = [frame.pcm for frame in source]
    except InputError as error:
        told = str(error)
    assert bool(heard) != bool(told)
    assert "\n" not in told
    assert all(pcm.shape == (160,) and pcm.dtype == np.int16 for pcm in heard)
