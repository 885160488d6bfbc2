"""From what was seen of a performance to figures: how late the poses left, and how late the pulses came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.api import build_line
from mandible.benchmarks.latency import NS_PER_MS, Hops, best_shift_ms, every_ms, known_parts_ms, quantiles
from mandible.benchmarks.lipsync import Performance, lag_ms
from mandible.device.frames import HOP_MS, HOP_NS, HOP_SAMPLES, SAMPLE_RATE_HZ, Frame
from mandible.device.pipeline import HALF_HOP_MS, HALF_WINDOW_MS, Line
from mandible.firmware_bridge.rig import Rig
from mandible.models.scoring.score import score_set
from mandible.models.scoring.timeline import reference, track
from mandible.models.visemes import VISEME_NAMES
from tests.measure.performance import RIG, Seen

# How many poses may have been lost before one that is recognised again.
LOOK_AHEAD_HOPS = 100
# A pulse takes its width from the clock a little before it begins.
EARLY_NS = 500_000
# What the program calls its stages, in words.
STAGES = {
    "wait": "waiting for the line's thread",
    "front_end": "front end",
    "sinks": "meter and hand-over to the link",
    "link": "waiting for the link's thread",
}


@dataclass(frozen=True)
class Spoken:
    """What the line says of the sound, computed again from the recording: per hop pulses and viseme."""

    pulses_us: list[tuple[int, ...]]
    visemes: list[int]
    line: Line

    @classmethod
    def of(cls, seen: Seen) -> Spoken:
        """Let a fresh line hear the recording."""
        line = build_line(rig=Rig.load(RIG))
        hops = seen.heard[: len(seen.heard) // HOP_SAMPLES * HOP_SAMPLES].reshape(-1, HOP_SAMPLES)
        frames = [line.step(Frame(i, i * HOP_NS, pcm)) for i, pcm in enumerate(hops)]
        return cls([f.pulses_us or () for f in frames], [int(f.viseme or 0) for f in frames], line)


def hops_of(seen: Seen, spoken: Spoken) -> tuple[NDArray[np.int64], Hops]:
    """Return the hops within sentences whose pose was seen on the wire, and their times.

    A pose is recognised by its pulses: they are the same bytes whenever the same sound is heard.
    """
    matched, at = [], 0
    for number, move in enumerate(seen.moves):
        window = spoken.pulses_us[at : at + LOOK_AHEAD_HOPS]
        if move.pulses_us in window:
            at += window.index(move.pulses_us)
            matched.append((at, number))
            at += 1
    hop, number = np.array(matched, np.int64).T
    last = np.minimum((hop + 1) * HOP_SAMPLES, len(seen.given_ns)) - 1
    inside = np.zeros(len(hop), bool)
    for start, sentence in zip(seen.starts, seen.sentences, strict=True):
        inside |= (last >= start) & (last < start + len(sentence.pcm))
    hop, number, last = hop[inside], number[inside], last[inside]
    starts = np.array([pulse.start_ns for pulse in seen.pulses], np.int64)
    due = np.array([seen.moves[i].due_ns for i in number], np.int64)
    shown = np.searchsorted(starts, due - EARLY_NS)
    known = shown < len(starts)
    pose = np.array([seen.moves[i].time_ns for i in number], np.int64)
    delay_ms = spoken.line.delay_ms - HALF_HOP_MS
    times = Hops(seen.given_ns[last][known], pose[known], due[known], starts[shown[known]], delay_ms)
    return hop[known], times


def figures(seen: Seen, spoken: Spoken) -> dict[str, Any]:
    """Return every figure of a performance."""
    hop, times = hops_of(seen, spoken)
    last = (hop + 1) * HOP_SAMPLES - 1
    held_ms = (seen.given_ns - seen.even_ns)[last] / NS_PER_MS
    report = seen.report
    link = report["link"]
    stages = {STAGES.get(name, name): one for name, one in report["stages_ms"].items()}
    stages["all of that: compute, without the link"] = report["compute_ms"]
    stages["sound handed over to pose on the wire"] = quantiles((times.pose - times.heard) / NS_PER_MS)
    stages["wire (37 bytes at most) and playout wait"] = quantiles((times.due - times.pose) / NS_PER_MS)
    stages["wait for a pulse"] = quantiles((times.pulse - times.due) / NS_PER_MS)
    stages["there and back on the link"] = {
        "p50": link["round_trip_p50_ms"],
        "p99": link["round_trip_p99_ms"],
    }
    lookahead_ms = spoken.line.delay_ms - HALF_HOP_MS - HALF_WINDOW_MS
    return {
        "known_ms": known_parts_ms(lookahead_ms),
        "stages_ms": stages,
        "totals_ms": {
            "sound to pose": quantiles(times.sound_to_ms(times.pose)),
            "sound to pulse": quantiles(times.sound_to_ms(times.pulse)),
            "the sound server, on top": quantiles(held_ms),
        },
        "best_shift_ms": shifts(seen, spoken, float(held_ms.mean())),
        "counted": {
            "sentences": len(seen.sentences),
            "hops": len(hop),
            "dropped_hops": report["dropped_hops"],
            "poses_lost": link["dropped"] + link["skipped"] + link["lost"],
        },
    }


def shifts(seen: Seen, spoken: Spoken, held_ms: float) -> dict[str, float]:
    """Return best shifts: of pulses against phones, against what the line says of the sound, and onsets."""
    channel = Rig.load(RIG).channels[0]
    span_us = channel.max_us - channel.min_us
    pulse_ns = np.array([pulse.start_ns for pulse in seen.pulses], np.float64)
    opening = (np.array([pulse.width_us for pulse in seen.pulses]) - channel.min_us) / span_us
    said_us = np.array([pulses[0] for pulses in spoken.pulses_us], np.float64)
    said = np.asarray((said_us - channel.min_us) / span_us, np.float64)
    # Where in the recording, in ms, the 10 ms begin that a hop speaks for.
    spoken_for_ms = (np.arange(len(said)) + 1.0) * HOP_MS - spoken.line.delay_ms
    pose_hop, times = hops_of(seen, spoken)
    performances, path, references, tracks = [], [], [], []
    for start, sentence in zip(seen.starts, seen.sentences, strict=True):
        zero_ns = seen.even_ns[start] + held_ms * NS_PER_MS
        at_ms = (pulse_ns - zero_ns) / NS_PER_MS
        performances.append(Performance(sentence.phones, at_ms / 1000, opening))
        begins_ms = start * 1000 / SAMPLE_RATE_HZ
        length_ms = round(sentence.duration_s * 1000)
        path.append(
            best_shift_ms(
                every_ms(np.asarray(spoken_for_ms - begins_ms, np.float64), said, 0, length_ms),
                at_ms,
                opening,
            )
        )
        asked = reference([(p.start_s, p.end_s, p.phone) for p in sentence.phones])
        poses_s = (times.pose - zero_ns) / 1e9
        within = (poses_s >= 0) & (poses_s < len(asked) / 100)
        names = [VISEME_NAMES[spoken.visemes[i]] for i in pose_hop[within]]
        at_s = poses_s[within].tolist()
        ends_s = [*at_s[1:], len(asked) / 100]
        rows = [(a, b, name) for a, b, name in zip(at_s, ends_s, names, strict=True)]
        references.append(asked)
        tracks.append(track(rows, len(asked)))
    score = score_set(references, tracks, draws=0).figures
    return {
        "sound to pulse, all sentences, against their phones": lag_ms(performances),
        "sound to pulse, sentence by sentence, against the line's own track, p50": float(np.median(path)),
        "sound to pulse, sentence by sentence, against the line's own track, p99": float(
            np.percentile(path, 99)
        ),
        "sound to pose, onsets of lip shapes, median": score["onset_late_ms"],
        "sound to pose, lips meet for /p b m/, median": score["lips_meet_late_ms"],
    }
