"""What a program showed, scored by our tables: in its own classes, in six lip shapes, lips and jaw."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mandible.benchmarks.measurement import Measurement, Subject
from mandible.benchmarks.peers.adapter import Heard, Row
from mandible.benchmarks.peers.catalogue import Peer
from mandible.benchmarks.peers.ourselves import CLASSES
from mandible.benchmarks.speech import Recording
from mandible.models.scoring.bootstrap import DRAWS
from mandible.models.scoring.class_sets import ClassScore, class_set, class_track, of_visemes, score_in
from mandible.models.scoring.class_sets.phones import PHONES, as_visemes
from mandible.models.scoring.class_sets.tracks import ClassTrack
from mandible.models.scoring.timeline import Track

# Figure of the benchmark -> figure of the score. At the constant shift that suits the track best, so that a
# program that answers late is not judged for it twice: ``lateness_ms`` says how late.
AT_BEST_SHIFT = {
    "accuracy": "accuracy_best",
    "macro_f1": "macro_f1_best",
    "lip_shapes": "shape_accuracy_best",
    "lip_shapes_f1": "shape_macro_f1_best",
    "bilabial_f1": "bilabial_f1_best",
    "bilabial_recall": "bilabial_recall_best",
    "bilabial_precision": "bilabial_precision_best",
    "jaw_r": "jaw_correlation_best",
    "silence_f1": "silence_f1_best",
}
AS_STAMPED = {
    "accuracy_as_stamped": "accuracy",
    "lip_shapes_as_stamped": "shape_accuracy",
    "bilabial_f1_as_stamped": "bilabial_f1",
    "jaw_r_as_stamped": "jaw_correlation",
    "lateness_ms": "best_shift_ms",
}
IN_RIVALS_CLASSES = {"rival_accuracy": "accuracy_best", "rival_macro_f1": "macro_f1_best"}
Conditions = Mapping[str, str | int | float | bool]


@dataclass(frozen=True)
class Shown:
    """A program's tracks of all recordings, in a class set."""

    classes: str
    tracks: list[ClassTrack]


def classes_of(peer: Peer) -> str:
    """Return the class set that a peer is scored in: its own, or visemes where it says phones."""
    return CLASSES if peer.class_set == PHONES else peer.class_set


def shown(peer: Peer, answers: Sequence[Heard], recordings: Sequence[Recording]) -> Shown:
    """Return a peer's answers as tracks; raises InputError for a class that its set does not have."""
    name = classes_of(peer)
    of = class_set(name)
    tracks = [
        class_track(_rows(peer, answer.rows), len(recording.reference), of)
        for answer, recording in zip(answers, recordings, strict=True)
    ]
    return Shown(name, tracks)


def _rows(peer: Peer, rows: Sequence[Row]) -> list[Row]:
    return as_visemes(rows) if peer.class_set == PHONES else list(rows)


def scored(one: Shown, recordings: Sequence[Recording], draws: int = DRAWS) -> ClassScore:
    """Return the score of all recordings, with intervals over their speakers."""
    references = [recording.reference for recording in recordings]
    speakers = [recording.speaker for recording in recordings]
    return score_in(class_set(one.classes), references, one.tracks, speakers, draws)


def read_as(ours: Shown, classes: str) -> Shown:
    """Return tracks of our visemes in the classes of a rival."""
    to = class_set(classes)
    return Shown(classes, [of_visemes(Track(one.state, one.opening), to) for one in ours.tracks])


def measurements(
    probe: str, subject: Subject, score: ClassScore, names: Mapping[str, str], conditions: Conditions
) -> Iterator[Measurement]:
    """Yield the figures of a score that there was something to judge by.

    The interval is over speakers drawn anew; with one speaker there is none: the same speech gives the same.
    """
    for figure, name in names.items():
        value = score.figures[name]
        if not math.isnan(value):
            interval = score.intervals.get(name) or (value, value)
            yield Measurement(probe, figure, subject, ((value,),), conditions, interval)
