"""Times a point of the grid in a fresh process: a round, with where memory lies drawn anew."""

from __future__ import annotations

import json
import math
import signal
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mandible.benchmarks.grid.point import Point
from mandible.errors import DeviceError, InputError
from mandible.own_python import own_python
from mandible.quantize import programs
from mandible.small_file import read_object
from mandible.wording import shortened

PROGRAM = tuple(own_python("mandible.benchmarks.grid.worker"))
LIMIT_S = 120.0
_MOST_ANSWER_BYTES = 8 << 20
_LONGEST_REASON = 300
_LONGEST_DIGEST = 64


@dataclass(frozen=True)
class Work:
    """What every point does in a round.

    Attributes:
        hops: a ``.npy`` file of (n, 160) int16 samples.
        passes: of the line over them, at most.
        seconds: they end after so long, one at least.
        limit_s: after so long the process is ended.
    """

    hops: Path
    passes: int
    seconds: float
    limit_s: float = LIMIT_S


@dataclass(frozen=True)
class Round:
    """What a round found.

    Attributes:
        start_ms: from the engine's name to its first logits.
        answers: what is the same for the same visemes and openings only.
        exact: whether the engine promises the exact engines' bytes.
        hops_us: one pass through the network alone, hop by hop.
        cpu_s, wall_s: each pass of the line.
        minor_faults, major_faults: during each pass.
        rss_mb: the most memory; None where the system does not tell.
    """

    start_ms: float
    answers: str
    exact: bool
    hops_us: tuple[float, ...]
    cpu_s: tuple[float, ...]
    wall_s: tuple[float, ...]
    minor_faults: tuple[float, ...]
    major_faults: tuple[float, ...]
    rss_mb: float | None


def timed(point: Point, work: Work, scratch: Path, program: Sequence[str] = PROGRAM) -> Round:
    """Time a point once.

    Args:
        point: which.
        work: what it does.
        scratch: where the request and the answer may lie; removed after use.
        program: called with both.

    Raises:
        DeviceError: it cannot be run, takes too long, dies, or gives no figures; one line.
    """
    request, answer = scratch / "engine-request.json", scratch / "engine-answer.json"
    asked = {"point": asdict(point), **asdict(work), "hops": str(work.hops)}
    try:
        request.write_text(json.dumps(asked), encoding="utf-8")
        try:
            done = programs.run([*program, str(request), str(answer)], work.limit_s)
        except programs.LateError:
            raise DeviceError(f"did not finish within {work.limit_s:g} s and was ended") from None
        if done.returncode != 0:
            raise DeviceError(f"its process died ({_ending(done.returncode)})")
        return read(answer)
    except OSError as error:
        raise DeviceError(f"{scratch}: cannot be written: {error.strerror}; make room there") from None
    finally:
        for path in (request, answer):
            path.unlink(missing_ok=True)


def read(answer: Path) -> Round:
    """Return what a worker answered; raises DeviceError for why it did not, or an answer that is none."""
    try:
        told = read_object(answer, _MOST_ANSWER_BYTES)
    except InputError:
        raise DeviceError("its process gave no figures") from None
    if "why" in told:
        raise DeviceError(shortened(str(told["why"]), _LONGEST_REASON))
    try:
        return _round(told)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise DeviceError("its process gave figures that are none") from None


def _round(told: Mapping[str, Any]) -> Round:
    rss_mb, answers = told["rss_mb"], told["answers"]
    if not isinstance(answers, str) or len(answers) != _LONGEST_DIGEST or not isinstance(told["exact"], bool):
        raise ValueError
    costs = {name: _numbers(told[name]) for name in ("cpu_s", "wall_s", "minor_faults", "major_faults")}
    if min(costs["cpu_s"]) <= 0 or min(costs["wall_s"]) <= 0:
        raise ValueError
    return Round(
        start_ms=_number(told["start_ms"]),
        answers=answers,
        exact=told["exact"],
        hops_us=_numbers(told["hops_us"]),
        rss_mb=None if rss_mb is None else _number(rss_mb),
        **costs,
    )


def _numbers(told: object) -> tuple[float, ...]:
    if not isinstance(told, list) or not told:
        raise ValueError
    return tuple(map(_number, told))


def _number(told: object) -> float:
    if isinstance(told, bool) or not isinstance(told, (int, float)):
        raise TypeError
    if not math.isfinite(told) or told < 0:
        raise ValueError
    return float(told)


def _ending(status: int) -> str:
    return f"status {status}" if status > 0 else signal.strsignal(-status) or f"signal {-status}"
