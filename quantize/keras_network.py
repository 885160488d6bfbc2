"""A folded float network as a Keras model that can be trained on, and back; and its quantised twin.

Needs TensorFlow and tfmot (the ``train`` extra). tfmot's quantised layers keep the name of the layer they
wrap behind ``quant_``; a value's range stands in the activation after its layer, where there is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from mandible.device.frames import MEL_BANDS
from mandible.errors import DeviceError
from mandible.models.tcn import keras
from mandible.quantize.float_layers import FloatAdd, FloatConv, FloatDepthwise, FloatLayer, Floats
from mandible.quantize.float_model import FloatModel
from mandible.quantize.ranges import Ranges

_INPUT_LAYER = "quantize_layer"
_WRAPPED = "quant_"
_RELU = "_relu"


def build(model: FloatModel) -> Any:
    """Return a Keras model of the network's layers, weights and all: [batch, hops, 1, 40] -> its outputs."""
    layers = keras().layers
    values = [layers.Input((None, 1, MEL_BANDS), name="mel")]
    for layer in model.layers:
        if isinstance(layer, FloatAdd):
            x = layers.Add(name=layer.name)([values[layer.left], values[layer.right]])
        else:
            x = _convolution(layer, values[layer.source], layers)
        if layer.activation != "none":
            top = 6.0 if layer.activation == "relu6" else None
            x = layers.ReLU(top, name=layer.name + _RELU)(x)
        values.append(x)
    network = keras().Model(values[0], [values[number] for number in model.outputs])
    put(network, model)
    return network


def _convolution(layer: FloatConv | FloatDepthwise, x: Any, layers: Any) -> Any:
    if layer.ring_frames:
        x = layers.ZeroPadding2D(((layer.ring_frames, 0), (0, 0)), name=f"{layer.name}_pad")(x)
    told = {"kernel_size": (layer.taps, 1), "dilation_rate": (layer.dilation, 1), "name": layer.name}
    if isinstance(layer, FloatDepthwise):
        return layers.DepthwiseConv2D(**told)(x)
    return layers.Conv2D(layer.channels, **told)(x)


def quantised(network: Any, ranges: Ranges) -> Any:
    """Return the twin that rounds as an int8 network does, its ranges set.

    tfmot starts every range at -6 .. 6 and moves it by a thousandth a step, so that a short training would
    never get them right.

    Raises:
        DeviceError: tfmot is not installed.
    """
    try:
        import tensorflow_model_optimization as tfmot
    except ImportError:
        raise DeviceError(
            "quantisation-aware training needs tensorflow-model-optimization; in mandible's source folder: "
            "pip install -e '.[train]'"
        ) from None
    twin = tfmot.quantization.keras.quantize_model(network)
    for value, low, high in _range_variables(twin):
        low.assign(np.full(low.shape, ranges[value][0], np.float32))
        high.assign(np.full(high.shape, ranges[value][1], np.float32))
    return twin


def pinned(twin: Any, names: tuple[str, ...], ranges: Ranges) -> list[tuple[Any, float]]:
    """Return the range variables of some values with what they shall stay at."""
    found = []
    for value, low, high in _range_variables(twin):
        if value in names:
            found += [(low, ranges[value][0]), (high, ranges[value][1])]
    return found


def ranges_of(twin: Any, ranges: Ranges) -> Ranges:
    """Return the ranges a training arrived at; those of ``ranges`` where tfmot keeps none."""
    learned = {
        value: (min(0.0, float(low.numpy().min())), max(0.0, float(high.numpy().max())))
        for value, low, high in _range_variables(twin)
    }
    return {**ranges, **learned}


def _range_variables(twin: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield (value, variable of its lowest, variable of its highest)."""
    for layer in twin.layers:
        name = layer.name
        if name != _INPUT_LAYER and (not name.startswith(_WRAPPED) or name.endswith("_pad")):
            continue
        value = "mel" if name == _INPUT_LAYER else name.removeprefix(_WRAPPED).removesuffix(_RELU)
        found = {"_min": None, "_max": None}
        for variable in layer.weights:
            short = variable.name.split("/")[-1].split(":")[0]
            if "kernel" not in short and short[-4:] in found:
                found[short[-4:]] = variable
        if found["_min"] is not None and found["_max"] is not None:
            yield value, found["_min"], found["_max"]


def kernels(network: Any) -> dict[str, Any]:
    """Return layer name -> the variable of its kernel, of a plain network or of its twin."""
    return {name: variable for (name, part), variable in _weights(network).items() if part == "kernel"}


def put(network: Any, model: FloatModel) -> None:
    """Give a Keras network, or its twin, the weights of a folded one."""
    for (name, part), variable in _weights(network).items():
        layer = next(one for one in model.layers if one.name == name)
        assert not isinstance(layer, FloatAdd)
        variable.assign(layer.bias if part == "bias" else _for_keras(layer))


def taken(network: Any, model: FloatModel) -> FloatModel:
    """Return the folded network with the weights of a Keras network or of its twin."""
    weights = _weights(network)

    def learned(layer: FloatLayer) -> FloatLayer:
        if isinstance(layer, FloatAdd):
            return layer
        kernel = weights[layer.name, "kernel"].numpy()
        bias = weights[layer.name, "bias"].numpy()
        return replace(layer, weights=_from_keras(layer, kernel), bias=bias)

    return replace(model, layers=tuple(learned(layer) for layer in model.layers))


def _weights(network: Any) -> dict[tuple[str, str], Any]:
    """Return (layer name, ``kernel`` or ``bias``) -> variable."""
    found = {}
    for layer in network.layers:
        for variable in layer.trainable_weights:
            part = "bias" if "bias" in variable.name.split("/")[-1] else "kernel"
            found[layer.name.removeprefix(_WRAPPED), part] = variable
    return found


def _for_keras(layer: FloatConv | FloatDepthwise) -> Floats:
    if isinstance(layer, FloatDepthwise):
        return layer.weights[:, np.newaxis, :, np.newaxis]
    return layer.weights.transpose(1, 2, 0)[:, np.newaxis]


def _from_keras(layer: FloatConv | FloatDepthwise, kernel: Floats) -> Floats:
    if isinstance(layer, FloatDepthwise):
        return np.ascontiguousarray(kernel[:, 0, :, 0])
    return np.ascontiguousarray(kernel[:, 0].transpose(2, 0, 1))
