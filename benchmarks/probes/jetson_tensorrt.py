"""TensorRT on a Jetson's GPU: building an engine, and what a hop costs in each precision, beside accuracy.

Its figures go under ``engines``, where those of the processor's engines are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from mandible.benchmarks import hearing
from mandible.benchmarks.bench import Bench
from mandible.benchmarks.grid import accuracy
from mandible.benchmarks.jetson import engines
from mandible.benchmarks.jetson.engines import PRECISIONS, Candidate
from mandible.benchmarks.jetson.genuine import genuine
from mandible.benchmarks.jetson.mode import mode
from mandible.benchmarks.jetson.watching import telemetry_of
from mandible.benchmarks.measurement import Measurement, NotMeasured
from mandible.benchmarks.settings import bounded, chosen
from mandible.device.engines import cuda_runtime
from mandible.device.engines.base import Engine
from mandible.device.pipeline import Line
from mandible.errors import MandibleError
from mandible.models.scoring.class_sets import ClassScore
from mandible.quantize.onnx_export import tensorrt_build

PROBE = "engines"


@dataclass(frozen=True)
class Settings:
    """Which engines, how often; ``hops`` are timed one by one."""

    models: tuple[str, ...] = ("nano", "small", "base")
    precisions: tuple[str, ...] = chosen(PRECISIONS, PRECISIONS)
    rounds: int = bounded(3, 1, 100)
    builds: int = bounded(1, 1, 20)
    hops: int = bounded(1000, 10, 100_000)


@dataclass
class _Running:
    candidate: Candidate
    line: Line
    engine: Engine
    score: ClassScore
    hops_us: list[tuple[float, ...]] = field(default_factory=list)
    cpu: list[tuple[float, ...]] = field(default_factory=list)


def measure(settings: Settings, bench: Bench) -> Iterator[Measurement | NotMeasured]:
    """Yield build times, then time, CPU and accuracy of each model and precision, all taking turns.

    Raises:
        DeviceError: TensorRT or the CUDA runtime is missing; one line with the remedy.
    """
    trt = tensorrt_build.tensorrt()
    library = cuda_runtime.load()
    bench.packages.add("tensorrt")
    with telemetry_of(bench.device.root) as telemetry:
        board = mode(bench.device.root, telemetry.read()).conditions()
    said = {**board, "tensorrt": str(trt.__version__)}
    engines.start(trt)
    found: list[Measurement] = []
    running: list[_Running] = []
    for candidate in _candidates(settings, bench):
        bench.tell(f"{candidate.file.name} {candidate.precision}")
        try:
            spent = [
                engines.obtained_s(trt, candidate.graph(), candidate.precision)
                for _ in range(settings.builds)
            ]
            running.append(_started(candidate, bench))
        except MandibleError as error:
            yield NotMeasured(f"{candidate.file.name} {candidate.precision}", str(error))
            continue
        weights = {**said, "weights": engines.weights_of(candidate.precision)}
        for how in (engines.BUILT, engines.FOUND):
            rounds = tuple((one[how],) for one in spent)
            found.append(
                Measurement(PROBE, "engine_build_s", {**candidate.subject, "cache": how}, rounds, weights)
            )
    mels = engines.features(hearing.first_hops(bench.speech, settings.hops))
    for _ in range(settings.rounds):
        for one in running:
            one.hops_us.append(engines.hops_us(one.engine, mels))
            one.cpu.append((engines.cpu_s_per_audio_s(one.line, bench.speech),))
    for one in running:
        found += _figures(one, {**bench.conditions, **said})
    # Only now has everything that a build and a run need been loaded.
    is_genuine = genuine(bench.device, trt, library)
    yield from (one if is_genuine else replace(one, simulated=True) for one in found)


def _candidates(settings: Settings, bench: Bench) -> Iterator[Candidate]:
    for name in settings.models:
        file = bench.model(name)
        for precision in settings.precisions:
            yield Candidate(file, precision)


def _started(candidate: Candidate, bench: Bench) -> _Running:
    """Start it; hearing all of the speech once is its warm-up, too."""
    line = candidate.line()
    return _Running(candidate, line, candidate.create(), accuracy.scored(line, bench.speech))


def _figures(one: _Running, conditions: dict[str, str | int | float | bool]) -> Iterator[Measurement]:
    subject = one.candidate.subject
    said = {**conditions, "weights": engines.weights_of(one.candidate.precision)}
    yield Measurement(PROBE, "engine_us", subject, tuple(one.hops_us), said)
    yield Measurement(PROBE, "cpu_s_per_audio_s", subject, tuple(one.cpu), said)
    yield from accuracy.measurements(PROBE, subject, one.score, said)
