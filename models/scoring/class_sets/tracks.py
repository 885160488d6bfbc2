"""Tracks in the classes of a set, frame by frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mandible.errors import InputError
from mandible.models.scoring.class_sets.tables import ClassSet
from mandible.models.scoring.timeline import Floats, Ints, Track, frame_of
from mandible.wording import shown

Row = tuple[float, float, str] | tuple[float, float, str, float | None]


@dataclass(frozen=True)
class ClassTrack:
    """What a mouth showed, over n frames: (n,) class of a set and (n,) opening from 0 to 1."""

    state: Ints
    opening: Floats


def class_track(rows: Iterable[Row], frames: int, of: ClassSet) -> ClassTrack:
    """Return the frames of (start_s, end_s, class[, openness 0..1 or None]) rows.

    Where no row is, the mouth rests.

    Raises:
        InputError: a row names no class of the set.
    """
    number = {name: index for index, name in enumerate(of.classes)}
    state, opening = np.zeros(frames, np.int64), np.full(frames, of.opening[0])
    for start_s, end_s, name, *openness in sorted(rows, key=lambda row: row[:2]):
        if name not in number:
            raise InputError(f"track: class {shown(name)} must be one of {' '.join(of.classes)}")
        span = slice(max(0, frame_of(start_s)), max(0, frame_of(end_s)))
        state[span] = number[name]
        told = openness[0] if openness else None
        opening[span] = of.opening[number[name]] if told is None else told
    return ClassTrack(state, opening)


def of_visemes(track: Track, to: ClassSet) -> ClassTrack:
    """Return a track of our visemes in the classes of a set; the opening stays as it is."""
    return ClassTrack(to.of_viseme[track.viseme], track.opening)


def joined(tracks: Sequence[ClassTrack]) -> ClassTrack:
    """Return tracks one after the other on one timeline."""
    return ClassTrack(
        np.concatenate([one.state for one in tracks]), np.concatenate([one.opening for one in tracks])
    )
