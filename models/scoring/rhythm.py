"""Calm or rattling: how often the mouth changes, how short its states are, and does it rest in pauses?"""

from __future__ import annotations

import numpy as np

from mandible.models.scoring.counting import Counts, Totals, Units, ratio
from mandible.models.scoring.timeline import Bools, Floats, Reference, Track

SHORT_FRAMES = 5


def count(reference: Reference, track: Track, units: Units) -> Counts:
    """Count changes, states, states under 50 ms, and time."""
    said = np.flatnonzero(np.diff(track.viseme) != 0) + 1
    asked = np.flatnonzero(reference.sound[1:] != reference.sound[:-1]) + 1
    starts = np.concatenate([[0], said])
    lengths = np.diff(np.concatenate([starts, [len(track.viseme)]]))
    return {
        "seconds": units.add_up(reference.seconds),
        "changes": units.count_events(said),
        "reference_changes": units.count_events(asked),
        "states": units.count_events(starts),
        "short_states": units.count_events(starts[lengths < SHORT_FRAMES]),
    }


def figures(sums: Totals) -> dict[str, Floats]:
    """Return changes per second of track and reference, and the share of states under 50 ms."""
    return {
        "changes_per_s": ratio(sums["changes"], sums["seconds"]),
        "reference_changes_per_s": ratio(sums["reference_changes"], sums["seconds"]),
        "short_share": ratio(sums["short_states"], sums["states"]),
    }


def count_rest(reference: Reference, resting: Bools, units: Units, name: str) -> Counts:
    """Count frames of silence, of rest, and of both, where they are judged."""
    counted = reference.counted
    silent = reference.silent
    return {
        f"{name}_counted": units.count_frames(counted),
        f"{name}_silent": units.count_frames(counted & silent),
        f"{name}_resting": units.count_frames(counted & resting),
        f"{name}_both": units.count_frames(counted & silent & resting),
    }


def rest_f1(sums: Totals, name: str) -> tuple[Floats, Floats]:
    """Return the F1 of silence and of speech; 0 where neither occurs."""
    counted, silent = sums[f"{name}_counted"], sums[f"{name}_silent"]
    resting, both = sums[f"{name}_resting"], sums[f"{name}_both"]
    neither = counted - silent - resting + both
    silence = 2 * both / np.maximum(1, silent + resting)
    speech = 2 * neither / np.maximum(1, 2 * counted - silent - resting)
    return silence, speech
