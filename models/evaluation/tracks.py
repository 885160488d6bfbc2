"""What a model shows for a recording: its largest logit, and the decoded track as ``bake`` writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mandible.device.decoder import Decoder
from mandible.device.frames import HOP_MS, HOP_SAMPLES, Frame, Pcm
from mandible.device.frontend import log_mel
from mandible.device.pipeline import HALF_HOP_MS, HALF_WINDOW_MS
from mandible.device.sinks.formats.timeline import ALIGNED, EMISSION, TICKS_PER_S, RowBuilder, Timeline
from mandible.device.sinks.formats.timeline import Row as TimelineRow
from mandible.models.corpus import Utterance
from mandible.models.evaluation.subjects import Subject
from mandible.models.scoring.conventions import opening_of_viseme
from mandible.models.scoring.timeline import Reference, Track, reference, track
from mandible.models.visemes import Viseme

ARGMAX, DECODED = "argmax", "decoded"
WAYS = (ARGMAX, DECODED)
FULL = 255
Row = tuple[float, float, str, float]
State = tuple[Viseme, int]
_NO_SOUND = np.zeros(HOP_SAMPLES, np.int16)


@dataclass(frozen=True)
class Shown:
    """One way to read a network, stamped with the sound it speaks for, and with the moment it was known."""

    aligned: Track
    emitted: Track


def reference_of(utterance: Utterance) -> Reference:
    """Return the phones of an utterance in frames; raises InputError for an unknown phone."""
    rows = zip(utterance.starts_s.tolist(), utterance.ends_s.tolist(), utterance.phones, strict=True)
    return reference(rows, utterance.phoneset, f"{utterance.source}/{utterance.name}")


def features(pcm: Pcm, lookahead_ms: int) -> NDArray[np.int8]:
    """Return (hops, 40) features of a recording and of the silence that lets a network speak to its end."""
    last_hop = -len(pcm) % HOP_SAMPLES
    tail = -int(-(_delay_ms(lookahead_ms) + Decoder.delay_ms - HOP_MS) // HOP_MS) * HOP_SAMPLES
    return log_mel(np.concatenate([pcm, np.zeros(last_hop + tail, np.int16)]))


def show(subject: Subject, mels: NDArray[np.int8], hops: int, frames: int) -> dict[str, Shown]:
    """Return what a network shows, read in both ways.

    Args:
        subject: the network.
        mels: (n, 40) int8 features, the silent tail included.
        hops: how many of them are the recording's own.
        frames: length of the tracks.
    """
    logits = np.asarray(subject.network(mels))
    largest = [(Viseme(viseme), 0) for viseme in logits.argmax(axis=1).tolist()]
    delay_ms = _delay_ms(subject.lookahead_ms)

    def shown(states: list[State], delay_ms: float, finish: Callable[[Track], Track]) -> Shown:
        aligned, emitted = (
            finish(track(rows(states, hops, delay_ms, stamp), frames)) for stamp in (ALIGNED, EMISSION)
        )
        return Shown(aligned, emitted)

    decoder = Decoder(subject.output_scale)
    return {
        ARGMAX: shown(largest, delay_ms, _with_assumed_opening),
        DECODED: shown(
            list(_decoded(decoder, mels, as_int8(logits, subject.output_scale))),
            delay_ms + decoder.delay_ms,
            lambda whole: whole,
        ),
    }


def rows(states: Iterable[State], hops: int, delay_ms: float, stamp: str) -> list[Row]:
    """Return the rows of a ``csv`` track of states per hop: (start_s, end_s, viseme, openness)."""
    timeline, builder = Timeline(stamp, delay_ms), RowBuilder()
    found: list[TimelineRow] = []
    for index, (viseme, openness) in enumerate(states):
        found += builder.put(timeline.start_tick(index), viseme, openness)
    found += builder.finish(timeline.end_tick(hops * HOP_MS / 1000))
    return [
        (row.start_tick / TICKS_PER_S, row.end_tick / TICKS_PER_S, row.viseme.name, row.openness)
        for row in found
    ]


def _delay_ms(lookahead_ms: int) -> float:
    return HALF_HOP_MS + HALF_WINDOW_MS + lookahead_ms


def _decoded(decoder: Decoder, mels: NDArray[np.int8], logits: NDArray[np.int8]) -> Iterable[State]:
    for index, (mel, scores) in enumerate(zip(mels, logits, strict=True)):
        frame = decoder.step(Frame(index, 0, _NO_SOUND, mel=mel, logits=scores))
        assert frame.viseme is not None
        assert frame.openness is not None
        yield frame.viseme, frame.openness


def as_int8(logits: NDArray[np.generic], scale: float) -> NDArray[np.int8]:
    """Return (n, 15) logits as the decoder takes them: int8 as they are, others in steps of ``scale``.

    The largest of each hop becomes 127; only differences count.
    """
    if logits.dtype == np.int8:
        return logits.astype(np.int8)
    steps = np.round((logits.astype(np.float64) - logits.max(axis=1, keepdims=True)) / scale) + 127
    return np.asarray(np.clip(steps, -128, 127), np.int8)


def _with_assumed_opening(whole: Track) -> Track:
    """A viseme alone says nothing of the jaw: it is given the opening assumed for any such track."""
    return Track(whole.viseme, np.array(opening_of_viseme())[whole.viseme])
