"""Viseme accuracy of engines on held-out recordings, scored as ``mandible eval`` scores a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import HOP_SAMPLES
from mandible.models.corpus import Utterance, read_audio
from mandible.models.evaluation import sets
from mandible.models.evaluation.measure import Heard, Plan
from mandible.models.evaluation.subjects import FLOAT_LOGIT_SCALE, Subject
from mandible.models.evaluation.tracks import ARGMAX, DECODED, features, reference_of, show
from mandible.models.scoring.score import Score
from mandible.models.scoring.timeline import Reference
from mandible.quantize.parity.engine import Hops

# Speakers that no released model has heard.
SPLIT = "test"
POINTS = 100


@dataclass(frozen=True)
class Recording:
    """One held-out recording, ready for any engine."""

    utterance: Utterance
    reference: Reference
    mels: Hops
    own_hops: int

    @property
    def name(self) -> str:
        """Source and name."""
        return f"{self.utterance.source}/{self.utterance.name}"


@dataclass(frozen=True)
class Accuracy:
    """Share of frames with the right viseme, after the decoder and of the strongest logit."""

    recordings: int
    seconds: float
    decoded: float
    argmax: float
    confusion: NDArray[np.generic]

    def as_data(self) -> dict[str, Any]:
        """Return plain data for JSON, without the confusions."""
        return {
            "recordings": self.recordings,
            "seconds": round(self.seconds, 2),
            "decoded": round(self.decoded, 5),
            "argmax": round(self.argmax, 5),
        }


def held_out(directory: Path, names: Sequence[str], most: int, lookahead_ms: int) -> list[Recording]:
    """Return up to ``most`` recordings of the test split, taken from the sources in turn.

    Raises:
        InputError: the corpus has no such source, nothing of the split, or a damaged recording.
        DeviceError: the package that reads a recording is not installed.
    """
    found = sets.chosen(directory, names, SPLIT)
    turns = chain.from_iterable(zip_longest(*found.values()))
    return [_ready(one, lookahead_ms) for one in [one for one in turns if one is not None][:most]]


def _ready(utterance: Utterance, lookahead_ms: int) -> Recording:
    pcm = read_audio(utterance.path)
    return Recording(
        utterance, reference_of(utterance), features(pcm, lookahead_ms), -(-len(pcm) // HOP_SAMPLES)
    )


def scored(
    recordings: Sequence[Recording],
    logits: Sequence[NDArray[np.generic]],
    lookahead_ms: int,
    output_scale: float,
) -> Accuracy:
    """Score the logits that an engine gave for recordings; float ones are scored as they are."""
    heard = Heard()
    for one, rows in zip(recordings, logits, strict=True):
        scale = output_scale if rows.dtype == np.int8 else FLOAT_LOGIT_SCALE
        subject = Subject("", lookahead_ms, scale, lambda _, rows=rows: rows)  # type: ignore[misc]
        heard.utterances.append(one.utterance)
        heard.references.append(one.reference)
        for way, shown in show(subject, one.mels, one.own_hops, len(one.reference)).items():
            heard.shown[way].append(shown)
    decoded, argmax = (heard.score(way, Plan(draws=0)) for way in (DECODED, ARGMAX))
    return Accuracy(
        recordings=len(recordings),
        seconds=float(sum(one.reference.seconds.sum() for one in recordings)),
        decoded=_accuracy(decoded),
        argmax=_accuracy(argmax),
        confusion=decoded.sums["viseme_confusion"],
    )


def _accuracy(score: Score) -> float:
    return float(score.figures["accuracy"])
