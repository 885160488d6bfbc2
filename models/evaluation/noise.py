"""Speech with recorded noise, the same noise for the same utterance every time."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from mandible.device.frames import HOP_SAMPLES, Pcm
from mandible.errors import InputError
from mandible.models.augment.sounds import free, index_rows
from mandible.models.corpus import Utterance, read_audio
from mandible.models.scoring.timeline import Bools, Floats, Reference

# A noise with pauses may be nearly silent where an utterance falls; it is raised no more than this much.
MOST_RAISED = 10.0
LOUDEST = 32767


@dataclass
class Noises:
    """The noise recordings of a corpus directory that no released model was trained with.

    Those with a free licence are heard in training and left out, unless there are no others.
    """

    directory: Path
    seed: int

    @cached_property
    def names(self) -> list[str]:
        """File names; raises InputError where the corpus has no noise."""
        index = self.directory / "noise" / "index.csv"
        rows = list(index_rows(index))
        if not rows:
            raise InputError(f"--snr: {index} is missing or empty; without noise recordings, leave --snr out")
        unheard = [row["file"] for row in rows if not free(row["licence"])]
        return sorted(unheard or [row["file"] for row in rows])

    def mixed(self, utterance: Utterance, pcm: Pcm, reference: Reference, snr_db: float) -> Pcm:
        """Return the utterance with noise ``snr_db`` below its speech; silence does not count as speech."""
        key = zlib.crc32(f"{utterance.source}/{utterance.name}".encode())
        rng = np.random.default_rng((self.seed, key))
        name = self.names[int(rng.integers(len(self.names)))]
        noise = self._recording(name)
        excerpt = np.take(noise, int(rng.integers(len(noise))) + np.arange(len(pcm)), mode="wrap")
        level = max(_rms(excerpt), _rms(noise) / MOST_RAISED)
        speech = pcm.astype(np.float64)
        wanted = _rms(speech[_spoken(reference, len(pcm))]) * 10 ** (-snr_db / 20)
        mixture = speech + excerpt * (wanted / max(level, 1e-9))
        return np.clip(np.round(mixture), -LOUDEST - 1, LOUDEST).astype(np.int16)

    def _recording(self, name: str) -> Floats:
        noise = self._read.get(name)
        if noise is None:
            noise = self._read[name] = read_audio(self.directory / "noise" / name).astype(np.float64)
        return noise

    @cached_property
    def _read(self) -> dict[str, Floats]:
        return {}


def _spoken(reference: Reference, samples: int) -> Bools:
    spoken = np.repeat(~reference.silent, HOP_SAMPLES)[:samples]
    spoken = np.pad(spoken, (0, samples - len(spoken)))
    return spoken if spoken.any() else np.ones(samples, bool)


def _rms(samples: Floats) -> float:
    return float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0
