"""Do the lips meet for /p b m/, when, and how often without one?"""

from __future__ import annotations

import numpy as np

from mandible.models.scoring.conventions import LIPS, REST
from mandible.models.scoring.counting import Counts, Totals, Units, percentile, ratio
from mandible.models.scoring.timeline import FRAME_MS, Bools, Floats, Ints, Reference, runs

NEAR_FRAMES = 4
# A long closure counts once per this many frames, so that one long mistake weighs as several.
PIECE_FRAMES = 20
# Timing errors beyond half a second count as half a second.
MOST_ERROR_FRAMES = 50
_BINS = 2 * MOST_ERROR_FRAMES + 1


def closed(shape: Ints) -> Bools:
    """Frames with the lips shut for speech."""
    return np.asarray(shape == LIPS)


def closed_or_resting(shape: Ints) -> Bools:
    """Frames with the lips shut, for speech or at rest."""
    return np.asarray((shape == LIPS) | (shape == REST))


def count(reference: Reference, shut: Bools, units: Units, name: str) -> Counts:
    """Count /p b m/, those with a closure near, closures outside silence, and those with a /p b m/ near."""
    near = np.zeros(len(shut), bool)
    met = []
    for start, end in reference.closures.tolist():
        around = slice(max(0, start - NEAR_FRAMES), end + NEAR_FRAMES)
        near[around] = True
        met.append(bool(shut[around].any()))
    pieces = [
        (piece, min(piece + PIECE_FRAMES, end))
        for start, end in runs(shut).tolist()
        for piece in range(start, end, PIECE_FRAMES)
    ]
    shown = [piece for piece in pieces if not _in_silence(reference.silent, *piece)]
    right = [(start, end) for start, end in shown if near[start:end].any()]
    wanted = reference.closures[:, 0]
    return {
        f"{name}_wanted": units.count_events(wanted),
        f"{name}_met": units.count_events(wanted[np.array(met, bool)]),
        f"{name}_shown": units.count_events(np.array([start for start, _ in shown], np.int64)),
        f"{name}_right": units.count_events(np.array([start for start, _ in right], np.int64)),
    }


def _in_silence(silent: Bools, start: int, end: int) -> bool:
    """Tell whether a closure is neither right nor wrong, because nobody speaks."""
    around = silent[max(0, start - NEAR_FRAMES) : end + NEAR_FRAMES]
    return bool(silent[start:end].mean() >= 0.5 or around.all())


def figures(sums: Totals, name: str) -> dict[str, Floats]:
    """Return recall and precision, NaN where there was nothing to find or nothing found."""
    return {
        "recall": ratio(sums[f"{name}_met"], sums[f"{name}_wanted"]),
        "precision": ratio(sums[f"{name}_right"], sums[f"{name}_shown"]),
    }


def count_timing(reference: Reference, shut: Bools, units: Units) -> Counts:
    """Count how late the lips meet and part: a histogram of frames for the closures that have a match.

    Neighbouring /p b m/ are one closure. It is matched with the shown closure that shares most frames with
    it, or, if none does, with the nearest within 40 ms.
    """
    wanted, shown = _merged(reference.closures), runs(shut)
    starts: list[tuple[int, int]] = []
    ends: list[tuple[int, int]] = []
    for start, end in wanted.tolist():
        shared = np.minimum(shown[:, 1], end) - np.maximum(shown[:, 0], start)
        if len(shown) == 0 or shared.max() <= -NEAR_FRAMES:
            continue
        first, after = shown[int(shared.argmax())].tolist()
        starts.append((start, first - start))
        ends.append((start, after - end))
    return {"lips_meet_late": _late(starts, units), "lips_part_late": _late(ends, units)}


def _merged(spans: Ints) -> Ints:
    merged: list[list[int]] = []
    for start, end in spans.tolist():
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(end, merged[-1][1])
        else:
            merged.append([start, end])
    return np.array(merged, np.int64).reshape(-1, 2)


def _late(events: list[tuple[int, int]], units: Units) -> Floats:
    frames, late = np.array(events, np.int64).reshape(-1, 2).T
    bins = np.clip(late, -MOST_ERROR_FRAMES, MOST_ERROR_FRAMES) + MOST_ERROR_FRAMES
    return units.histogram(frames, bins, _BINS)


def timing_figures(sums: Totals) -> dict[str, Floats]:
    """Return median lateness and interquartile range, in ms, of the lips' meeting and parting."""
    result = {}
    for name in ("lips_meet", "lips_part"):
        histogram = sums[f"{name}_late"]
        low, middle, high = (percentile(histogram, percent) for percent in (25, 50, 75))
        result[f"{name}_late_ms"] = (middle - MOST_ERROR_FRAMES) * FRAME_MS
        result[f"{name}_iqr_ms"] = (high - low) * FRAME_MS
    return result
