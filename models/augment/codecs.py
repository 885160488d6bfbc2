"""Speech as it comes out of telephones, radios and voice messages: real codecs, encoded in memory.

Every codec's delay is measured once on a test sound and taken back, so that labels stay on the sound.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import soxr

from mandible.device.frames import SAMPLE_RATE_HZ, Pcm
from mandible.errors import DeviceError
from mandible.models.augment.synthesis import Floats, coloured


@dataclass(frozen=True)
class Codec:
    """A format that libsndfile writes and reads.

    Attributes:
        name: for people.
        rate_hz: sampling rate that it works at.
        container, subtype: as libsndfile calls them.
        options: further arguments of ``soundfile.write``; they set the bit rate.
    """

    name: str
    rate_hz: int
    container: str
    subtype: str
    options: tuple[tuple[str, Any], ...] = ()


# The levels give about 24, 16 and 12 kbit/s (Opus) and 26 kbit/s (MP3).
CODECS = (
    Codec("mu-law 8 kHz", 8000, "WAV", "ULAW"),
    Codec("GSM 6.10", 8000, "WAV", "GSM610"),
    Codec("IMA ADPCM", SAMPLE_RATE_HZ, "WAV", "IMA_ADPCM"),
    Codec("Opus 24 kbit/s", SAMPLE_RATE_HZ, "OGG", "OPUS", (("compression_level", 0.94),)),
    Codec("Opus 16 kbit/s", SAMPLE_RATE_HZ, "OGG", "OPUS", (("compression_level", 0.97),)),
    Codec("Opus 12 kbit/s", SAMPLE_RATE_HZ, "OGG", "OPUS", (("compression_level", 0.985),)),
    Codec(
        "MP3 26 kbit/s",
        SAMPLE_RATE_HZ,
        "MP3",
        "MPEG_LAYER_III",
        (("compression_level", 0.9), ("bitrate_mode", "VARIABLE")),
    ),
)
LONGEST_DELAY_S = 0.2


def _soundfile() -> Any:
    try:
        import soundfile
    except ImportError:
        raise DeviceError("codecs need the package soundfile: pip install soundfile") from None
    return soundfile


def _coded(codec: Codec, sound: Floats) -> Floats:
    """Encode and decode samples in -1 to 1 at 16 kHz; longer than they were where the codec is late."""
    soundfile = _soundfile()
    narrow = soxr.resample(sound, SAMPLE_RATE_HZ, codec.rate_hz)
    stream = io.BytesIO()
    soundfile.write(
        stream,
        np.clip(narrow, -1.0, 1.0),
        codec.rate_hz,
        format=codec.container,
        subtype=codec.subtype,
        **dict(codec.options),
    )
    stream.seek(0)
    decoded, rate_hz = soundfile.read(stream, dtype="float64")
    wide: Floats = soxr.resample(decoded, rate_hz, SAMPLE_RATE_HZ)
    return wide


def lag_samples(late: Floats, original: Floats) -> int:
    """Return by how many samples ``late`` follows ``original``: the peak of their cross-correlation."""
    size = 1 << (len(late) + len(original)).bit_length()
    spectrum = np.fft.rfft(late, size) * np.conj(np.fft.rfft(original, size))
    peak = int(np.argmax(np.fft.irfft(spectrum, size)))
    return peak if peak < size // 2 else peak - size


@cache
def delay_samples(codec: Codec) -> int | None:
    """Return a codec's delay at 16 kHz; None where this libsndfile does not offer it or loses the sound."""
    soundfile = _soundfile()
    rng = np.random.default_rng(2)
    sound = coloured(rng, 1.5, 0.7, 200.0, 3000.0) * 0.08
    sound *= np.repeat(
        rng.uniform(0.1, 1.0, 30), len(sound) // 30
    )  # noise that comes and goes like syllables
    try:
        decoded = _coded(codec, sound)
    except (
        soundfile.SoundFileError,
        TypeError,
        ValueError,
    ):  # an older library knows no such format or option
        return None
    delay = lag_samples(decoded, sound)
    return delay if 0 <= delay <= LONGEST_DELAY_S * SAMPLE_RATE_HZ else None


@cache
def available() -> tuple[Codec, ...]:
    """Return the codecs that work here; raises DeviceError without the package ``soundfile``."""
    return tuple(codec for codec in CODECS if delay_samples(codec) is not None)


def through(codec: Codec, pcm: Pcm) -> Pcm:
    """Return a sound after the codec: as long as it was and in step with it."""
    delay = delay_samples(codec)
    if delay is None:
        raise DeviceError(f"{codec.name}: this libsndfile does not offer it; update the package soundfile")
    # Silence behind the sound pushes the end out of a codec that is late.
    padded = np.concatenate([pcm / 32768.0, np.zeros(delay + codec.rate_hz // 50)])
    decoded = np.round(_coded(codec, padded)[delay : delay + len(pcm)] * 32768.0)
    coded = np.zeros(len(pcm), np.int16)
    coded[: len(decoded)] = np.clip(decoded, -32768, 32767)
    return coded
