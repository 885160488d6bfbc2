"""A stand-in for the package ``tensorrt``, which only an NVIDIA GPU's machine has; no simulator of it exists.

It has the classes and calls that our builder uses, records them, and "builds" an engine that names what it
was given. The real parser and builder are asked by ``test_tensorrt_rtx``.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.onnx_export.fake_execution import (
    DataType,
    FakeCudart,
    FakeEngine,
    TensorFormat,
    TensorIOMode,
    TensorLocation,
)


class FakeTensorrt(SimpleNamespace):
    """One TensorRT installation.

    Args:
        version: of the package; from 11 on there are no explicit batches and no precision flags.
        errors: (node, description) for the parser to complain of.
        complaints: what the builder logs; it then returns no engine.
        gpu: what built engines run on; without one they are only built.
    """

    def __init__(
        self,
        version: str = "10.3.0",
        errors: tuple[tuple[str, str], ...] = (),
        complaints: tuple[str, ...] = (),
        gpu: FakeCudart | None = None,
    ) -> None:
        super().__init__(__version__=version)
        self.builds: list[dict[str, Any]] = []
        is_new = int(version.split(".")[0]) >= 11
        self.NetworkDefinitionCreationFlag = SimpleNamespace(**({} if is_new else {"EXPLICIT_BATCH": 0}))
        self.BuilderFlag = SimpleNamespace(**({} if is_new else {"INT8": "int8 flag", "FP16": "fp16 flag"}))
        self.MemoryPoolType = SimpleNamespace(WORKSPACE="workspace")
        severity = SimpleNamespace(INTERNAL_ERROR=0, ERROR=1, WARNING=2, INFO=3)

        class ILogger:
            Severity = severity

        class Config:
            def __init__(self) -> None:
                self.flags: list[str] = []
                self.limits: dict[str, int] = {}

            def set_flag(self, flag: str) -> None:
                self.flags.append(flag)

            def set_memory_pool_limit(self, pool: str, size: int) -> None:
                self.limits[pool] = size

        class OnnxParser:
            def __init__(self, network: dict[str, Any], logger: Any) -> None:
                self._network, self.num_errors = network, len(errors)

            def parse(self, content: bytes) -> bool:
                self._network["content"] = content
                return not errors

            def get_error(self, number: int) -> Any:
                node, description = errors[number]
                return SimpleNamespace(node=lambda: node, desc=lambda: description)

        builds = self.builds

        class Builder:
            def __init__(self, logger: Any) -> None:
                self._logger = logger

            def create_network(self, flags: int) -> dict[str, Any]:
                return {"network_flags": flags}

            def create_builder_config(self) -> Config:
                return Config()

            def build_serialized_network(self, network: dict[str, Any], config: Config) -> Any:
                self._logger.log(severity.WARNING, "a warning that nobody needs to see")
                for complaint in complaints:
                    self._logger.log(severity.ERROR, complaint)
                builds.append({**network, "flags": config.flags, "limits": config.limits})
                return None if complaints else memoryview(b"engine %d" % len(builds))

        class Runtime:
            def __init__(self, logger: Any) -> None:
                self._logger = logger

            def deserialize_cuda_engine(self, content: bytes) -> FakeEngine | None:
                """Know only what this installation built, as the real one does."""
                number = content.removeprefix(b"engine ")
                if gpu is None or not number.isdigit() or not 1 <= int(number) <= len(builds):
                    self._logger.log(severity.ERROR, "the engine plan file\nis not compatible")
                    return None
                return FakeEngine(builds[int(number) - 1]["content"], gpu)

        self.ILogger, self.OnnxParser, self.Builder, self.Runtime = ILogger, OnnxParser, Builder, Runtime
        self.TensorIOMode, self.DataType = TensorIOMode, DataType
        self.TensorFormat, self.TensorLocation = TensorFormat, TensorLocation


class FakeDriver:
    """The CUDA driver's library as ``ctypes`` shows it, with one GPU; no simulator of it exists either."""

    def __init__(self, name: bytes = b"Orin", capability: tuple[int, int] = (8, 7), fails: str = "") -> None:
        self._name, self._capability, self._fails = name, capability, fails

    def _code(self, function: str) -> int:
        return 100 if function == self._fails else 0

    def cuInit(self, flags: int) -> int:  # noqa: N802  # the driver's own name, as below
        return self._code("cuInit")

    def cuDeviceGet(self, device: Any, number: int) -> int:  # noqa: N802
        device._obj.value = number
        return self._code("cuDeviceGet")

    def cuDeviceGetName(self, buffer: Any, size: int, device: Any) -> int:  # noqa: N802
        buffer.value = self._name[: size - 1]
        return self._code("cuDeviceGetName")

    def cuDeviceGetAttribute(self, value: Any, attribute: int, device: Any) -> int:  # noqa: N802
        value._obj.value = self._capability[{75: 0, 76: 1}[attribute]]
        return self._code("cuDeviceGetAttribute")
