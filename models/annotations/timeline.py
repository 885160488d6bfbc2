"""Making the times of labels contiguous, from 0 to the end of the recording."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.errors import InputError
from mandible.models.annotations.segments import Segment

# Labels that overlap or part by less, as rounded times do, are taken to touch.
TOUCHING_S = 0.005


@dataclass(frozen=True)
class Timeline:
    """Phones without gaps.

    Attributes:
        starts_s, ends_s: (n,) times in seconds; the first start is 0, the last end the recording's.
        phones: the n phones.
        clipped_s: how far the labels went on after the end of the recording; 0 if they did not.
    """

    starts_s: NDArray[np.float64]
    ends_s: NDArray[np.float64]
    phones: tuple[str, ...]
    clipped_s: float


def contiguous(segments: list[Segment], seconds: float, silence: str, path: Path) -> Timeline:
    """Fill gaps with silence, leave points out, and cut off what lies after the end of the recording.

    Args:
        segments: in the order of time.
        seconds: length of the recording.
        silence: the phone that stands for a pause.
        path: the label file, for messages.

    Raises:
        InputError: labels overlap by more than 5 ms, or none lies within the recording.
    """
    ends_s: list[float] = []
    phones: list[str] = []
    # The label that reached furthest, and where: small overlaps in a row must not lead back in time.
    before: Segment | None = None
    reached_s = 0.0
    for part in segments:
        if part.end_s <= part.start_s:
            continue
        if before is not None and part.start_s < reached_s - TOUCHING_S:
            raise InputError(
                f"{path}:{part.line}: {part.named!r} starts at {part.start_s:.3f} s, before {before.named!r}"
                f" of line {before.line} ends at {reached_s:.3f} s; labels must not overlap"
            )
        if part.start_s < seconds:
            if part.start_s > reached_s + TOUCHING_S:
                ends_s.append(part.start_s)
                phones.append(silence)
            elif ends_s:
                # A small gap goes to the label before it, a small overlap to the label after it.
                ends_s[-1] = max(part.start_s, ends_s[-2] if len(ends_s) > 1 else 0.0)
            ends_s.append(min(max(part.end_s, ends_s[-1] if ends_s else 0.0), seconds))
            phones.append(part.label)
        if part.end_s >= reached_s:
            before, reached_s = part, part.end_s
    if before is None or not phones:
        raise InputError(
            f"{path}: no phone lies within the {seconds:.3f} s of the recording; do the two belong together?"
        )
    if seconds > ends_s[-1] + TOUCHING_S:
        ends_s.append(seconds)
        phones.append(silence)
    ends_s[-1] = seconds
    times_s = np.array([0.0, *ends_s])
    return Timeline(times_s[:-1], times_s[1:], tuple(phones), max(0.0, reached_s - seconds))
