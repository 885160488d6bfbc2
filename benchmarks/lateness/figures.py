"""From what was seen of some runs to the figures that a result holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.benchmarks.latency import NS_PER_MS, Hops, known_parts_ms
from mandible.benchmarks.lateness.matching import Spoken, hops_of
from mandible.benchmarks.lateness.performance import Seen
from mandible.benchmarks.lateness.shifts import (
    Shown,
    closure_shift_ms,
    jaw_shift_ms,
    onset_shift_ms,
    shown,
    track_shifts_ms,
)
from mandible.benchmarks.measurement import Measurement, Rounds, exact
from mandible.device.frames import HOP_MS, HOP_SAMPLES
from mandible.device.pipeline import HALF_HOP_MS, HALF_WINDOW_MS

# Fractions of its multiples lie as evenly as any (D. Knuth, The Art of Computer Programming 3, 6.4).
_GOLDEN = (5**0.5 - 1) / 2
_FULL_TIME = "p50", "p99"
Subject = Mapping[str, str | int]


@dataclass(frozen=True)
class Run:
    """One run: what was seen of it, and what the line says of its sound."""

    seen: Seen
    spoken: Spoken

    @cached_property
    def hops(self) -> tuple[NDArray[np.int64], Hops]:
        """The hops within sentences, and their times."""
        return hops_of(self.seen, self.spoken)

    @cached_property
    def held_each_ms(self) -> NDArray[np.float64]:
        """For how long the source kept each of these hops back."""
        last = (self.hops[0] + 1) * HOP_SAMPLES - 1
        return np.asarray((self.seen.given_ns - self.seen.even_ns)[last] / NS_PER_MS)

    @property
    def held_ms(self) -> float:
        """For how long the source kept sound back, on average."""
        return float(self.held_each_ms.mean())

    @cached_property
    def shown(self) -> list[Shown]:
        """What the jaw did, sentence by sentence."""
        return shown(self.seen, self.spoken, self.held_ms)

    def after_sound_ms(self, what: NDArray[np.int64]) -> tuple[float, ...]:
        """Return, hop by hop, how long ``what`` came after an instant of the sound that the hop speaks for.

        Each hop speaks for 10 ms; the instants are spread over them evenly, one for every hop.
        """
        times = self.hops[1]
        since_ms = (what - times.heard) / NS_PER_MS + times.delay_ms
        place = np.arange(len(what)) * _GOLDEN % 1 - 0.5
        return tuple(np.round(since_ms + HOP_MS * place, 3).tolist())


def measurements(
    probe: str, subject: Subject, runs: Sequence[Run], conditions: Mapping[str, Any]
) -> Iterator[Measurement]:
    """Yield every figure of some runs; each run is a round."""

    def over_runs(figure: str, rounds: Rounds, **more: str) -> Measurement:
        return Measurement(probe, figure, {**subject, **more}, rounds, conditions)

    yield over_runs("sound_to_pulse_ms", tuple(run.after_sound_ms(run.hops[1].pulse) for run in runs))
    yield over_runs("sound_to_pose_ms", tuple(run.after_sound_ms(run.hops[1].pose) for run in runs))
    yield over_runs("jaw_shift_ms", tuple((jaw_shift_ms(run.shown),) for run in runs))
    yield over_runs("onset_shift_ms", tuple((onset_shift_ms(run.shown),) for run in runs))
    closing = [closure_shift_ms(run.shown) for run in runs]
    if all(one is not None for one in closing):
        yield over_runs("closure_shift_ms", tuple((one,) for one in closing if one is not None))
    behind_track = tuple(tuple(track_shifts_ms(run.seen, run.spoken, run.shown)) for run in runs)
    if all(behind_track):
        yield over_runs("track_shift_ms", behind_track)
    line = runs[0].spoken.line
    known = known_parts_ms(line.delay_ms - HALF_HOP_MS - HALF_WINDOW_MS)
    for name in ("half a window", "lookahead"):
        yield exact(probe, "known_part_ms", {**subject, "stage": name}, known[name]["p50"])
    yield over_runs("source_held_ms", tuple(tuple(np.round(run.held_each_ms, 3).tolist()) for run in runs))
    yield from (over_runs(figure, rounds, stage=stage) for figure, stage, rounds in _stages(runs))
    yield over_runs("dropped_hops", tuple((float(run.seen.report["dropped_hops"]),) for run in runs))
    yield over_runs("lost_poses", tuple((_lost(run.seen.report["link"]),) for run in runs))


def _stages(runs: Sequence[Run]) -> Iterator[tuple[str, str, Rounds]]:
    """Yield (figure, stage, rounds) of what the program reports of itself; and of what it takes it all."""
    reports = [{**run.seen.report["stages_ms"], "all": run.seen.report["compute_ms"]} for run in runs]
    for stage in reports[0]:
        for rank in _FULL_TIME:
            rounds = tuple((float(report[stage][rank]),) for report in reports if stage in report)
            yield f"live_stage_{rank}_ms", stage, rounds


def _lost(link: Mapping[str, Any]) -> float:
    """Return how many poses never became a movement: too old, too many, unanswered, or refused as late."""
    return float(link["dropped"] + link["skipped"] + link["lost"] + link["refusals"].get("late", 0))
