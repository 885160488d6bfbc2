"""Run a model on every engine asked for, compare, score, and judge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from mandible.errors import DeviceError, MandibleError
from mandible.quantize import programs
from mandible.quantize.boards import TooLargeError
from mandible.quantize.parity import accuracy, registry
from mandible.quantize.parity.accuracy import Accuracy, Recording
from mandible.quantize.parity.comparison import Comparison, compared
from mandible.quantize.parity.engine import FLOAT, Options, Outcome, Progress
from mandible.quantize.parity.hops import Segment
from mandible.quantize.parity.subject import Subject
from mandible.quantize.parity.tolerances import Tolerances
from mandible.wording import shortened

OK, BROKEN, MISSING, FAILED, TOO_LARGE = "ok", "broken", "missing", "failed", "too large"
# How many simulators run at once.
APART = 2
# Exact too, for where no interpreter is installed.
OTHER_YARDSTICK = "reference"
# How engines, ours and other people's, say that they cannot run a model.
REFUSALS = (MandibleError, OSError, RuntimeError, ValueError)
# Called with an engine's name and how many hops it has done.
Report = Callable[[str, int], None]


@dataclass(frozen=True)
class Plan:
    """What to run.

    Attributes:
        names: engines, in the registry's order; the yardstick is run in any case.
        segments: what they are compared on.
        recordings: what they are scored on; empty for no accuracy.
        tolerances: what they are held to.
        tflite_python: see ``engine.Options``.
        recordings_apart: replaces the most recordings that a slow engine hears; None to leave it.
        speech_hops: of speech that were asked for; ``segments`` has fewer where the recordings have.
    """

    names: Sequence[str]
    segments: Sequence[Segment]
    tolerances: Tolerances
    recordings: Sequence[Recording] = ()
    tflite_python: str | None = None
    recordings_apart: int | None = None
    speech_hops: int = 0

    def heard_by(self, name: str) -> Sequence[Recording]:
        """Return the recordings that an engine is scored on."""
        most = registry.ENGINES[name].recordings
        if most is not None and self.recordings_apart is not None:
            most = self.recordings_apart
        return self.recordings if most is None else self.recordings[:most]

    def hops_for(self, name: str) -> int:
        """Return how many hops an engine runs, for a progress bar."""
        heard = sum(len(one.mels) for one in self.heard_by(name))
        return sum(len(segment.hops) for segment in self.segments) + heard


@dataclass
class Result:
    """What became of one engine.

    Attributes:
        status: ``ok``, ``broken`` (a tolerance), ``missing`` (not installed), ``failed`` (while running) or
            ``too large`` (the model, for the memory of a core).
        reasons: one line each, for what is not ok.
        outcome, found, accuracy: what was measured; None where it was not.
        lost_points: accuracy lost against the float network on the same recordings, in percentage points.
    """

    name: str
    status: str = OK
    reasons: list[str] = field(default_factory=list)
    outcome: Outcome | None = None
    found: Comparison | None = None
    accuracy: Accuracy | None = None
    lost_points: float | None = None

    @property
    def kind(self) -> str:
        """``exact``, ``fast`` or ``float``."""
        return registry.ENGINES[self.name].kind


@dataclass(frozen=True)
class Checked:
    """The whole report; ``yardstick`` names what the engines were compared with."""

    subject: Subject
    plan: Plan
    yardstick: str
    results: list[Result]

    @property
    def broken(self) -> list[Result]:
        """Return the engines that did not hold."""
        return [one for one in self.results if one.status in (BROKEN, FAILED)]

    @property
    def missing(self) -> list[Result]:
        """Return the engines that are not installed."""
        return [one for one in self.results if one.status == MISSING]

    @property
    def too_large(self) -> list[Result]:
        """Return the cores that the model does not fit."""
        return [one for one in self.results if one.status == TOO_LARGE]


def check(subject: Subject, plan: Plan, report: Report = lambda name, hops: None) -> Checked:
    """Run the plan.

    Raises:
        DeviceError: not even the yardstick is there.
    """
    names = [name for name in registry.NAMES if name in plan.names]
    with TemporaryDirectory(prefix="mandible-parity-") as folder:
        options = Options(Path(folder), plan.tflite_python)
        results = _first(subject, plan, options, report)
        yardstick = next(one for one in results.values() if one.status == OK)
        together = [name for name in names if name not in results and not registry.ENGINES[name].apart]
        apart = [name for name in names if name not in results and registry.ENGINES[name].apart]
        # Those in this process first and one by one, so that nothing disturbs their timing.
        for name in together:
            results[name] = _run(name, subject, plan, options, report)
        # The pool is left first: whoever waits for a program in it learns that this was ended.
        with programs.endable() as end, ThreadPoolExecutor(APART) as pool:
            try:
                for result in pool.map(lambda name: _run(name, subject, plan, options, report), apart):
                    results[result.name] = result
            except BaseException:
                # A signal reaches this thread alone; what waits must not begin, what runs must not go on.
                pool.shutdown(wait=False, cancel_futures=True)
                end()
                raise
    ordered = [results[name] for name in registry.NAMES if name in results]
    for result in ordered:
        _judge(result, yardstick, subject, plan)
        _score(result, subject, plan)
    _judge_accuracy(ordered, plan)
    return Checked(subject, plan, yardstick.name, ordered)


def _first(subject: Subject, plan: Plan, options: Options, report: Report) -> dict[str, Result]:
    """Return the yardstick's result, and before it that of a yardstick that could not be run."""
    results: dict[str, Result] = {}
    for name in (registry.YARDSTICK, OTHER_YARDSTICK):
        results[name] = _run(name, subject, plan, options, report)
        if results[name].status == OK:
            return results
    raise DeviceError(results[registry.YARDSTICK].reasons[0])


def _run(name: str, subject: Subject, plan: Plan, options: Options, report: Report) -> Result:
    result = Result(name)
    hops = [*(segment.hops for segment in plan.segments), *(one.mels for one in plan.heard_by(name))]
    done: Progress = lambda count: report(name, count)  # noqa: E731  # a closure over the name
    try:
        engine = registry.create(name, subject, options)
    except DeviceError as error:
        # A compiler that takes too long is there.
        late = isinstance(error, programs.LateError)
        result.status, result.reasons = FAILED if late else MISSING, [str(error)]
        return result
    except TooLargeError as error:
        # It names a folder of ours first, which is gone when this is read.
        result.status, result.reasons = TOO_LARGE, [str(error).partition(": ")[2]]
        return result
    except REFUSALS as error:
        result.status, result.reasons = FAILED, [shortened(str(error) or type(error).__name__, 300)]
        return result
    try:
        result.outcome = engine.run(hops, done)
    except REFUSALS as error:
        result.status, result.reasons = FAILED, [shortened(str(error) or type(error).__name__, 300)]
    return result


def _score(result: Result, subject: Subject, plan: Plan) -> None:
    heard = plan.heard_by(result.name)
    if result.outcome is not None and result.found is not None and heard:
        result.accuracy = accuracy.scored(
            heard,
            result.outcome.logits[len(plan.segments) :],
            subject.lookahead_ms,
            subject.network.output_scale,
        )


def _compared_logits(result: Result, plan: Plan) -> list[NDArray[np.generic]]:
    assert result.outcome is not None
    return result.outcome.logits[: len(plan.segments)]


def _judge(result: Result, yardstick: Result, subject: Subject, plan: Plan) -> None:
    if result.outcome is None:
        return
    network = subject.network
    try:
        result.found = compared(
            plan.segments,
            _compared_logits(yardstick, plan),
            _compared_logits(result, plan),
            network.output_scale,
            network.output_zero_point,
        )
    except ValueError as error:
        result.status, result.reasons = FAILED, [str(error)]
        return
    result.reasons += plan.tolerances.broken_by(result.kind, result.found)
    if result.reasons:
        result.status = BROKEN


def _judge_accuracy(results: Sequence[Result], plan: Plan) -> None:
    before = next((one.accuracy for one in results if one.kind == FLOAT and one.accuracy), None)
    for result in results:
        after = result.accuracy
        if before is None or after is None or result.kind == FLOAT or after.recordings != before.recordings:
            continue
        result.lost_points = round((before.decoded - after.decoded) * accuracy.POINTS, 3)
        if result.lost_points > plan.tolerances.lost_points:
            result.reasons.append(
                f"accuracy {before.decoded:.2%} of the float network became {after.decoded:.2%}: "
                f"{result.lost_points:.2f} points lost, {plan.tolerances.lost_points:g} may be"
            )
            result.status = BROKEN
