"""From what was seen of a performance to the result that is kept: how late poses left, and pulses came."""

from __future__ import annotations

from typing import Any

import numpy as np

from mandible.benchmarks.latency import NS_PER_MS, known_parts_ms, quantiles
from mandible.benchmarks.lateness.figures import Run
from mandible.benchmarks.lateness.matching import Spoken
from mandible.benchmarks.lateness.performance import Seen
from mandible.benchmarks.lateness.shifts import jaw_shift_ms, track_shifts_ms
from mandible.device.pipeline import HALF_HOP_MS, HALF_WINDOW_MS
from mandible.firmware_bridge.rig import Rig
from mandible.models.scoring.score import score_set
from mandible.models.scoring.timeline import reference, track
from mandible.models.visemes import VISEME_NAMES
from tests.measure.performance import RIG

# What the program calls its stages, in words.
STAGES = {
    "wait": "waiting for the line's thread",
    "front_end": "front end",
    "sinks": "meter and hand-over to the link",
    "link": "waiting for the link's thread",
}


def heard_again(seen: Seen) -> Run:
    """Return a performance with what a fresh line says of its sound."""
    return Run(seen, Spoken.of(seen.heard, Rig.load(RIG)))


def figures(run: Run) -> dict[str, Any]:
    """Return every figure of a performance."""
    seen, (hop, times) = run.seen, run.hops
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
    lookahead_ms = run.spoken.line.delay_ms - HALF_HOP_MS - HALF_WINDOW_MS
    return {
        "known_ms": known_parts_ms(lookahead_ms),
        "stages_ms": stages,
        "totals_ms": {
            "sound to pose": quantiles(times.sound_to_ms(times.pose)),
            "sound to pulse": quantiles(times.sound_to_ms(times.pulse)),
            "the sound server, on top": quantiles(run.held_each_ms),
        },
        "best_shift_ms": shifts(run),
        "counted": {
            "sentences": len(seen.sentences),
            "hops": len(hop),
            "dropped_hops": report["dropped_hops"],
            "poses_lost": link["dropped"] + link["skipped"] + link["lost"],
        },
    }


def shifts(run: Run) -> dict[str, float]:
    """Return best shifts: of pulses against phones, against what the line says of the sound, and onsets."""
    path = track_shifts_ms(run.seen, run.spoken, run.shown)
    score = pose_score(run)
    return {
        "sound to pulse, all sentences, against their phones": jaw_shift_ms(run.shown),
        "sound to pulse, sentence by sentence, against the line's own track, p50": float(np.median(path)),
        "sound to pulse, sentence by sentence, against the line's own track, p99": float(
            np.percentile(path, 99)
        ),
        "sound to pose, onsets of lip shapes, median": score["onset_late_ms"],
        "sound to pose, lips meet for /p b m/, median": score["lips_meet_late_ms"],
    }


def pose_score(run: Run) -> dict[str, float]:
    """Score the visemes of the poses, stamped when each left the computer."""
    hop, times = run.hops
    references, tracks = [], []
    for start, sentence in zip(run.seen.starts, run.seen.sentences, strict=True):
        zero_ns = run.seen.even_ns[start] + run.held_ms * NS_PER_MS
        asked = reference(sentence.rows, sentence.phoneset)
        poses_s = (times.pose - zero_ns) / 1e9
        within = (poses_s >= 0) & (poses_s < len(asked) / 100)
        names = [VISEME_NAMES[int(run.spoken.frames[i].viseme or 0)] for i in hop[within]]
        at_s = poses_s[within].tolist()
        ends_s = [*at_s[1:], len(asked) / 100]
        rows = [(a, b, name) for a, b, name in zip(at_s, ends_s, names, strict=True)]
        references.append(asked)
        tracks.append(track(rows, len(asked)))
    return score_set(references, tracks, draws=0).figures
