"""The parts of the delay from a sound to the pulse that shows it, end to end, from what a run measured."""

from __future__ import annotations

from mandible.benchmarks.report.over_time import Block
from mandible.benchmarks.report.told import plain
from mandible.benchmarks.result import Result

PROBE = "lateness"
SOUND_TO_POSE, SOUND_TO_PULSE = "sound_to_pose_ms", "sound_to_pulse_ms"
_KNOWN, _STAGE, _ALL = "known_part_ms", "live_stage_p50_ms", "all"
_REST, _LINK = "hand-over", "link and wait for a pulse"
_COMPUTE = "compute"


def parts(result: Result) -> list[Block]:
    """Return the parts in milliseconds after the sound, one after the other, medians of the whole run.

    Half a window and the lookahead are the network's own; compute is what the program says of itself. What
    is left up to the median of sound to pose, and from there to the median of sound to pulse, are the
    others. Empty where a median is missing.
    """
    ends = [_median(result, figure) for figure in (SOUND_TO_POSE, SOUND_TO_PULSE)]
    if ends[0] is None or ends[1] is None:
        return []
    known = [(plain(one.subject.get("stage", "")), one.value) for one in result.of(PROBE, _KNOWN)]
    compute = result.of(PROBE, _STAGE, stage=_ALL)
    lasting = [*known, *([(_COMPUTE, compute[0].value)] if compute else [])]
    found, at = [], 0.0
    for name, length in lasting:
        found.append(Block(at, at + length, name))
        at += length
    if at < ends[0]:
        found.append(Block(at, ends[0], _REST))
    found.append(Block(ends[0], ends[1], _LINK))
    return found


def _median(result: Result, figure: str) -> float | None:
    found = result.of(PROBE, figure)
    return found[0].value if found else None
