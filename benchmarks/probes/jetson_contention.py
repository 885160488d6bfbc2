"""What happens to the line while another process keeps the GPU busy: the same hops alone and beside it.

The other process runs a network in TensorRT, hop after hop: nothing needs to be installed for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mandible.api import assemble
from mandible.benchmarks import hearing
from mandible.benchmarks.bench import Bench
from mandible.benchmarks.jetson.genuine import genuine
from mandible.benchmarks.jetson.gpu_load import REST, WORK, loading
from mandible.benchmarks.jetson.mode import mode
from mandible.benchmarks.jetson.watching import telemetry_of
from mandible.benchmarks.measurement import Measurement, NotMeasured
from mandible.benchmarks.power import pace
from mandible.benchmarks.settings import bounded
from mandible.device.engines import cuda_runtime
from mandible.device.pipeline import Line
from mandible.errors import MandibleError
from mandible.firmware_bridge.rig import Rig
from mandible.models.scoring.score import Score
from mandible.quantize.onnx_export import tensorrt_build

PROBE = "jetson_contention"
ALONE, BUSY = "alone", "busy"
_MOST_HOPS = 3000


@dataclass(frozen=True)
class Settings:
    """Which lines, for how long, and the network that keeps the GPU busy."""

    model: str = "small"
    engines: tuple[str, ...] = ("tensorrt", "c")
    rig: str = "skull"
    load_model: str = "base"
    rounds: int = bounded(3, 1, 100)
    seconds: float = bounded(3.0, 0.1, 3600.0)


def measure(settings: Settings, bench: Bench) -> Iterator[Measurement | NotMeasured]:
    """Yield a hop's p50 and p99 at the pace of speech, with the GPU idle and busy in turns.

    Raises:
        InputError: no such model, engine or rig.
        DeviceError: TensorRT or a GPU is missing, or the other process goes; one line.
    """
    trt = tensorrt_build.tensorrt()
    library = cuda_runtime.load()
    file, rig = bench.model(settings.model), Rig.load(settings.rig)
    with telemetry_of(bench.device.root) as telemetry:
        board = mode(bench.device.root, telemetry.read()).conditions()
    lines: dict[str, Line] = {}
    scores: dict[str, Score] = {}
    for name in settings.engines:
        bench.tell(name)
        try:
            lines[name] = assemble(file, name, rig)
            scores[name] = hearing.score(lines[name], bench.speech)
        except MandibleError as error:
            lines.pop(name, None)
            yield NotMeasured(name, str(error))
    hops = hearing.first_hops(bench.speech, _MOST_HOPS)
    taken: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    bench.tell("starting what keeps the GPU busy")
    with loading(bench.model(settings.load_model).name) as load:
        for number in range(settings.rounds):
            for gpu, word in ((ALONE, REST), (BUSY, WORK)):
                load.tell(word)
                bench.tell(f"GPU {gpu}, round {number + 1} of {settings.rounds}")
                for name, line in lines.items():
                    samples: list[float] = []
                    pace.live(line, hops, settings.seconds, lambda _, __, us, into=samples: into.append(us))  # type: ignore[misc]
                    taken.setdefault((name, gpu), []).append(tuple(samples))
            load.tell(REST)
    load_told = f"{settings.load_model} in TensorRT, hop after hop, in another process"
    said = {**bench.conditions, **board, "rig": settings.rig, "load": load_told}
    is_genuine = genuine(bench.device, trt, library)
    for (name, gpu), rounds in taken.items():
        subject = {"model": file.name, "engine": name, "precision": "int8", "gpu": gpu}
        for figure in ("hop_p50_us", "hop_p99_us"):
            one = Measurement(PROBE, figure, subject, tuple(rounds), said)
            yield one if is_genuine else replace(one, simulated=True)
    for name, score in scores.items():
        subject = {"model": file.name, "engine": name, "precision": "int8"}
        one = hearing.accuracy(PROBE, subject, score, said)
        yield one if is_genuine else replace(one, simulated=True)
