"""ONNX' file format as far as our graphs need it, so that writing one needs no package.

A message of Protocol Buffers is a row of fields: a number and a kind, then a varint or a length and bytes.
Numbers of fields and enumerations are those of ``onnx.proto``, IR version 8.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import DTypeLike, NDArray

VARINT, DELIMITED = 0, 2
ATTRIBUTE_INT, ATTRIBUTE_INTS = 2, 7
# TensorProto.DataType by numpy's names.
ELEMENT_TYPES = {"float32": 1, "int8": 3, "int32": 6, "int64": 7, "float64": 11}

Attribute = int | Sequence[int]


def element_type(kind: DTypeLike) -> int:
    """Return the number that ONNX has for a type of numpy."""
    return ELEMENT_TYPES[np.dtype(kind).name]


def node(operator: str, inputs: Sequence[str], output: str, attributes: Mapping[str, Attribute]) -> bytes:
    """Return a NodeProto with one output, which also names it."""
    return b"".join(
        [
            *(_text(1, name) for name in inputs),
            _text(2, output),
            _text(3, output),
            _text(4, operator),
            *(_field(5, _attribute(name, attributes[name])) for name in sorted(attributes)),
        ]
    )


def tensor(name: str, values: NDArray[np.generic]) -> bytes:
    """Return a TensorProto: a constant."""
    little_endian = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    dimensions = b"".join(_number(1, size) for size in values.shape)
    kind = _number(2, element_type(values.dtype))
    return dimensions + kind + _text(8, name) + _field(9, little_endian.tobytes())


def value_info(name: str, kind: DTypeLike, shape: Iterable[int]) -> bytes:
    """Return a ValueInfoProto: an input or output of the graph."""
    sizes = b"".join(_field(1, _number(1, size)) for size in shape)
    described = _number(1, element_type(kind)) + _field(2, sizes)
    return _text(1, name) + _field(2, _field(1, described))


def graph(
    name: str,
    nodes: Iterable[bytes],
    constants: Iterable[bytes],
    inputs: Iterable[bytes],
    outputs: Iterable[bytes],
) -> bytes:
    """Return a GraphProto of finished parts."""
    return b"".join(
        [
            *(_field(1, one) for one in nodes),
            _text(2, name),
            *(_field(5, one) for one in constants),
            *(_field(11, one) for one in inputs),
            *(_field(12, one) for one in outputs),
        ]
    )


def model(
    content: bytes, *, ir_version: int, opset: int, producer: tuple[str, str], metadata: Mapping[str, str]
) -> bytes:
    """Return a ModelProto, which is what an ``.onnx`` file holds.

    Args:
        content: the graph.
        ir_version: of the file format.
        opset: version of ONNX' own operators.
        producer: name and version of the program that writes it.
        metadata: ``metadata_props``.
    """
    return b"".join(
        [
            _number(1, ir_version),
            _text(2, producer[0]),
            _text(3, producer[1]),
            _field(7, content),
            _field(8, _text(1, "") + _number(2, opset)),
            *(_field(14, _text(1, key) + _text(2, text)) for key, text in metadata.items()),
        ]
    )


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, ATTRIBUTE_INT)
    numbers = b"".join(_number(8, one) for one in value)
    return _text(1, name) + numbers + _number(20, ATTRIBUTE_INTS)


def _text(number: int, text: str) -> bytes:
    return _field(number, text.encode())


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | DELIMITED) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3 | VARINT) + _varint(value)


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; a negative number as 64 bits."""
    rest = struct.unpack("<Q", struct.pack("<q", value))[0]
    found = bytearray()
    while rest > 0x7F:
        found.append(rest & 0x7F | 0x80)
        rest >>= 7
    found.append(rest)
    return bytes(found)
