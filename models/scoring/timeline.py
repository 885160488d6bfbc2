"""References and tracks as values per 10 ms frame, and several of them on one timeline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from mandible.errors import InputError
from mandible.models.scoring.conventions import SHAPES, Phone, Sound, opening_of_viseme, phone_of
from mandible.models.visemes import VISEME_COUNT, VISEME_NAMES, Viseme

FRAME_S = 0.01
FRAME_MS = 10
SILENCE = "sil"

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Reference:
    """What was spoken, over n frames.

    Attributes:
        viseme: (n,) first choice, -1 where nothing is asked for.
        accepted: (n, 15) visemes that count as right; all False where nothing is asked for.
        shape: (n,) first lip shape, -1 where nothing is asked for.
        accepted_shapes: (n, 6) lip shapes that count as right.
        opening: (n,) mouth opening of the phone, 0 to 1, not smoothed.
        silent: (n,) the speaker pauses.
        counted: (n,) jaw and silence are judged here.
        sound: (n,) name of the sound.
        seconds: (n,) time that each frame stands for; 0.01 but for a recording's last fraction of a frame.
        closures: (k, 2) first frame and frame after the last of each /p b m/.
    """

    viseme: Ints
    accepted: Bools
    shape: Ints
    accepted_shapes: Bools
    opening: Floats
    silent: Bools
    counted: Bools
    sound: NDArray[np.str_]
    seconds: Floats
    closures: Ints

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.viseme)


@dataclass(frozen=True)
class Track:
    """What a mouth showed, over n frames: (n,) viseme and (n,) opening from 0 to 1."""

    viseme: Ints
    opening: Floats


def frame_of(instant_s: float) -> int:
    """Return the frame whose beginning is nearest to an instant; halves go to the even one."""
    return round(instant_s / FRAME_S)


def reference(
    phones: Iterable[tuple[float, float, str]], phoneset: str = "arpabet", where: str = ""
) -> Reference:
    """Return the frames of (start_s, end_s, phone) rows; time that no row covers is silence.

    Raises:
        InputError: there are no rows, they end before the first frame, or one of them is no phone of the set;
            ``where`` names the file.
    """
    rows = sorted(phones)
    if not rows:
        raise InputError(f"{where or 'reference'}: no phones to compare with")
    seconds = rows[-1][1]
    frames = frame_of(seconds)
    if frames < 1:
        raise InputError(f"{where or 'reference'}: the phones end at {seconds} s, which is no time at all")
    pause = phone_of(phoneset, SILENCE).parts[0].sound
    sounds: list[Sound] = [pause]
    numbers = {pause: 0}
    sound, opening, counted = np.zeros(frames, np.int64), np.zeros(frames), np.ones(frames, bool)
    closures = []
    for start_s, end_s, label in rows:
        phone = phone_of(phoneset, label, where)
        for part_start_s, part_end_s, index in _spans(start_s, end_s, phone):
            part = phone.parts[index]
            number = numbers.setdefault(part.sound, len(sounds))
            if number == len(sounds):
                sounds.append(part.sound)
            span = slice(max(0, frame_of(part_start_s)), max(0, frame_of(part_end_s)))
            sound[span], opening[span], counted[span] = number, part.opening, phone.counted
        if phone.closes_lips:
            closures.append((frame_of(start_s), frame_of(end_s)))
    return Reference(
        viseme=np.array([s.viseme for s in sounds])[sound],
        accepted=_members([s.accepted for s in sounds], VISEME_COUNT)[sound],
        shape=np.array([s.shape for s in sounds])[sound],
        accepted_shapes=_members([s.accepted_shapes for s in sounds], len(SHAPES))[sound],
        opening=opening,
        silent=np.array([s.viseme == Viseme.sil for s in sounds])[sound],
        counted=counted,
        sound=np.array([s.name for s in sounds])[sound],
        seconds=np.full(frames, seconds / frames),
        closures=np.array(closures, np.int64).reshape(-1, 2),
    )


def _spans(start_s: float, end_s: float, phone: Phone) -> Iterable[tuple[float, float, int]]:
    begin_s, share = start_s, 0.0
    for index, part in enumerate(phone.parts):
        share += part.share
        last = index == len(phone.parts) - 1
        stop_s = end_s if last else start_s + share * (end_s - start_s)
        yield begin_s, stop_s, index
        begin_s = stop_s


def _members(sets: Sequence[frozenset[int]], size: int) -> Bools:
    return np.array([[number in members for number in range(size)] for members in sets], bool)


def track(rows: Iterable[tuple[float, float, str] | tuple[float, float, str, float]], frames: int) -> Track:
    """Return the frames of (start_s, end_s, viseme[, openness 0..1]) rows; where no row is, the mouth rests.

    Raises:
        InputError: a row names no viseme.
    """
    viseme, opening = np.full(frames, int(Viseme.sil)), np.zeros(frames)
    assumed = opening_of_viseme()
    for start_s, end_s, name, *openness in sorted(rows):
        if name not in VISEME_NAMES:
            raise InputError(f"track: viseme {name!r} must be one of {' '.join(VISEME_NAMES)}")
        span = slice(max(0, frame_of(start_s)), max(0, frame_of(end_s)))
        viseme[span] = Viseme[name]
        opening[span] = openness[0] if openness else assumed[Viseme[name]]
    return Track(viseme, opening)


def joined(references: Sequence[Reference]) -> Reference:
    """Return recordings one after the other on one timeline, each from a whole frame."""
    starts = np.cumsum([0, *map(len, references)])[:-1]
    parts = {
        field.name: np.concatenate([getattr(one, field.name) for one in references])
        for field in fields(Reference)
        if field.name != "closures"
    }
    closures = [one.closures + start for one, start in zip(references, starts, strict=True)]
    return Reference(**parts, closures=np.concatenate(closures))


def joined_tracks(tracks: Sequence[Track]) -> Track:
    """Return tracks one after the other on one timeline."""
    return Track(
        np.concatenate([one.viseme for one in tracks]), np.concatenate([one.opening for one in tracks])
    )


def advanced(values: NDArray[np.generic], frames: int, fill: object) -> NDArray[np.generic]:
    """Return values that come ``frames`` earlier (later if negative); ``fill`` stands where none are left."""
    if frames == 0:
        return values
    moved = np.full_like(values, fill)
    if frames > 0:
        moved[:-frames] = values[frames:]
    else:
        moved[-frames:] = values[:frames]
    return moved


def runs(mask: Bools) -> Ints:
    """Return (k, 2): first frame and frame after the last of each stretch of True."""
    edges = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    return np.stack([np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)], axis=1)
