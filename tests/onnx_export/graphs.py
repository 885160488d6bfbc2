"""Looking into an ONNX file, and running one."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from mandible.quantize.onnx_export import OnnxRunner


def constants(model: Any) -> dict[str, NDArray[Any]]:
    """Return the initializers by name."""
    return {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}


def operators(model: Any) -> set[str]:
    """Return the kinds of its operators."""
    return {node.op_type for node in model.graph.node}


def nodes(model: Any, *kinds: str) -> list[Any]:
    """Return its operators of these kinds."""
    return [node for node in model.graph.node if node.op_type in kinds]


def shapes(values: Any) -> dict[str, tuple[str, list[int]]]:
    """Return element type and shape of inputs or outputs by name; a size that is not fixed reads as 0."""
    return {
        value.name: (
            onnx.TensorProto.DataType.Name(value.type.tensor_type.elem_type),
            [dimension.dim_value for dimension in value.type.tensor_type.shape.dim],
        )
        for value in values
    }


def logits(content: bytes, hops: NDArray[np.int8]) -> NDArray[np.int8]:
    """(n, 40) -> (n, 15): run a file hop by hop from silence on."""
    runner = OnnxRunner(content)
    return np.array([runner.step(hop) for hop in hops])
