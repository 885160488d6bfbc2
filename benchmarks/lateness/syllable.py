"""One syllable on its way from the microphone to the servo, everything on one clock: what a page draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from mandible.benchmarks.latency import NS_PER_MS
from mandible.benchmarks.lateness.board_log import outputs_of
from mandible.benchmarks.lateness.matching import Spoken, hops_of
from mandible.benchmarks.lateness.performance import Seen
from mandible.benchmarks.lateness.sentence import Sentence
from mandible.benchmarks.measurement import Series, Subject
from mandible.device.frames import SAMPLE_RATE_HZ
from mandible.models.phones import parts_of
from mandible.models.visemes import VISEME_NAMES, Viseme

MARGIN_MS = 150
# How far behind the syllable the mouth may be.
LATE_MS = 100
_LEVEL_MS = 2
# Of 255: less is hardly to be seen.
_LEAST_WEIGHT = 26
_FULL = 32768


def chosen(sentences: Sequence[Sentence]) -> tuple[int, int] | None:
    """Return where "ma" is said: (sentence, row of the /m/), the one with the longest vowel.

    An /m/, and right behind it a vowel that is as wide open as any; of those the widest, then the longest.
    None where nobody says it.
    """
    found = []
    for number, sentence in enumerate(sentences):
        for row, (first, second) in enumerate(zip(sentence.rows, sentence.rows[1:], strict=False)):
            part = parts_of(sentence.phoneset, second[2])[0]
            if first[2].upper() == "M" and part.viseme == Viseme.aa:
                found.append((part.jaw, second[1] - second[0], -number, row))
    if not found:
        return None
    _, _, number, row = max(found)
    return -number, row


def series(probe: str, rig_name: str, seen: Seen, spoken: Spoken, held_ms: float) -> Iterator[Series]:
    """Yield the syllable's sound, phones, visemes, pulses asked for and given; nothing where none is said.

    Time 0 is when the /m/ was given to the program. Sound is the loudest sample of each 2 ms, 0 to 1; visemes
    and commanded pulses stand when their pose had left the computer, measured pulses when they began.
    """
    where = chosen(seen.sentences)
    if where is None:
        return
    sentence, row = seen.sentences[where[0]], where[1]
    begin_s, end_s = sentence.rows[row][0], sentence.rows[row + 1][1]
    zero = seen.starts[where[0]] + round(begin_s * SAMPLE_RATE_HZ)
    zero_ns = float(seen.even_ns[zero]) + held_ms * NS_PER_MS
    low_ms, high_ms = -MARGIN_MS, (end_s - begin_s) * 1000 + LATE_MS + MARGIN_MS
    subject: Subject = {"rig": rig_name}
    yield _sound(probe, subject, seen, zero, low_ms, high_ms)
    yield from _phones(probe, subject, sentence, begin_s, low_ms, high_ms)
    hop, times = hops_of(seen, spoken)
    pose_ms = (times.pose - zero_ns) / NS_PER_MS
    within = (pose_ms >= low_ms) & (pose_ms <= high_ms)
    at_ms = pose_ms[within].tolist()
    frames = [spoken.frames[i] for i in hop[within]]
    weights = np.array([frame.weights for frame in frames]).reshape(-1, len(VISEME_NAMES))
    for number, name in enumerate(VISEME_NAMES):
        if len(weights) and weights[:, number].max() >= _LEAST_WEIGHT:
            columns = {"time_ms": at_ms, "weight": (weights[:, number] / 255).tolist()}
            yield Series(probe, "syllable-visemes", {**subject, "viseme": name}, columns)
    jaw = spoken.rig.channels.index(spoken.jaw)
    asked_us = [float((frame.pulses_us or ())[jaw]) for frame in frames]
    yield Series(probe, "syllable-commanded", subject, {"time_ms": at_ms, "pulse_us": asked_us})
    given = [
        ((pulse.start_ns - zero_ns) / NS_PER_MS, pulse.width_us)
        for pulse in outputs_of(seen.pulses, spoken.jaw.output)
    ]
    shown = [one for one in given if low_ms <= one[0] <= high_ms]
    columns = {"time_ms": [at for at, _ in shown], "pulse_us": [width for _, width in shown]}
    yield Series(probe, "syllable-measured", subject, columns)


def _sound(probe: str, subject: Subject, seen: Seen, zero: int, low_ms: float, high_ms: float) -> Series:
    step = _LEVEL_MS * SAMPLE_RATE_HZ // 1000
    first = max(0, zero + round(low_ms * SAMPLE_RATE_HZ / 1000))
    count = (min(len(seen.heard), zero + round(high_ms * SAMPLE_RATE_HZ / 1000)) - first) // step
    blocks = seen.heard[first : first + count * step].astype(np.int32).reshape(-1, step)
    at_ms = ((first - zero + np.arange(count) * step + step / 2) * 1000 / SAMPLE_RATE_HZ).tolist()
    level = (np.abs(blocks).max(axis=1) / _FULL).tolist()
    return Series(probe, "syllable-sound", subject, {"time_ms": at_ms, "level": level})


def _phones(
    probe: str,
    subject: Subject,
    sentence: Sentence,
    zero_s: float,
    low_ms: float,
    high_ms: float,
) -> Iterator[Series]:
    spans: dict[str, list[tuple[float, float]]] = {}
    for start_s, end_s, phone in sentence.rows:
        start_ms, end_ms = (start_s - zero_s) * 1000, (end_s - zero_s) * 1000
        if end_ms > low_ms and start_ms < high_ms:
            spans.setdefault(phone, []).append((start_ms, end_ms))
    for phone, ranges in spans.items():
        columns = {"start_ms": [a for a, _ in ranges], "end_ms": [b for _, b in ranges]}
        yield Series(probe, "syllable-phone", {**subject, "phone": phone}, columns)
