"""What the network should say at each hop: viseme labels at the instant that a hop describes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import HOP_MS
from mandible.models.corpus import Utterance
from mandible.models.phones import parts_of
from mandible.models.visemes import VISEME_COUNT

HALF_WINDOW_MS = 12.5
NO_TARGET = -1


@dataclass(frozen=True)
class Targets:
    """Labels per hop.

    Attributes:
        viseme: (hops,) int8 viseme, -1 where nothing is asked for (before the recording, /h/, unknown).
        accepted: (hops, 15) bool, every viseme that counts as right; all False where nothing is asked for.
        jaw: (hops,) float32 opening of the phone, 0 to 1.
    """

    viseme: NDArray[np.int8]
    accepted: NDArray[np.bool_]
    jaw: NDArray[np.float32]


def label_instant_ms(hop: NDArray[np.int64], lookahead_ms: int) -> NDArray[np.float64]:
    """Time that the output of a hop describes: the centre of the window seen ``lookahead_ms`` ago."""
    centre_ms: NDArray[np.float64] = (hop.astype(np.float64) + 1) * HOP_MS - HALF_WINDOW_MS
    return centre_ms - lookahead_ms


def targets(utterance: Utterance, hops: int, lookahead_ms: int) -> Targets:
    """Return the labels of an utterance's first ``hops`` hops; raises InputError for an unknown phone."""
    ends_s, visemes, accepted, jaws = [], [], [], []
    where = f"{utterance.path.parent.name}/{utterance.name}"
    for start_s, end_s, phone in zip(utterance.starts_s, utterance.ends_s, utterance.phones, strict=True):
        share = 0.0
        for part in parts_of(utterance.phoneset, phone, where):
            share += part.share
            ends_s.append(start_s + share * (end_s - start_s))
            visemes.append(NO_TARGET if part.viseme is None else part.viseme)
            accepted.append([viseme in part.accepted for viseme in range(VISEME_COUNT)])
            jaws.append(part.jaw)
    instant_s = label_instant_ms(np.arange(hops), lookahead_ms) / 1000
    index = np.searchsorted(np.array(ends_s), instant_s, side="right")
    outside = (instant_s < 0) | (index >= len(ends_s))
    index = np.minimum(index, len(ends_s) - 1)
    viseme, right = np.array(visemes, np.int8)[index], np.array(accepted, bool)[index]
    viseme[outside], right[outside] = NO_TARGET, False
    right[viseme == NO_TARGET] = False
    return Targets(viseme, right, np.array(jaws, np.float32)[index])
