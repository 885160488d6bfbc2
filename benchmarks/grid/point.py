"""The points of the grid: which there are, and how one is made to run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mandible.device.engines.base import Engine
from mandible.device.engines.registry import THREADED, check_threads, create
from mandible.device.pipeline import Line
from mandible.errors import DeviceError, InputError
from mandible.models.released import ModelFile

INT8, FP32 = "int8", "fp32"
PRECISIONS = (INT8, FP32)
# What computes with a model's float weights; TensorRT does, too, in a probe of its own.
FLOAT_ENGINES = ("onnx",)
ELSEWHERE = {"tensorrt": "the probe jetson_tensorrt measures it"}


@dataclass(frozen=True)
class Point:
    """A model on an engine.

    Attributes:
        named: the model as it was asked for: a released name, or a path.
        model: its name.
        path: the int8 model's file.
        lookahead_ms: as in the model's card.
        engine: a name of ``engines.NAMES``.
        precision: one of ``PRECISIONS``.
        threads: how many the engine may use.
    """

    named: str
    model: str
    path: str
    lookahead_ms: int
    engine: str
    precision: str
    threads: int

    @property
    def subject(self) -> dict[str, str | int]:
        """What its figures are of."""
        return {
            "model": self.model,
            "engine": self.engine,
            "precision": self.precision,
            "threads": self.threads,
        }

    @property
    def told(self) -> str:
        """What a person reads."""
        many = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"{self.model} on {self.engine}, {self.precision}, {many}"

    @property
    def weights(self) -> str:
        """Which weights its engine computes with."""
        return "int8 model" if self.precision == INT8 else "float weights"

    def check(self) -> None:
        """Raise InputError or DeviceError, in one line, where there can be no such point."""
        if self.engine in ELSEWHERE:
            raise DeviceError(f"engine {self.engine}: {ELSEWHERE[self.engine]}")
        check_threads(self.engine, self.threads)
        if self.precision != INT8 and self.engine not in FLOAT_ENGINES:
            raise InputError(
                f"engine {self.engine}: computes in int8 only; {self.precision} is for "
                f"{', '.join(FLOAT_ENGINES)}"
            )

    def create(self) -> Engine:
        """Return a fresh engine; raises as ``check`` and ``engines.create``."""
        self.check()
        if self.precision == INT8:
            return create(self.engine, Path(self.path), self.threads)
        # Or every other engine's memory would hold it, too.
        from mandible.device.engines.onnx_float import OnnxFloatEngine

        return OnnxFloatEngine(self.named, self.threads)

    def line(self, engine: Engine) -> Line:
        """Return a line with this engine and no rig, as ``bake`` has it: samples to visemes."""
        return Line(engine, engine.output_scale, self.lookahead_ms)


def points(
    named: str, file: ModelFile, engines: Sequence[str], precisions: Sequence[str], threads: Sequence[int]
) -> Iterator[Point]:
    """Yield a model's points.

    Where an engine has some that were asked for, those that it cannot have (a second thread, float weights)
    are left out; where it has none, they come, and are refused by ``check``.
    """
    for engine in engines:
        kinds = [one for one in precisions if one == INT8 or engine in FLOAT_ENGINES]
        counts = [one for one in threads if one == 1 or engine in THREADED]
        for precision in kinds or precisions:
            for count in counts or threads:
                yield Point(named, file.name, str(file.path), file.lookahead_ms, engine, precision, count)
