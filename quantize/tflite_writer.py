"""Write a small ``.tflite`` graph with the schema classes that ship with LiteRT (build time only)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.errors import DeviceError
from mandible.models.tflite_file import Tensor

SCHEMA_VERSION = 3
# Microcontrollers and vector units read weights in place; the schema asks for this alignment.
DATA_ALIGNMENT_BYTES = 16
# The lowest operator versions that cover int8 (tensorflow/lite/tools/versioning/op_version.cc).
VERSIONS = {"ADD": 2, "CONCATENATION": 2, "CONV_2D": 3, "DEPTHWISE_CONV_2D": 3, "PAD": 2, "SLICE": 2}
OPTION_CLASSES = {
    "ADD": "AddOptions",
    "CONCATENATION": "ConcatenationOptions",
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "PAD": "PadOptions",
    "SLICE": "SliceOptions",
}


@cache
def _schema() -> Any:
    """Return the classes of the schema; raises DeviceError where LiteRT, which brings them, is missing."""
    try:
        from ai_edge_litert import schema_py_generated
    except ImportError:
        raise DeviceError("writing a .tflite file needs LiteRT; run: pip install ai-edge-litert") from None
    return schema_py_generated


@cache
def _aligned_buffer() -> Any:
    """Return the class of buffers that start on a 16-byte boundary, which the generated packer ignores."""
    schema: Any = _schema()
    plain: Any = schema.BufferT

    class AlignedBuffer(plain):  # type: ignore[misc]  # the generated classes are untyped
        def Pack(self, builder: Any) -> Any:  # noqa: N802  # the generated name
            if self.data is None:
                return super().Pack(builder)
            content = bytes(self.data)
            builder.StartVector(1, len(content), DATA_ALIGNMENT_BYTES)
            builder.head -= len(content)
            builder.Bytes[builder.head : builder.head + len(content)] = content
            vector = builder.EndVector()
            schema.BufferStart(builder)
            schema.BufferAddData(builder, vector)
            return schema.BufferEnd(builder)

    return AlignedBuffer


class TfliteWriter:
    """Collects tensors and operators of one graph, then packs them. Equal calls give equal bytes."""

    def __init__(self, description: str) -> None:
        self._description = description
        self._tensors: list[Any] = []
        self._operators: list[Any] = []
        self._buffers: list[Any] = [_aligned_buffer()()]  # buffer 0 stands for "no data"
        self._codes: list[str] = []

    def activation(self, name: str, shape: Sequence[int], like: Tensor) -> int:
        """Add a tensor computed at run time, quantised like ``like``; return its number."""
        return self._add(name, shape, like.kind, like)

    def copy(self, name: str, constant: Tensor) -> int:
        """Add a constant of another graph under a new name; return its number."""
        return self._add(name, constant.shape, constant.kind, constant, constant.data)

    def numbers(self, name: str, values: Sequence[int] | Sequence[Sequence[int]]) -> int:
        """Add a constant vector or matrix of int32; return its tensor's number."""
        data = np.array(values, "<i4")
        return self._add(name, data.shape, "int32", None, data.reshape(-1).view(np.uint8))

    def operator(
        self, name: str, inputs: Sequence[int], output: int, options: Mapping[str, int] | None = None
    ) -> None:
        """Append an operator; option names are those of the generated option class."""
        schema = _schema()
        if name not in self._codes:
            self._codes.append(name)
        operator = schema.OperatorT()
        operator.opcodeIndex = self._codes.index(name)
        operator.inputs, operator.outputs = list(inputs), [output]
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, OPTION_CLASSES[name])
        operator.builtinOptions = getattr(schema, OPTION_CLASSES[name] + "T")()
        for key, value in (options or {}).items():
            setattr(operator.builtinOptions, key, value)
        self._operators.append(operator)

    def pack(self, inputs: Sequence[int], outputs: Sequence[int], to_quantise: bool = False) -> bytes:
        """Return the file's bytes; ``to_quantise`` says that ai-edge-quantizer shall read them."""
        schema = _schema()
        graph = schema.SubGraphT()
        graph.name = "main"
        graph.tensors, graph.operators = self._tensors, self._operators
        graph.inputs, graph.outputs = list(inputs), list(outputs)
        model = schema.ModelT()
        model.version, model.description = SCHEMA_VERSION, self._description
        model.operatorCodes = [_code(name) for name in self._codes]
        model.subgraphs, model.buffers = [graph], self._buffers
        if to_quantise:
            model.signatureDefs = []  # it goes through this list, whether there is one or not
        return _packed(model, 1 << 16)

    def _add(
        self,
        name: str,
        shape: Sequence[int],
        kind: str,
        like: Tensor | None,
        data: NDArray[np.uint8] | None = None,
    ) -> int:
        schema = _schema()
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.hasRank = name, list(shape), True
        tensor.type = getattr(schema.TensorType, kind.upper())
        if like is not None and like.scales.size:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = like.scales.tolist()
            tensor.quantization.zeroPoint = like.zero_points.tolist()
            tensor.quantization.quantizedDimension = like.axis
        if data is not None:
            buffer = _aligned_buffer()()
            buffer.data = data.tobytes()
            tensor.buffer = len(self._buffers)
            self._buffers.append(buffer)
        self._tensors.append(tensor)
        return len(self._tensors) - 1


def repacked(data: bytes, edit: Callable[[Any], None] = lambda model: None) -> bytes:
    """Return a model of ours after ``edit`` has worked on its ``ModelT``, all its constants inside.

    Quantisers put large constants behind the flatbuffer, where neither our reader nor a microcontroller's
    looks for them.
    """
    model = _schema().ModelT.InitFromPackedBuf(data, 0)
    for number, buffer in enumerate(model.buffers):
        inside = _aligned_buffer()()
        if buffer.offset > 1:
            inside.data = data[buffer.offset : buffer.offset + buffer.size]
        elif buffer.data is not None:
            inside.data = bytes(buffer.data)
        model.buffers[number] = inside
    edit(model)
    return _packed(model, len(data))


def _packed(model: Any, size_hint: int) -> bytes:
    import flatbuffers  # comes with LiteRT

    builder = flatbuffers.Builder(size_hint)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _code(name: str) -> Any:
    schema = _schema()
    code = schema.OperatorCodeT()
    code.builtinCode = getattr(schema.BuiltinOperator, name)
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    code.version = VERSIONS[name]
    return code
