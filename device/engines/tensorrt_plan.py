"""What TensorRT built, loaded and checked against the network that it is to compute."""

from __future__ import annotations

from typing import Any

from mandible.errors import DeviceError
from mandible.models.network import Network
from mandible.quantize.onnx_export.graph import FEATURES, LOGITS
from mandible.quantize.onnx_export.tensorrt_build import quiet_logger, reasons

Shape = tuple[int, ...]
# Shapes of inputs and of outputs by name.
Interface = tuple[dict[str, Shape], dict[str, Shape]]
# Names in TensorRT's ``DataType``, and in our messages.
INT8, FLOAT = "INT8", "FLOAT"
_WORDS = {INT8: "int8", FLOAT: "float32"}


class ForeignError(Exception):
    """What was built is damaged, for another machine, or of another model; the text says which."""


class Plan:
    """A deserialised engine, with everything that must live as long as it does.

    Attributes:
        context: what executes it; gone after ``close``.

    Raises:
        DeviceError: the GPU has no room for it.
    """

    def __init__(self, engine: Any, runtime: Any, logger: Any) -> None:
        self.context = engine.create_execution_context()
        if self.context is None:
            raise DeviceError("engine tensorrt: the GPU has no memory left; end what else runs on it")
        self._rest = [engine, runtime, logger]

    def close(self) -> None:
        """Let go of everything, in the order in which TensorRT wants it."""
        self.context = None
        while self._rest:
            self._rest.pop(0)


def deserialised(trt: Any, content: bytes, wanted: Interface, kind: str = INT8) -> Plan:
    """Return the engine in these bytes.

    Args:
        trt: the package ``tensorrt``.
        content: what its builder made.
        wanted: the inputs and outputs of what it was made from.
        kind: the element type of all of them, ``INT8`` or ``FLOAT``.

    Raises:
        ForeignError: TensorRT refuses it, or its inputs and outputs are others.
    """
    said: list[str] = []
    logger = quiet_logger(trt, said)
    runtime = trt.Runtime(logger)
    engine = None if runtime is None else runtime.deserialize_cuda_engine(content)
    if engine is None:
        raise ForeignError(f"cannot load the engine: {reasons(said)}")
    _check(trt, engine, wanted, kind)
    return Plan(engine, runtime, logger)


def interface(network: Network) -> Interface:
    """Return the inputs and outputs of the exported int8 graph; all are int8."""
    inputs: dict[str, Shape] = {FEATURES: (1, network.input_channels, 1, 1)}
    outputs: dict[str, Shape] = {LOGITS: (1, network.output_channels, 1, 1)}
    outputs |= {head.name: (1, head.channels, 1, 1) for head in network.heads}
    for number, layer in enumerate(network.rings):
        shape = (1, layer.ring_channels, layer.ring_frames, 1)
        inputs[f"state_{number}"] = outputs[f"next_state_{number}"] = shape
    return inputs, outputs


def _check(trt: Any, engine: Any, wanted: Interface, kind: str) -> None:
    """Raise ForeignError unless every tensor is where, and as large as, our memory for it will be."""
    inputs, outputs = wanted
    found: dict[bool, dict[str, Shape]] = {True: {}, False: {}}
    for number in range(engine.num_io_tensors):
        name = engine.get_tensor_name(number)
        is_input = engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT
        found[is_input][name] = tuple(engine.get_tensor_shape(name))
        is_kind = engine.get_tensor_dtype(name) == getattr(trt.DataType, kind)
        in_order = engine.get_tensor_format(name) == trt.TensorFormat.LINEAR
        if not (is_kind and in_order and engine.get_tensor_location(name) == trt.TensorLocation.DEVICE):
            raise ForeignError(f"keeps {name} otherwise than as plain {_WORDS[kind]} on the GPU")
    if found != {True: inputs, False: outputs}:
        raise ForeignError("built other inputs or outputs than the model's")
