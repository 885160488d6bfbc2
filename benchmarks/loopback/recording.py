"""A recording with the sound on one channel and the mouth on the other, checked before it is used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.device.audio.conform import Conformer
from mandible.device.audio.riff import WavFormat, read_header
from mandible.device.audio.samples import to_mono
from mandible.device.frames import SAMPLE_RATE_HZ, Pcm
from mandible.errors import InputError
from mandible.small_file import exists, is_file

LEFT, RIGHT = "left", "right"
# Below this the edges of a pulse fall between samples too far apart.
# What is longer or finer than this takes more memory than small computers have.
LEAST_RATE_HZ, MOST_RATE_HZ = 32_000, 96_000
SHORTEST_S, LONGEST_S = 4.0, 120.0
# Full scale, and how many samples in a row mean that a peak was cut off.
_FULL, _CUT_SAMPLES = 0.999, 3
_CUT_SHARE = 1e-4
# What the line hears best; peaks stay below full scale.
_LEVEL, _PEAK = 0.1, 0.9
_SILENT = 10 ** (-60 / 20)

Samples = NDArray[np.float64]


@dataclass(frozen=True)
class Recording:
    """Both channels of a recording.

    Attributes:
        name: the file's.
        rate_hz: of ``mouth``.
        sound: (m,) int16 at 16 kHz, its level evened out.
        mouth: (n,) the servo's line or the jaw's voltage, full scale 1.
    """

    name: str
    rate_hz: int
    sound: Pcm
    mouth: Samples

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.mouth) / self.rate_hz


def read(path: Path, mouth: str = RIGHT) -> Recording:
    """Read a recording; ``mouth`` says which channel the servo or the jaw is on.

    Raises:
        InputError: it is no WAV file of two channels at 32 to 96 kHz, 4 to 120 s long, or its sound is
            silent or clipped, or the mouth's channel is empty or clipped.
    """
    form, raw = _content(path)
    channels = np.frombuffer(raw, np.uint8).reshape(-1, 2, form.sample_format.sample_bytes)
    number = 1 if mouth == RIGHT else 0
    sound, shown = (
        to_mono(channels[:, one].tobytes(), form.sample_format, 1) for one in (1 - number, number)
    )
    if not (np.isfinite(sound).all() and np.isfinite(shown).all()):
        raise InputError(f"{path}: a sample is not a finite number; export it again")
    other = LEFT if mouth == RIGHT else RIGHT
    if np.abs(sound).max() < _SILENT:
        raise InputError(f"{path}: no sound on the {other} channel; is the microphone on that one, and up?")
    if float(np.ptp(shown)) < _SILENT:
        raise InputError(f"{path}: nothing on the {mouth} channel; is the servo's line on that one, and up?")
    for name, samples in ((other, sound), (mouth, shown)):
        if _clipped(samples):
            raise InputError(f"{path}: the {name} channel is clipped; turn its level down and record again")
    return Recording(str(path), form.rate_hz, _conformed(sound, form.rate_hz), shown)


def _content(path: Path) -> tuple[WavFormat, bytes]:
    if not exists(path):
        raise InputError(f"{path}: no such recording; check its path")
    if not is_file(path):
        raise InputError(f"{path}: not a regular file; name a WAV file")
    try:
        with path.open("rb") as file:
            form = read_header(file, str(path), path.stat().st_size)
            _check(path, form)
            file.seek(form.data_offset)
            raw = file.read(form.frame_count * form.frame_bytes)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(raw) != form.frame_count * form.frame_bytes:
        raise InputError(f"{path}: the file became shorter while it was read")
    return form, raw


def _check(path: Path, form: WavFormat) -> None:
    if form.channels != 2:
        had = "one channel" if form.channels == 1 else f"{form.channels} channels"
        raise InputError(f"{path}: {had}; record two, sound and mouth: arecord -c 2")
    if not LEAST_RATE_HZ <= form.rate_hz <= MOST_RATE_HZ:
        raise InputError(f"{path}: {form.rate_hz} Hz; record at 48000 Hz (arecord -r 48000)")
    if not SHORTEST_S <= form.duration_s <= LONGEST_S:
        raise InputError(
            f"{path}: {form.duration_s:.1f} s long; between {SHORTEST_S:g} and {LONGEST_S:g} s are needed"
        )


def _clipped(samples: Samples) -> bool:
    """Whether peaks are cut off: runs of samples that stand at full scale."""
    full = np.abs(samples) >= _FULL
    cut = np.convolve(full, np.ones(_CUT_SAMPLES), "valid") >= _CUT_SAMPLES - 0.5
    return bool(cut.mean() > _CUT_SHARE)


def _conformed(sound: Samples, rate_hz: int) -> Pcm:
    sound = sound - sound.mean()
    loud = np.sort(np.abs(sound))[-max(1, len(sound) // 5) :]
    gain = min(_LEVEL / float(np.sqrt(np.mean(loud**2))), _PEAK / float(loud[-1]))
    conformer = Conformer(rate_hz)
    hops = [*conformer.push(sound * gain), *conformer.flush()]
    return np.concatenate(hops)[: round(len(sound) * SAMPLE_RATE_HZ / rate_hz)]
