"""The speech that everything hears: the sample that comes with mandible, or recordings of a corpus."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import HOP_SAMPLES, SAMPLE_RATE_HZ
from mandible.errors import InputError
from mandible.models.corpus import Utterance
from mandible.models.evaluation import sets
from mandible.models.recordings import read_audio
from mandible.models.scoring.timeline import Reference, reference

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
SAMPLE, SAMPLE_PHONES = SAMPLES / "puppet.wav", SAMPLES / "puppet.phones.csv"
SAMPLE_NAME = "sample"
# Speech whose words and voices nobody made for us, and which no model was trained on.
SPLIT = "test"

Row = tuple[float, float, str]


@dataclass(frozen=True)
class Recording:
    """One recording with its phones.

    Attributes:
        name: the utterance's.
        speaker: who speaks.
        path: the file.
        pcm: (n,) int16, 16 kHz mono.
        phones: (start_s, end_s, phone) rows.
        phoneset: ``arpabet`` or ``ipa``.
    """

    name: str
    speaker: str
    path: Path
    pcm: NDArray[np.int16]
    phones: tuple[Row, ...]
    phoneset: str

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.pcm) / SAMPLE_RATE_HZ

    @cached_property
    def reference(self) -> Reference:
        """What was spoken, frame by frame."""
        return reference(self.phones, self.phoneset, str(self.path))

    def hops(self) -> NDArray[np.int16]:
        """Return its whole hops, (n, 160)."""
        whole = len(self.pcm) // HOP_SAMPLES
        return self.pcm[: whole * HOP_SAMPLES].reshape(-1, HOP_SAMPLES)


@dataclass(frozen=True)
class Speech:
    """Recordings under one name."""

    name: str
    recordings: tuple[Recording, ...]

    @property
    def seconds(self) -> float:
        """How long they are together."""
        return sum(one.seconds for one in self.recordings)

    def conditions(self) -> dict[str, str | float | int]:
        """Return what a measurement says of the speech it was made with; equal means the same samples."""
        digest = sha256()
        for one in self.recordings:
            digest.update(one.pcm.astype("<i2").tobytes())
        return {
            "speech": self.name,
            "speech_s": round(self.seconds, 2),
            "speakers": len({one.speaker for one in self.recordings}),
            "speech_sha256": digest.hexdigest()[:16],
        }


def sample() -> Speech:
    """Return the sample: ten seconds of a synthetic voice; good for timing, too short to judge hearing by."""
    with SAMPLE_PHONES.open(encoding="utf-8", newline="") as stream:
        rows = tuple(
            (float(row["start_s"]), float(row["end_s"]), row["phone"].rstrip("012"))
            for row in csv.DictReader(stream)
        )
    recording = Recording("puppet", "puppet", SAMPLE, read_audio(SAMPLE), rows, "arpabet")
    return Speech(SAMPLE_NAME, (recording,))


def of_corpus(directory: Path, names: Sequence[str], most_s: float) -> Speech:
    """Return recordings of a corpus's test split, at most so many seconds, spread over its speakers.

    The same ones each time: every n-th of the sources' own order.

    Raises:
        InputError: no such corpus or source, or a recording or label is at fault.
        DeviceError: the package that reads its recordings is missing.
    """
    found = [one for members in sets.chosen(directory, names, SPLIT).values() for one in members]
    recordings = tuple(map(_recording, _spread(found, most_s)))
    if not recordings:
        raise InputError(f"{directory}: no recording is shorter than {most_s:g} s; allow more with --speech")
    return Speech("+".join(sorted({one.source for one in found})), recordings)


def _spread(found: Sequence[Utterance], most_s: float) -> list[Utterance]:
    total_s = sum(one.seconds for one in found)
    step = max(1, -(-int(total_s) // max(1, int(most_s))))
    taken, sum_s = [], 0.0
    for one in found[::step]:
        if sum_s + one.seconds <= most_s:
            taken.append(one)
            sum_s += one.seconds
    return taken


def _recording(one: Utterance) -> Recording:
    return Recording(one.name, one.speaker, one.path, read_audio(one.path), _rows(one), one.phoneset)


def _rows(one: Utterance) -> tuple[Row, ...]:
    return tuple(zip(one.starts_s.tolist(), one.ends_s.tolist(), one.phones, strict=True))
