"""Lateness as a shift: by how much what was shown suits what was said best, every millisecond compared.

A pulse stands until the next one, as a viewer sees it: that a board looks every 20 ms is part of the figure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mandible.benchmarks.latency import NS_PER_MS, SHIFTS_MS, best_shift_ms, every_ms
from mandible.benchmarks.lateness.board_log import outputs_of
from mandible.benchmarks.lateness.matching import Spoken, opening
from mandible.benchmarks.lateness.performance import Seen
from mandible.benchmarks.lateness.sentence import Sentence
from mandible.benchmarks.lipsync import CLOSED_BELOW, Performance, lag_ms, phone_jaw
from mandible.device.frames import SAMPLE_RATE_HZ

# A movement is what changes from so much before an instant to so much after it: a pulse's period.
AROUND_MS = 10

Series = NDArray[np.float64]


@dataclass(frozen=True)
class Shown:
    """What the jaw did about one sentence.

    Attributes:
        sentence: what was said.
        at_ms: (n,) when each pulse began, in ms from the sentence's first sample.
        opening: (n,) 0 closed to 1 wide.
    """

    sentence: Sentence
    at_ms: Series
    opening: Series


def shown(seen: Seen, spoken: Spoken, held_ms: float) -> list[Shown]:
    """Return what was seen, sentence by sentence; the source keeps sound back for ``held_ms`` on average."""
    pulses = outputs_of(seen.pulses, spoken.jaw.output)
    at_ns = np.array([pulse.start_ns for pulse in pulses], np.float64)
    openings = opening(spoken.jaw, np.array([pulse.width_us for pulse in pulses]))
    return [
        Shown(sentence, (at_ns - seen.even_ns[start]) / NS_PER_MS - held_ms, openings)
        for start, sentence in zip(seen.starts, seen.sentences, strict=True)
    ]


def jaw_shift_ms(pieces: Sequence[Shown]) -> float:
    """Return the shift at which the jaw's opening suits the phones best, all sentences together."""
    return lag_ms(
        [
            Performance(one.sentence.phones, one.at_ms / 1000, one.opening, one.sentence.phoneset)
            for one in pieces
        ]
    )


def onset_shift_ms(pieces: Sequence[Shown]) -> float:
    """Return the shift at which the jaw's movements suit the phones' onsets best.

    What is compared is how much the opening changes around each instant: the phones' changes are steps, where
    one begins that is wider or narrower than the one before.
    """
    asked = [phone_jaw(one.sentence.phones, one.sentence.phoneset) for one in pieces]
    wanted = [_change(np.pad(jaw, AROUND_MS, mode="edge")) for jaw in asked]
    return _best([(one, np.ones(len(one), bool)) for one in wanted], pieces, _change)


def closure_shift_ms(pieces: Sequence[Shown]) -> float | None:
    """Return the shift at which a closed jaw suits /p b m/ best; None where nobody says one.

    Pauses are left out: a jaw that rests is closed as well.
    """
    wanted = [_closures(one.sentence) for one in pieces]
    if not any(closed.any() for closed, _ in wanted):
        return None
    return _best(wanted, pieces, lambda jaw: (jaw <= CLOSED_BELOW).astype(np.float64)[AROUND_MS:-AROUND_MS])


def track_shifts_ms(seen: Seen, spoken: Spoken, pieces: Sequence[Shown]) -> list[float]:
    """Return the shift at which the jaw suits what the line says of the sound best, sentence by sentence.

    One in which the mouth has nothing to do is left out.
    """
    begins_ms, said = spoken.begins_ms, spoken.opening
    found = []
    for start, one in zip(seen.starts, pieces, strict=True):
        from_ms = np.asarray(begins_ms - start * 1000 / SAMPLE_RATE_HZ, np.float64)
        wanted = every_ms(from_ms, said, 0, round(one.sentence.duration_s * 1000))
        if np.ptp(wanted) and np.ptp(every_ms(one.at_ms, one.opening, 0, len(wanted))):
            found.append(best_shift_ms(wanted, one.at_ms, one.opening))
    return found


def _best(
    wanted: Sequence[tuple[Series, NDArray[np.bool_]]],
    pieces: Sequence[Shown],
    look: Callable[[Series], Series],
) -> float:
    """Return the shift of best correlation between what was wanted, where it counts, and the jaw."""
    seen = [
        look(
            every_ms(
                one.at_ms,
                one.opening,
                int(SHIFTS_MS[0]) - AROUND_MS,
                len(asked) + len(SHIFTS_MS) + 2 * AROUND_MS,
            )
        )
        for (asked, _), one in zip(wanted, pieces, strict=True)
    ]
    asked_of_all = np.concatenate([asked[counts] for asked, counts in wanted])
    fit = []
    for i in range(len(SHIFTS_MS)):
        later = [jaw[i : i + len(asked)][counts] for (asked, counts), jaw in zip(wanted, seen, strict=True)]
        fit.append(_correlation(asked_of_all, np.concatenate(later)))
    best = np.flatnonzero(np.array(fit) >= max(fit) - 1e-12)
    return float(SHIFTS_MS[best].mean())


def _correlation(a: Series, b: Series) -> float:
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size else 0.0


def _change(jaw: Series) -> Series:
    """Return how much changes around each ms but the first and last."""
    return np.asarray(jaw[2 * AROUND_MS :] - jaw[: -2 * AROUND_MS], np.float64)


def _closures(sentence: Sentence) -> tuple[Series, NDArray[np.bool_]]:
    """Return every ms whether the lips are to meet, and whether anybody speaks."""
    count = round(sentence.rows[-1][1] * 1000)
    closed, speaks = np.zeros(count), np.ones(count, bool)
    for start_s, end_s, phone in sentence.rows:
        if sentence.silent(phone):
            speaks[round(start_s * 1000) : round(end_s * 1000)] = False
    for start_s, end_s in sentence.closures:
        closed[round(start_s * 1000) : round(end_s * 1000)] = 1.0
    return closed, speaks
