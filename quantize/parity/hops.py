"""What engines are compared on: speech, seeded noise over all of int8, and the ends of its range."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import mandible
from mandible.device.frames import MEL_BANDS
from mandible.device.frontend import log_mel
from mandible.errors import InputError
from mandible.models.corpus import read_audio
from mandible.quantize.parity.engine import Hops
from mandible.small_file import exists, is_file

SPEECH, RANDOM, EXTREME = "speech", "random", "extreme"
# Our own sentence lies in the source tree only; an installed package has no sound.
SAMPLE = Path(mandible.__file__).parents[2] / "samples" / "puppet.wav"
MOST_HOPS = 1_000_000
# A feature has two steps a decibel: as recorded, then 9 and 18 dB quieter, 9 dB louder, and between.
LEVELS_DB = (0, -9, -18, 9, -5, -14, 5, -23, 14, -27, -3, -11, 3, -20, 11, -25)
LOW, HIGH = -128, 127


@dataclass(frozen=True, eq=False)
class Segment:
    """Hops that every engine hears from its initial state on."""

    name: str
    kind: str
    hops: Hops


def segments(recordings: Sequence[Path], speech_hops: int, random_hops: int, seed: int) -> list[Segment]:
    """Return speech (none without recordings), then ``random_hops`` of noise, then the extremes."""
    found = list(speech(recordings, speech_hops)) if speech_hops else []
    if random_hops:
        noise = np.random.default_rng(seed).integers(LOW, HIGH + 1, (random_hops, MEL_BANDS))
        found.append(Segment(f"noise of seed {seed}", RANDOM, noise.astype(np.int8)))
    found.append(Segment("ends of the range", EXTREME, extremes()))
    return found


def recordings_in(place: Path | None) -> list[Path]:
    """Return the recordings of ``--speech``: a WAV file, those in a folder, or our sample where it is there.

    Raises:
        InputError: there is nothing of the kind.
    """
    if place is None:
        return [SAMPLE] if is_file(SAMPLE) else []
    if is_file(place):
        return [place]
    found = sorted(place.rglob("*.wav")) if exists(place) and place.is_dir() else []
    if not found:
        raise InputError(f"--speech {place}: no WAV file and no folder with some")
    return found


def speech(recordings: Sequence[Path], wanted: int) -> Iterator[Segment]:
    """Yield ``wanted`` hops of speech; where the recordings are too short, at other levels once more."""
    left = wanted
    for level_db in LEVELS_DB:
        for path in recordings:
            if left <= 0:
                return
            mels = log_mel(read_audio(path))[:left]
            if not len(mels):
                continue
            left -= len(mels)
            name = path.name if level_db == 0 else f"{path.name} at {level_db:+d} dB"
            yield Segment(
                name, SPEECH, np.clip(mels.astype(np.int16) + 2 * level_db, LOW, HIGH).astype(np.int8)
            )


def extremes() -> Hops:
    """(n, 40) long runs of either end, steps between them, and their alternation in time and over bands."""
    low, high = np.full((40, MEL_BANDS), LOW, np.int8), np.full((40, MEL_BANDS), HIGH, np.int8)
    in_time = np.stack([low, high], axis=1).reshape(-1, MEL_BANDS)
    over_bands = np.where(np.arange(MEL_BANDS) % 2, low, high)
    return np.concatenate([low, high, low, in_time, over_bands, -1 - over_bands, np.zeros_like(low)])
