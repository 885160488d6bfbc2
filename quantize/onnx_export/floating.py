"""A float network as float32 ONNX, one hop a run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mandible.models.tcn import INPUT_STEPS
from mandible.quantize.float_layers import ACTIVATIONS, FloatAdd, FloatConv, FloatDepthwise
from mandible.quantize.float_model import FloatModel
from mandible.quantize.onnx_export.graph import FEATURES, GraphWriter, kernel


def float32(model: FloatModel, told: Mapping[str, object] | None = None) -> bytes:
    """Return the ``.onnx`` file of one hop: features / 32 and states in, logits and next states out, float32.

    Every state is 0 before the first hop.

    Args:
        model: what to write.
        told: more metadata, such as the model's name and checksum.
    """
    graph = GraphWriter(_features(model), np.float32)
    values = [FEATURES]
    for number, layer in enumerate(model.layers):
        name = f"layer/{number}"
        if isinstance(layer, FloatAdd):
            real = graph.node("Add", [values[layer.left], values[layer.right]], name)
        else:
            real = _convolution(graph, name, layer, values[layer.source])
        values.append(_activated(graph, real, layer.activation))
    facts = {
        "precision": "float32",
        "symmetric": False,
        "mel_scale": 1 / INPUT_STEPS,
        "mel_zero_point": 0,
        "heads": [{"name": head.name} for head in model.heads],
        "lookahead_ms": model.lookahead_ms,
    }
    return graph.finish(
        values[model.logits_value],
        model.layers[model.logits_value - 1].channels,
        [(head, values[head.value]) for head in model.heads],
        {**facts, **(told or {})},
    )


def _features(model: FloatModel) -> int:
    first = next(layer for layer in model.layers if not isinstance(layer, FloatAdd) and layer.source == 0)
    return first.ring_channels


def _convolution(graph: GraphWriter, name: str, layer: FloatConv | FloatDepthwise, frame: str) -> str:
    if layer.ring_frames:
        frame = graph.window(frame, layer.ring_frames, layer.ring_channels)
    weights = graph.constant(f"{name}/weights", kernel(layer.weights), np.float32)
    bias = graph.constant(f"{name}/bias", layer.bias, np.float32)
    return graph.node(
        "Conv",
        [frame, weights, bias],
        name,
        dilations=[layer.dilation, 1],
        group=layer.channels if isinstance(layer, FloatDepthwise) else 1,
        kernel_shape=[layer.taps, 1],
    )


def _activated(graph: GraphWriter, real: str, activation: str) -> str:
    low, high = ACTIVATIONS[activation]
    if np.isinf(low):
        return real
    if np.isinf(high):
        return graph.node("Relu", [real], f"{real}/relu")
    bounds = [
        graph.constant(f"{activation}/{end}", limit, np.float32)
        for end, limit in (("low", low), ("high", high))
    ]
    return graph.node("Clip", [real, *bounds], f"{real}/{activation}")
