"""How well a line hears, judged as the programs of others are: at the constant shift that suits it best."""

from __future__ import annotations

from collections.abc import Iterator

from mandible.benchmarks import hearing
from mandible.benchmarks.measurement import Measurement, Subject
from mandible.benchmarks.peers import judging
from mandible.benchmarks.peers.ourselves import CLASSES
from mandible.benchmarks.speech import Speech
from mandible.device.pipeline import Line
from mandible.models.scoring.class_sets import ClassScore, class_set, of_visemes

FIGURES = ("accuracy", "macro_f1", "lip_shapes", "bilabial_f1", "jaw_r")


def scored(line: Line, speech: Speech) -> ClassScore:
    """Return how well a line hears all of the speech, with intervals over its speakers."""
    recordings, visemes = speech.recordings, class_set(CLASSES)
    tracks = [of_visemes(hearing.shown(line, one), visemes) for one in recordings]
    return judging.scored(judging.Shown(CLASSES, tracks), recordings)


def measurements(
    probe: str, subject: Subject, score: ClassScore, conditions: judging.Conditions
) -> Iterator[Measurement]:
    """Yield those of ``FIGURES`` that there was something to judge by."""
    names = {name: judging.AT_BEST_SHIFT[name] for name in FIGURES}
    return judging.measurements(probe, subject, score, names, conditions)
