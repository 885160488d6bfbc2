"""What is played: stretches of speech between two pauses, each with its phones, in one run of samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mandible.benchmarks.lipsync import Phone
from mandible.benchmarks.speech import Recording, Row
from mandible.device.frames import SAMPLE_RATE_HZ, Pcm
from mandible.models.scoring.conventions import phone_of
from mandible.models.visemes import Viseme

# A shorter silence is a stop's closure, or a breath that the mouth hardly rests for.
PAUSE_S = 0.2
# Between two recordings, which may end and begin without a pause.
BETWEEN_SAMPLES = 4800


@dataclass(frozen=True)
class Sentence:
    """A stretch of speech.

    Attributes:
        rows: its phones, in seconds from its first sample, in time order.
        phoneset: ``arpabet`` or ``ipa``.
        samples: its length.
    """

    rows: tuple[Row, ...]
    phoneset: str
    samples: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.samples / SAMPLE_RATE_HZ

    @property
    def phones(self) -> list[Phone]:
        """Its phones for the measures of ``lipsync``."""
        return [Phone(start_s, end_s, phone, False) for start_s, end_s, phone in self.rows]

    @property
    def closures(self) -> list[tuple[float, float]]:
        """(start_s, end_s) of every /p b m/; neighbours are one closure."""
        met: list[tuple[float, float]] = []
        for start_s, end_s, phone in self.rows:
            if not phone_of(self.phoneset, phone).closes_lips:
                continue
            if met and start_s <= met[-1][1]:
                met[-1] = (met[-1][0], end_s)
            else:
                met.append((start_s, end_s))
        return met

    def silent(self, phone: str) -> bool:
        """Whether a phone of it is a pause."""
        return all(part.sound.viseme == Viseme.sil for part in phone_of(self.phoneset, phone).parts)


@dataclass(frozen=True)
class Programme:
    """Everything that is played in one go.

    Attributes:
        pcm: (n,) int16, 16 kHz.
        sentences: what is said in it.
        starts: first sample of each sentence.
    """

    pcm: Pcm
    sentences: tuple[Sentence, ...]
    starts: tuple[int, ...]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.pcm) / SAMPLE_RATE_HZ


def programme(recordings: Iterable[Recording], most_s: float) -> Programme:
    """Return recordings in a row, again from the first where they do not last ``most_s``, cut at a sentence.

    At least one recording is played whole, however short ``most_s`` is.
    """
    once = tuple(recordings)
    pieces: list[Pcm] = []
    sentences: list[Sentence] = []
    starts: list[int] = []
    at, number = 0, 0
    while number == 0 or at + len(once[number % len(once)].pcm) <= most_s * SAMPLE_RATE_HZ:
        recording = once[number % len(once)]
        for start_s, end_s in _stretches(recording):
            starts.append(at + round(start_s * SAMPLE_RATE_HZ))
            sentences.append(_sentence(recording, start_s, end_s))
        pieces += [recording.pcm, np.zeros(BETWEEN_SAMPLES, np.int16)]
        at += len(recording.pcm) + BETWEEN_SAMPLES
        number += 1
    return Programme(np.concatenate(pieces[:-1]), tuple(sentences), tuple(starts))


def _stretches(recording: Recording) -> list[tuple[float, float]]:
    """Return (start_s, end_s) from the middle of a pause to the middle of the next."""
    whole = Sentence(recording.phones, recording.phoneset, len(recording.pcm))
    pauses = [(a, b) for a, b, phone in recording.phones if whole.silent(phone) and b - a >= PAUSE_S]
    cuts = sorted({0.0, recording.seconds, *((a + b) / 2 for a, b in pauses if a > 0)})
    stretches = list(pairwise(cuts))
    return [one for one in stretches if _speaks(whole, recording.phones, *one)]


def _speaks(whole: Sentence, rows: Sequence[Row], start_s: float, end_s: float) -> bool:
    return any(not whole.silent(phone) for a, b, phone in rows if a < end_s and b > start_s)


def _sentence(recording: Recording, start_s: float, end_s: float) -> Sentence:
    rows = tuple(
        (max(0.0, a - start_s), min(b, end_s) - start_s, phone)
        for a, b, phone in recording.phones
        if a < end_s and b > start_s
    )
    return Sentence(rows, recording.phoneset, round((end_s - start_s) * SAMPLE_RATE_HZ))
