"""A float network as an int8 one of the same shape and no content: enough to say what it will need."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import MEL_BANDS
from mandible.errors import InputError
from mandible.models import network, released
from mandible.models.layers import Add, Conv, Depthwise, Layer, Operand, Output
from mandible.models.network import Network
from mandible.quantize import float_model
from mandible.quantize.float_layers import FloatAdd, FloatConv, FloatLayer
from mandible.quantize.float_model import TFLITE_SUFFIX, FloatModel
from mandible.quantize.ranges import OUTPUT_SCALE

_OUTPUT = Output(OUTPUT_SCALE, 0, -128, 127)
_HALF = (1 << 30, 0)


def network_named(name_or_path: str) -> Network:
    """Return the network of a model that is int8 already, or the shape that a float one will have.

    Raises:
        InputError: it is neither.
        DeviceError: what reads it is not installed.
    """
    if name_or_path in released.names():
        return network.load(released.resolve(name_or_path).path)
    if name_or_path.endswith(TFLITE_SUFFIX):
        try:
            return network.load(Path(name_or_path))
        except InputError as error:
            # A float one, perhaps; if it is that neither, the first complaint is the one that helps.
            try:
                return shape_of(float_model.load(name_or_path))
            except InputError:
                raise error from None
    return shape_of(float_model.load(name_or_path))


def shape_of(model: FloatModel) -> Network:
    """Return a network of zeros with a float network's layers."""
    layers = tuple(_layer(layer) for layer in model.layers)
    return Network(layers, MEL_BANDS, 1 / 32, 0, model.heads, model.logits_value)


def _layer(layer: FloatLayer) -> Layer:
    if isinstance(layer, FloatAdd):
        sides = (Operand(layer.left, 0, *_HALF), Operand(layer.right, 0, *_HALF))
        return Add(layer.name, *sides, *_HALF, layer.channels, _OUTPUT)
    kind = Conv if isinstance(layer, FloatConv) else Depthwise
    weights = np.zeros(layer.weights.shape, np.int8)
    nothing: NDArray[np.int32] = np.zeros(layer.channels, np.int32)
    return kind(layer.name, layer.source, weights, nothing, nothing, nothing, layer.dilation, 0, _OUTPUT)
