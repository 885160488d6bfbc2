"""Read a ``.tflite`` file into plain records, without TensorFlow or LiteRT and without trusting it.

This module knows the file format; ``mandible.models.network`` knows which graphs make sense.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.errors import InputError
from mandible.models.flatbuffer import DamagedError, Table
from mandible.small_file import read_small

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MAX_FILE_BYTES = 16 * 1024 * 1024
MAX_RANK = 8
MAX_NAME = 200  # a name ends up in one-line messages
ITEM_BYTES = {"int8": 1, "int32": 4}


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A tensor of the graph.

    Attributes:
        kind: element type as the schema names it, in lower case ("int8", "int32", "float32").
        scales, zero_points: quantisation, one per tensor or one per channel; empty if not quantised.
        axis: the channel axis of per-channel scales.
        data: the bytes of a constant, (n,) uint8; None for what is computed at run time.
    """

    name: str
    shape: tuple[int, ...]
    kind: str
    scales: NDArray[np.float32]
    zero_points: NDArray[np.int64]
    axis: int
    data: NDArray[np.uint8] | None


@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """One operator: its schema name, the tensors it reads and writes, and its options."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """The one subgraph of a model file; every tensor number in it is valid."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    file_bytes: int


def read_bytes(path: Path) -> bytes:
    """Return the content of a model file of sensible size. Raises InputError where it cannot be read."""
    return read_small(path, MAX_FILE_BYTES)


def parse(data: bytes, path: Path) -> Graph:
    """Return the graph in ``data``; ``path`` only names it in messages.

    Raises InputError, in one line, where the bytes are not a complete, well-formed ``.tflite`` file with
    a single subgraph.
    """
    mark = _schema()["file_mark"].encode()
    if not data:
        raise InputError(f"{path}: the file is empty; give a .tflite model")
    if data[4:8] != mark:
        raise InputError(f"{path}: not a .tflite file (its bytes 4 to 8 are not {mark.decode()})")
    try:
        return _graph(data)
    except DamagedError as error:
        raise InputError(f"{path}: truncated or damaged .tflite: {error}; copy the model again") from None


@cache
def _schema() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("tflite_schema.toml").read_text(encoding="utf-8"))


def _graph(data: bytes) -> Graph:
    model = Table.root(data)
    subgraphs = model.tables(2)
    if len(subgraphs) != 1:
        raise DamagedError(f"it holds {len(subgraphs)} graphs instead of one")
    graph = subgraphs[0]
    buffers = model.tables(4)
    tensors = tuple(_tensor(table, buffers) for table in graph.tables(0))
    codes = [_operator_name(table) for table in model.tables(1)]
    return Graph(
        tensors=tensors,
        operators=tuple(_operator(table, codes, len(tensors)) for table in graph.tables(3)),
        inputs=_indices(graph, 1, len(tensors)),
        outputs=_indices(graph, 2, len(tensors)),
        file_bytes=len(data),
    )


def _tensor(table: Table, buffers: list[Table]) -> Tensor:
    name = table.text(3)[:MAX_NAME]
    shape = tuple(int(size) for size in table.array(0, "i4"))
    if len(shape) > MAX_RANK or any(size < 0 for size in shape):
        raise DamagedError(f"tensor {name!r} has the impossible shape {list(shape)[: MAX_RANK + 1]}")
    kind = _named("tensor_types", table.integer(1, "b"), "tensor type")
    quantization = table.table(4)
    empty = np.empty(0, np.int64)
    scales = empty.astype(np.float32) if quantization is None else quantization.array(2, "f4")
    # Here, since even to compare or convert some of what is no number is an invalid operation.
    finite = np.isfinite(scales)
    if not np.all(finite):
        raise DamagedError(f"tensor {name!r} has the impossible scale {scales[~finite][0]}")
    return Tensor(
        name=name,
        shape=shape,
        kind=kind,
        scales=scales,
        zero_points=empty if quantization is None else quantization.array(3, "i8"),
        axis=0 if quantization is None else quantization.integer(6, "i"),
        data=_constant(name, shape, kind, _entry(buffers, table.integer(2, "I"), "buffer")),
    )


def _constant(name: str, shape: tuple[int, ...], kind: str, buffer: Table) -> NDArray[np.uint8] | None:
    if buffer.integer(1, "Q") > 1:
        raise DamagedError(f"tensor {name!r} keeps its data outside the flatbuffer, which is not supported")
    data = buffer.array(0, "u1")
    if not data.size:
        return None
    expected_bytes = math.prod(shape) * ITEM_BYTES.get(kind, 0)
    if expected_bytes and data.size != expected_bytes:
        raise DamagedError(
            f"tensor {name!r} has {data.size} bytes of data where its shape needs {expected_bytes}"
        )
    return data


def _operator_name(table: Table) -> str:
    # Codes up to 127 once lived in one byte; writers fill both fields, and the larger one holds.
    return _named("operators", max(table.integer(0, "b"), table.integer(3, "i")), "operator")


def _operator(table: Table, codes: list[str], tensors: int) -> Operator:
    name = _entry(codes, table.integer(0, "I"), "operator code")
    return Operator(name, _indices(table, 1, tensors), _indices(table, 2, tensors), _options(table, name))


def _options(operator: Table, name: str) -> dict[str, int]:
    fields = _schema()["options"].get(name)
    if fields is None:
        return {}
    options = operator.table(4)
    if options is None or operator.integer(3, "B") != fields["union"]:
        raise DamagedError(f"a {name} operator has no {name} options")
    return {key: options.integer(*field) for key, field in fields.items() if key != "union"}


def _indices(table: Table, field: int, tensors: int) -> tuple[int, ...]:
    indices = tuple(int(index) for index in table.array(field, "i4"))
    if any(not 0 <= index < tensors for index in indices):
        raise DamagedError(f"a tensor number lies outside 0..{tensors - 1}")
    return indices


def _named(group: str, number: int, what: str) -> str:
    return str(_entry(_schema()[group], number, what))


def _entry(entries: list[Any], index: int, what: str) -> Any:
    if not 0 <= index < len(entries):
        raise DamagedError(f"{what} {index} does not exist")
    return entries[index]
