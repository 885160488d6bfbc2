"""Weights that an int8 network's 32-bit sums can hold.

An output channel's weights share one scale, its largest weight / 127, and its bias is counted in steps of
input scale x that scale. Where a channel's weights are all next to nothing (pruned, or dead since training)
beside its bias, those steps are so small that the bias overflows. One weight is then raised just enough.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mandible.quantize.float_layers import FloatAdd, FloatConv, FloatDepthwise, FloatLayer, Floats
from mandible.quantize.float_model import FloatModel
from mandible.quantize.ranges import Ranges

# Far inside 32 bits; raised weights change a value by less than a ten-thousandth of its bias.
MOST_BIAS_STEPS = 1 << 28
_WEIGHT_STEPS, _VALUE_STEPS = 127, 255
_SMALLEST = np.float32(1e-6)


def with_headroom(model: FloatModel, ranges: Ranges) -> FloatModel:
    """Return the network with every channel's largest weight large enough for its bias."""
    names = model.value_names

    def eased(layer: FloatLayer) -> FloatLayer:
        if isinstance(layer, FloatAdd):
            return layer
        low, high = ranges[names[layer.source]]
        return _eased(layer, max(high - low, 1e-4) / _VALUE_STEPS)

    return replace(model, layers=tuple(eased(layer) for layer in model.layers))


def _eased(layer: FloatConv | FloatDepthwise, input_scale: float) -> FloatConv | FloatDepthwise:
    least = np.maximum(_WEIGHT_STEPS * np.abs(layer.bias) / (input_scale * MOST_BIAS_STEPS), _SMALLEST)
    rows: Floats = layer.by_channel.copy()
    largest = np.abs(rows).argmax(axis=1)
    for channel in np.flatnonzero(np.abs(rows).max(axis=1) < least):
        rows[channel, largest[channel]] = least[channel]
    if isinstance(layer, FloatDepthwise):
        return replace(layer, weights=np.ascontiguousarray(rows.T))
    return replace(layer, weights=rows.reshape(layer.weights.shape))
