"""A model's weights on development speakers, and what a mouth shows of them under given decoder settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.device.decision import Decision
from mandible.device.decoder import Decoder, DecoderSettings
from mandible.device.frames import HOP_SAMPLES, Frame
from mandible.device.pipeline import HALF_HOP_MS, HALF_WINDOW_MS
from mandible.device.sinks.formats.timeline import ALIGNED, EMISSION, TICKS_PER_S, Timeline
from mandible.models.corpus import Utterance, read_audio
from mandible.models.evaluation.subjects import Subject
from mandible.models.evaluation.tracks import as_int8, features, reference_of, rows
from mandible.models.scoring import agreement, closures, jaw, rhythm
from mandible.models.scoring.conventions import shape_of_viseme
from mandible.models.scoring.counting import Units, totals
from mandible.models.scoring.score import best_lateness
from mandible.models.scoring.timeline import (
    Ints,
    Reference,
    Track,
    frame_of,
    joined,
    joined_tracks,
    track,
)
from mandible.models.visemes import Viseme

_NO_SOUND = np.zeros(HOP_SAMPLES, np.int16)
FULL = 255


@dataclass(frozen=True)
class Recording:
    """One utterance as a network heard it.

    Attributes:
        reference: what was spoken, over f frames.
        hops: how many hops the recording itself has.
        mels, logits: (n, 40) features and (n, 15) int8 logits, n >= hops.
        weights: n rows of fifteen weights behind the gate, where the decision starts.
        hop_of_frame: (f,) the hop whose state each frame shows; -1 before the first.
    """

    reference: Reference
    hops: int
    mels: NDArray[np.int8]
    logits: NDArray[np.int8]
    weights: list[list[int]]
    hop_of_frame: Ints


@dataclass(frozen=True)
class Material:
    """What one model heard of one set of recordings."""

    model: str
    set_name: str
    delay_ms: float
    output_scale: float
    recordings: list[Recording]
    reference: Reference


@dataclass(frozen=True)
class Figures:
    """What viewers notice: shares from 0 to 1; ``changes`` is the mouth's against the speech's.

    NaN where there was nothing to judge, such as the precision of closures where none is shown.
    """

    accuracy: float
    macro_f1: float
    recall: float
    precision: float
    changes: float
    short_share: float


@dataclass(frozen=True)
class Followed:
    """What takes a whole decoder to know: correlation of the jaw, and lateness as stamped at emission."""

    jaw: float
    lateness_ms: float


def hear(subject: Subject, set_name: str, utterances: Sequence[Utterance]) -> Material:
    """Run a model over recordings; raises InputError for a damaged recording or an unknown phone."""
    delay_ms = HALF_HOP_MS + HALF_WINDOW_MS + subject.lookahead_ms + Decoder.delay_ms
    recordings = [
        _heard(subject, utterance.path, reference_of(utterance), delay_ms) for utterance in utterances
    ]
    whole = joined([one.reference for one in recordings])
    return Material(subject.name, set_name, delay_ms, subject.output_scale, recordings, whole)


def _heard(subject: Subject, path: Path, reference: Reference, delay_ms: float) -> Recording:
    pcm = read_audio(path)
    mels = features(pcm, subject.lookahead_ms)
    logits = as_int8(np.asarray(subject.network(mels)), subject.output_scale)
    decoder = Decoder(subject.output_scale)
    weights = [
        list(decoder.heard(Frame(index, 0, _NO_SOUND, mel=mel, logits=row)))
        for index, (mel, row) in enumerate(zip(mels, logits, strict=True))
    ]
    timeline = Timeline(ALIGNED, delay_ms)
    starts = [frame_of(max(0, timeline.start_tick(hop)) / TICKS_PER_S) for hop in range(len(mels))]
    hop_of_frame = np.searchsorted(starts, np.arange(len(reference)), side="right") - 1
    return Recording(reference, -(-len(pcm) // HOP_SAMPLES), mels, logits, weights, hop_of_frame)


def largest(material: Material) -> Ints:
    """Return the viseme of the largest weight of every frame, without any decision."""
    return _frames(material, [np.argmax(one.weights, axis=1) for one in material.recordings])


def decided(material: Material, settings: DecoderSettings) -> Ints:
    """Return the viseme of every frame, each recording from a resting mouth."""
    decision, shown = Decision(settings), []
    for one in material.recordings:
        decision.reset()
        shown.append(np.array([decision.step(weights) for weights in one.weights], np.int64))
    return _frames(material, shown)


def _frames(material: Material, shown: Sequence[Ints]) -> Ints:
    return np.concatenate(
        [
            np.where(one.hop_of_frame < 0, int(Viseme.sil), visemes[one.hop_of_frame])
            for one, visemes in zip(material.recordings, shown, strict=True)
        ]
    )


def figures(reference: Reference, viseme: Ints) -> Figures:
    """Score (n,) visemes against a reference of n frames."""
    shown, units = Track(viseme, np.zeros(len(viseme))), Units(np.zeros(len(viseme), np.int64), 1)
    shut = closures.closed(np.array(shape_of_viseme())[viseme])
    sums = totals(
        {
            **agreement.count(agreement.visemes(reference, shown), 0, units, "viseme"),
            **closures.count(reference, shut, units, "bilabial"),
            **rhythm.count(reference, shown, units),
        }
    )
    agrees, lips = agreement.figures(sums, "viseme"), closures.figures(sums, "bilabial")
    calm = rhythm.figures(sums)
    return Figures(
        accuracy=float(agrees["accuracy"]),
        macro_f1=float(agrees["macro_f1"]),
        recall=float(lips["recall"]),
        precision=float(lips["precision"]),
        changes=float(calm["changes_per_s"] / calm["reference_changes_per_s"]),
        short_share=float(calm["short_share"]),
    )


def followed(material: Material, settings: DecoderSettings) -> Followed:
    """Run the whole decoder and score the tracks that it would write."""
    aligned: list[Track] = []
    emitted: list[Track] = []
    decoder = Decoder(material.output_scale, settings)
    for one in material.recordings:
        decoder.reset()
        states = []
        for index, (mel, row) in enumerate(zip(one.mels, one.logits, strict=True)):
            frame = decoder.step(Frame(index, 0, _NO_SOUND, mel=mel, logits=row))
            assert frame.viseme is not None
            assert frame.openness is not None
            states.append((frame.viseme, frame.openness))
        for stamp, tracks in ((ALIGNED, aligned), (EMISSION, emitted)):
            tracks.append(track(rows(states, one.hops, material.delay_ms, stamp), len(one.reference)))
    jaws = jaw.Jaws(material.reference, joined_tracks(aligned))
    units = Units(np.zeros(len(material.reference), np.int64), 1)
    return Followed(
        float(jaw.correlation(totals(jaws.count(0, units, "jaw")), "jaw")),
        best_lateness(material.reference, joined_tracks(emitted)),
    )


def fitted_openings(materials: Sequence[Material]) -> list[int]:
    """Return the opening of each viseme, in percent of the widest, that makes the jaw follow the speech best.

    Least squares on the smoothed opening that the weights expect; none is below 0.
    """
    asked, expected = [], []
    for material in materials:
        weights = np.concatenate(
            [
                np.where(one.hop_of_frame[:, None] < 0, 0, np.array(one.weights)[one.hop_of_frame])
                for one in material.recordings
            ]
        )
        counted = material.reference.counted
        asked.append(jaw.smoothed(material.reference.opening)[counted])
        columns = [jaw.smoothed(column / FULL)[counted] for column in weights.T]
        expected.append(np.stack(columns, axis=1))
    openings = np.linalg.lstsq(np.concatenate(expected), np.concatenate(asked), rcond=None)[0]
    return [max(0, round(100 * value / openings.max())) for value in openings.tolist()]
