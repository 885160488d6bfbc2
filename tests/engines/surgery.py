"""Take a model file apart with LiteRT's own schema classes, change one thing, and put it together again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

Edit = Callable[[Any], None]


def changed(source: Path, edit: Edit) -> bytes:
    """Return the bytes of ``source`` after ``edit`` has worked on its ``ModelT``."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(source.read_bytes(), 0))
    edit(model)
    builder = flatbuffers.Builder(1 << 15)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def tensor(model: Any, name: str) -> Any:
    """Return the tensor of that name."""
    return next(t for t in model.subgraphs[0].tensors if t.name == name.encode())


def operator(model: Any, name: str, occurrence: int = 0) -> Any:
    """Return the n-th operator of a kind, by its schema name."""
    wanted = getattr(schema.BuiltinOperator, name)
    codes = [code.builtinCode for code in model.operatorCodes]
    return [o for o in model.subgraphs[0].operators if codes[o.opcodeIndex] == wanted][occurrence]


def rename_operator(model: Any, old: str, new: str) -> None:
    """Make every operator of one kind another kind, options untouched."""
    wanted = getattr(schema.BuiltinOperator, old)
    for code in model.operatorCodes:
        if code.builtinCode == wanted:
            code.builtinCode = getattr(schema.BuiltinOperator, new)
            code.deprecatedBuiltinCode = min(code.builtinCode, 127)


def finer(divisor: float) -> Edit:
    """Return an edit of the small test network: a finer scale for the logits, another one inside.

    Factors above one (left shifts) and outputs that saturate do not occur in a trained model.
    """

    def edit(model: Any) -> None:
        tensor(model, "logits").quantization.scale = [0.08 / divisor]
        inner = tensor(model, "conv_2d_6")
        inner.quantization.scale = [inner.quantization.scale[0] * divisor / 40]

    return edit


def set_data(model: Any, name: str, values: Any) -> None:
    """Replace a constant's bytes by those of a numpy array."""
    model.buffers[tensor(model, name).buffer].data = values.view("u1").reshape(-1)
