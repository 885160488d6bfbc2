"""Quantising a float network with ``ai-edge-quantizer``: seconds, and no TensorFlow.

The quantiser gets the ranges of ``mandible.quantize.ranges`` instead of calibrating itself, so that a range
can be fixed, narrowed, or come from quantisation-aware training.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from mandible.errors import DeviceError, InputError
from mandible.quantize import float_writer
from mandible.quantize.float_layers import FloatAdd, FloatDepthwise, FloatLayer, sources
from mandible.quantize.float_model import FloatModel
from mandible.quantize.headroom import with_headroom
from mandible.quantize.ranges import Ranges
from mandible.quantize.tflite_writer import repacked

# The converter needs some length; the streaming form has none.
SEQUENCE_HOPS = 64
_INT8, _INT16 = 8, 16
# A range of nothing would give a scale of 0.
_NARROWEST = 1e-4


def int8(model: FloatModel, ranges: Ranges) -> bytes:
    """Return the whole-sequence int8 ``.tflite``: weights per channel, activations per tensor.

    Raises:
        DeviceError: the quantiser is not installed.
    """
    model = with_headroom(model, ranges)
    data = float_writer.whole_sequence(model.layers, model.outputs, SEQUENCE_HOPS)
    known = dict(ranges)
    for layer in model.layers:
        if not isinstance(layer, FloatAdd) and layer.ring_frames:
            known[f"{layer.name}_pad"] = ranges[model.value_names[layer.source]]
    rules = _Rules()
    rules.static(".*", "ALL_SUPPORTED", _INT8)
    return rules.apply(data, known)


def mixed(model: FloatModel, ranges: Ranges, in_int16: Iterable[str]) -> bytes:
    """Return the streaming ``.tflite`` in which the named layers' values are int16, all others int8.

    A value is int16 where both the layer that computes it and those that read it work in int16; at their
    other sides stand QUANTIZE operators. States of an int16 value are int16 too.

    Raises:
        InputError: a name is none of a layer whose value may be int16.
        DeviceError: the quantiser is not installed.
    """
    names = tuple(dict.fromkeys(in_int16))
    check_names(model, names)
    model = with_headroom(model, ranges)
    wide = {model.value_names.index(name) for name in names}
    known = dict(ranges)
    rules = _Rules()
    rules.static(".*", "ALL_SUPPORTED", _INT8)
    rings = 0
    for value, layer in enumerate(model.layers, start=1):
        if value in wide or wide.intersection(sources(layer)):
            rules.static(_whole(layer.name), _operator(layer), _INT16)
        if isinstance(layer, FloatAdd) or not layer.ring_frames:
            continue
        state, window, following = f"state_{rings}", f"window_{rings}", f"next_state_{rings}"
        known |= dict.fromkeys((state, window, following), ranges[model.value_names[layer.source]])
        if layer.source in wide:
            rules.static(_whole(window), "CONCATENATION", _INT16)
            rules.static(_whole(following), "SLICE", _INT16)
        rings += 1
    data = rules.apply(float_writer.one_hop(model.layers, model.outputs), known)
    return repacked(data, _widen_states)


def dynamic(model: FloatModel) -> bytes:
    """Return the streaming ``.tflite`` with int8 weights and float values, quantised as they come."""
    rules = _Rules()
    rules.weights_only_int8()
    return rules.apply(float_writer.one_hop(model.layers, model.outputs), None)


def float16(model: FloatModel) -> bytes:
    """Return the streaming ``.tflite`` with weights in half precision and float values."""
    rules = _Rules()
    rules.half_precision()
    return rules.apply(float_writer.one_hop(model.layers, model.outputs), None)


def _widen_states(model: Any) -> None:
    """Make states int16 where the graph rounds them to int8 on their way in and out.

    The quantiser knows one rule for all inputs and one for all outputs.
    """
    from ai_edge_litert import schema_py_generated as schema

    (graph,) = model.subgraphs
    quantize = schema.BuiltinOperator.QUANTIZE
    codes = [code.builtinCode for code in model.operatorCodes]
    inputs, outputs, kept = list(graph.inputs), list(graph.outputs), []
    for operator in graph.operators:
        narrow, wide = int(operator.inputs[0]), int(operator.outputs[0])
        if codes[operator.opcodeIndex] == quantize and narrow in inputs[1:]:
            inputs[inputs.index(narrow)] = wide
            _take_name(graph.tensors, narrow, wide)
        elif codes[operator.opcodeIndex] == quantize and wide in outputs[1:]:
            outputs[outputs.index(wide)] = narrow
        else:
            kept.append(operator)
    graph.inputs, graph.outputs, graph.operators = inputs, outputs, kept


def _take_name(tensors: Sequence[Any], narrow: int, wide: int) -> None:
    name = tensors[narrow].name
    tensors[narrow].name, tensors[wide].name = tensors[wide].name, name


def check_names(model: FloatModel, names: Iterable[str]) -> None:
    """Raise InputError unless each is a layer whose value may be kept in int16."""
    shown = {model.value_names[number] for number in model.outputs}
    free = [layer.name for layer in model.layers if layer.name not in shown]
    for name in names:
        if name in shown:
            raise InputError(f"--int16 {name}: an output stays int8; name a layer before it")
        if name not in free:
            raise InputError(f"--int16 {name}: no such layer; this model has {', '.join(free)}")


def _operator(layer: FloatLayer) -> str:
    if isinstance(layer, FloatAdd):
        return "ADD"
    return "DEPTHWISE_CONV_2D" if isinstance(layer, FloatDepthwise) else "CONV_2D"


def _whole(name: str) -> str:
    # Scopes are output names, each ended by a semicolon.
    return f"^{re.escape(name)};?$"


class _Rules:
    """A recipe of the quantiser: which operators get what, later rules before earlier ones."""

    def __init__(self) -> None:
        try:
            # Its debug messages come through absl.
            logging.getLogger("absl").setLevel(logging.ERROR)
            from ai_edge_quantizer import qtyping, quantizer, recipe_manager
        except ImportError:
            raise DeviceError(
                "the package ai-edge-quantizer is not installed; run: pip install ai-edge-quantizer==0.10.0"
            ) from None
        self._types, self._quantizer = qtyping, quantizer
        self._manager = recipe_manager.RecipeManager()

    def static(self, scope: str, operator: str, bits: int) -> None:
        """Weights of 8 bits, values of ``bits``."""
        self._manager.add_static_config(scope, self._types.TFLOperationName[operator], bits, 8)

    def weights_only_int8(self) -> None:
        """Weights of 8 bits, values float and quantised at run time."""
        self._manager.add_dynamic_config(".*", self._types.TFLOperationName.ALL_SUPPORTED, 8)

    def half_precision(self) -> None:
        """Weights of 16 bits float."""
        types = self._types
        config = types.OpQuantizationConfig(
            weight_tensor_config=types.TensorQuantizationConfig(
                num_bits=16, dtype=types.TensorDataType.FLOAT
            ),
            compute_precision=types.ComputePrecision.FLOAT,
            explicit_dequantize=True,
        )
        for operator in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            self._manager.add_quantization_config(
                ".*",
                types.TFLOperationName[operator],
                config,
                self._quantizer.AlgorithmName.FLOAT_CASTING,
            )

    def apply(self, data: bytes, ranges: Ranges | None) -> bytes:
        """Quantise the float ``.tflite`` in ``data``."""
        work = self._quantizer.Quantizer(data, self._manager.get_quantization_recipe())
        known = None if ranges is None else {name: _extremes(*both) for name, both in ranges.items()}
        # Its progress bars and warnings speak of nothing that a user can change.
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            result = work.quantize(known, enable_progress_bar=False, enable_progress_report=False)
        return repacked(bytes(result.quantized_model))


def _extremes(low: float, high: float) -> dict[str, Any]:
    high = max(high, low + _NARROWEST)
    return {"min": np.full((1, 1, 1, 1), low, np.float32), "max": np.full((1, 1, 1, 1), high, np.float32)}
