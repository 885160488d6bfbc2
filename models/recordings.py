"""Reading recordings of any rate as 16 kHz mono, through the same steps as the live line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mandible.device.audio.conform import Conformer
from mandible.device.audio.samples import Mono
from mandible.device.audio.wav_file import WavFile
from mandible.device.frames import HOP_MS, SAMPLE_RATE_HZ, Pcm
from mandible.errors import DeviceError, InputError
from mandible.small_file import exists, is_file

SUFFIXES = (".wav", ".flac", ".ogg", ".opus")
LONGEST_S = 3600
_BLOCK_FRAMES = 1 << 18
_RIFF = b"RIFF"


def _is_riff(path: Path) -> bool:
    if not exists(path):
        raise InputError(f"{path}: no such recording")
    if not is_file(path):
        raise InputError(f"{path}: not a regular file; name a recording")
    try:
        with path.open("rb") as stream:
            return stream.read(len(_RIFF)) == _RIFF
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None


def _opened(path: Path) -> Any:
    try:
        import soundfile
    except ImportError:
        raise DeviceError(f"{path}: reading it needs soundfile: pip install soundfile") from None
    try:
        return soundfile.SoundFile(path)
    except soundfile.LibsndfileError as error:
        raise InputError(f"{path}: not a readable recording ({error.error_string})") from None


def _checked(path: Path, rate_hz: int, frames: int) -> tuple[int, float]:
    seconds = frames / rate_hz
    if frames <= 0:
        raise InputError(f"{path}: the recording holds no sound; record it again")
    if seconds < HOP_MS / 1000:
        raise InputError(f"{path}: shorter than {HOP_MS} ms, in which no sound is seen; leave it out")
    if seconds > LONGEST_S:
        raise InputError(f"{path}: longer than {LONGEST_S // 60} minutes; cut it into shorter recordings")
    return rate_hz, seconds


def rate_and_length(path: Path) -> tuple[int, float]:
    """Return a recording's sample rate in Hz and its length in seconds, without reading it all.

    Raises:
        InputError: the file is missing, damaged, shorter than 10 ms, or longer than an hour.
        DeviceError: it is no WAV file and ``soundfile`` is not installed.
    """
    if _is_riff(path):
        wav = WavFile(path)
        wav.close()
        return _checked(path, wav.format.rate_hz, wav.format.frame_count)
    with _opened(path) as file:
        return _checked(path, file.samplerate, file.frames)


def _mono_blocks(path: Path, file: Any) -> Iterator[Mono]:
    for block in file.blocks(_BLOCK_FRAMES, dtype="float64", always_2d=True):
        mono: Mono = block.mean(axis=1)
        if not np.isfinite(mono).all():
            raise InputError(f"{path}: a sample is not a finite number; export it again")
        yield mono


def _conformed(rate_hz: int, blocks: Iterator[Mono]) -> Pcm:
    conformer = Conformer(rate_hz)
    hops = [hop for mono in blocks for hop in conformer.push(mono)]
    return np.concatenate([*hops, *conformer.flush()])


def read_audio(path: Path) -> Pcm:
    """Read a recording as int16, 16 kHz mono; channels are averaged, other rates resampled.

    A 16-bit mono recording at 16 kHz comes back bit for bit. WAV needs nothing; FLAC, Ogg Vorbis, Opus and
    what else libsndfile knows need the ``soundfile`` package of the ``train`` extra.

    Raises:
        InputError: the file is missing, damaged, shorter than 10 ms, or longer than an hour.
        DeviceError: it is no WAV file and ``soundfile`` is not installed.
    """
    rate_hz, seconds = rate_and_length(path)
    samples = round(seconds * SAMPLE_RATE_HZ)
    if _is_riff(path):
        with WavFile(path) as wav:
            return np.concatenate([frame.pcm for frame in wav])[:samples]
    with _opened(path) as file:
        import soundfile

        try:
            if rate_hz == SAMPLE_RATE_HZ and file.channels == 1:
                pcm: Pcm = file.read(dtype="int16")
                return pcm
            return _conformed(rate_hz, _mono_blocks(path, file))[:samples]
        except soundfile.LibsndfileError as error:
            raise InputError(f"{path}: not a readable recording ({error.error_string})") from None
