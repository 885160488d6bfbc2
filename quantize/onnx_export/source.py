"""From a model's name or path and a precision to the bytes of an ``.onnx`` file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from mandible.errors import InputError
from mandible.models import float_weights, released
from mandible.quantize import float_model, streaming
from mandible.quantize.onnx_export.floating import float32
from mandible.quantize.onnx_export.integer import exact
from mandible.quantize.onnx_export.qdq import int8
from mandible.wording import one_line

PRECISIONS = ("int8", "float32", "exact")


@dataclass(frozen=True, slots=True)
class Exported:
    """An ONNX model and where it came from.

    Attributes:
        content: the bytes of the ``.onnx`` file.
        name: the model's name.
        sha256: of the file it was made from, in hexadecimal.
        lookahead_ms: as in the model's card.
    """

    content: bytes
    name: str
    sha256: str
    lookahead_ms: int


def exported(model: str, precision: str, *, symmetric: bool = False) -> Exported:
    """Return a model as ONNX.

    Args:
        model: ``int8`` and ``exact``: a released model's name or an int8 ``.tflite`` file; ``float32``:
            whatever ``mandible.quantize.float_model.load`` takes.
        precision: one of ``PRECISIONS``.
        symmetric: leave out zero points; ``int8`` only.

    Raises:
        InputError: there is no such model, it is damaged or none of ours, or the choices do not go together.
        DeviceError: a package is missing; the message says how to get it.
    """
    if precision not in PRECISIONS:
        raise InputError(f"--precision {precision!r}: choose one of {', '.join(PRECISIONS)}")
    if symmetric and precision != "int8":
        raise InputError(f"--symmetric is about int8; leave it out with --precision {precision}")
    if precision == "float32":
        return _float(model)
    found = released.resolve(model)
    told = _told(found.name, found.sha256, found.lookahead_ms)
    checked = streaming.load(found.path)
    content = exact(checked, told) if precision == "exact" else int8(checked, told, symmetric=symmetric)
    return Exported(content, found.name, found.sha256, found.lookahead_ms)


def keep_apart(model: str, *outputs: Path) -> None:
    """Raise InputError where an output would be written over the model it is made from."""
    for output in outputs:
        if os.path.realpath(output) == os.path.realpath(model):
            raise InputError(f"{output}: is the model itself; write somewhere else")


def _float(model: str) -> Exported:
    loaded = float_model.load(model)
    path = Path(model)
    if model in released.names() or path.is_dir():
        path = float_weights.find(model)
    sha256 = float_weights.sha256_of(path)
    content = float32(loaded, _told(loaded.name, sha256, loaded.lookahead_ms))
    return Exported(content, loaded.name, sha256, loaded.lookahead_ms)


def _told(name: str, sha256: str, lookahead_ms: int) -> dict[str, object]:
    # A file's name need not be text at all.
    return {"name": one_line(name), "model_sha256": sha256, "lookahead_ms": lookahead_ms}
