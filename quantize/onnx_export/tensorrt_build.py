"""An ONNX model through TensorRT's builder to a serialised engine.

Written against the Python API that TensorRT 8.5 to 10 and TensorRT for RTX share. What a version may lack
is asked for by name: newer ones know neither explicit batches nor precision flags, since the graph has types.
Source: NVIDIA TensorRT documentation, "Python API Documentation".
"""

from __future__ import annotations

import importlib
from typing import Any

from mandible.errors import DeviceError
from mandible.wording import one_line, shortened

PRECISIONS = ("int8", "fp16", "fp32")
MOST_SHOWN = 3
LONGEST_REASON = 160
REMEDY = "try --precision fp32"

MISSING = (
    "TensorRT for Python is missing; on a Jetson JetPack brings it: sudo apt install python3-libnvinfer, "
    "then let the environment see it: python3 -m venv --system-site-packages .venv"
)


def tensorrt() -> Any:
    """Return the package ``tensorrt``; raises DeviceError, saying where to get it, where it is missing."""
    try:
        return importlib.import_module("tensorrt")
    except ImportError:
        raise DeviceError(MISSING) from None


def build(trt: Any, content: bytes, precision: str, workspace_mib: int, remedy: str = REMEDY) -> bytes:
    """Return the engine for an ONNX model; takes seconds to minutes.

    Args:
        trt: the package ``tensorrt``, or one with the same interface.
        content: bytes of an ``.onnx`` file; for ``int8`` in its symmetric form.
        precision: one of ``PRECISIONS``: the least precise arithmetic that the builder may choose.
        workspace_mib: memory that it may use on the way.
        remedy: what to try where it cannot; ends the message.

    Raises:
        DeviceError: this TensorRT cannot read or build the model; one line with its reasons.
    """
    said: list[str] = []
    logger = quiet_logger(trt, said)
    builder = trt.Builder(logger)
    if builder is None:
        raise DeviceError(_refusal(trt, "start its builder", said, remedy))
    network = builder.create_network(_network_flags(trt))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(content):
        errors = [_described(parser.get_error(number)) for number in range(parser.num_errors)]
        raise DeviceError(_refusal(trt, "read the model", errors or said, remedy))
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, workspace_mib << 20)
    _allow(trt, config, precision)
    engine = builder.build_serialized_network(network, config)
    if engine is None:
        raise DeviceError(_refusal(trt, "build the engine", said, remedy))
    return bytes(engine)


def quiet_logger(trt: Any, said: list[str]) -> Any:
    """Return a logger for TensorRT that adds its errors to ``said`` and prints nothing."""

    class Logger(trt.ILogger):  # type: ignore[misc]  # a class of a package that is not here
        """Keeps errors for our one line instead of printing them."""

        def __init__(self) -> None:
            trt.ILogger.__init__(self)

        def log(self, severity: Any, message: str) -> None:
            if severity in (trt.ILogger.Severity.INTERNAL_ERROR, trt.ILogger.Severity.ERROR):
                said.append(message)

    return Logger()


def _network_flags(trt: Any) -> int:
    explicit = getattr(trt.NetworkDefinitionCreationFlag, "EXPLICIT_BATCH", None)
    return 0 if explicit is None else 1 << int(explicit)


def _allow(trt: Any, config: Any, precision: str) -> None:
    if precision == "fp32":
        return
    flag = getattr(trt.BuilderFlag, precision.upper(), None)
    if flag is not None:
        config.set_flag(flag)
    elif precision == "fp16":
        raise DeviceError(
            f"TensorRT {trt.__version__} takes precision from the model alone; use --precision fp32 or int8"
        )


def _described(error: Any) -> str:
    return f"node {error.node()}: {error.desc()}"


def reasons(said: list[str]) -> str:
    """Return the first few of TensorRT's reasons on one line."""
    shown = [shortened(one_line(reason.strip()), LONGEST_REASON) for reason in said[:MOST_SHOWN]]
    more = len(said) - len(shown)
    told = "; ".join(shown) + (f"; and {more} more" if more else "")
    return told or "it does not say why"


def _refusal(trt: Any, what: str, said: list[str], remedy: str) -> str:
    return f"TensorRT {trt.__version__} cannot {what}: {reasons(said)}; {remedy}"
