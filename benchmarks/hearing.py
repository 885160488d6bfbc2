"""How well a line hears the speech of a run: the accuracy that stands beside what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from mandible.benchmarks.measurement import Measurement, Subject
from mandible.benchmarks.speech import Recording, Speech
from mandible.device.frames import HOP_SAMPLES, Frame
from mandible.device.pipeline import Line, flushed
from mandible.device.sinks.formats.timeline import ALIGNED
from mandible.models.evaluation.tracks import State, rows
from mandible.models.scoring.score import Score, score_set
from mandible.models.scoring.timeline import Track, track


def first_hops(speech: Speech, most: int) -> NDArray[np.int16]:
    """Return the first hops of the recordings one after the other, (n, 160); n is at most ``most``."""
    found: list[NDArray[np.int16]] = []
    left = most
    for recording in speech.recordings:
        if left <= 0:
            break
        found.append(recording.hops()[:left])
        left -= len(found[-1])
    return np.concatenate(found) if found else np.zeros((0, HOP_SAMPLES), np.int16)


def shown(line: Line, recording: Recording) -> Track:
    """Return what a line shows of a recording, stamped with the sound it speaks for."""
    line.reset()
    hops = recording.hops()
    frames = (Frame(index, 0, hop) for index, hop in enumerate(hops))
    states = list(_states(line, frames))
    return track(rows(states, len(hops), line.delay_ms, ALIGNED), len(recording.reference))


def score(line: Line, speech: Speech) -> Score:
    """Return how well a line hears all of the speech; 95 % intervals where there are several speakers."""
    recordings = speech.recordings
    return score_set(
        [one.reference for one in recordings],
        [shown(line, one) for one in recordings],
        [one.speaker for one in recordings],
    )


def accuracy(
    probe: str, subject: Subject, found: Score, conditions: Mapping[str, str | int | float | bool]
) -> Measurement:
    """Return the accuracy of a score, at the shift that suits best; its interval is over speakers."""
    value = found.figures["accuracy_best"]
    limits = found.intervals.get("accuracy_best") or (value, value)
    return Measurement(probe, "accuracy", subject, ((value,),), conditions, limits)


def _states(line: Line, frames: Iterator[Frame]) -> Iterator[State]:
    for frame in map(line.step, flushed(frames, line.delay_ms)):
        assert frame.viseme is not None
        assert frame.openness is not None
        yield frame.viseme, frame.openness
