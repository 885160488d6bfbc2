"""What rounding costs, layer by layer: the float network against its int8 twin on speech.

Three questions per layer. How far is its value from the float network's (``sqnr_db``, everything before it
included)? How far would it be if only this layer were int8 (``own_sqnr_db``)? And what does that do to the
logits (``logits_share``), of which ``rounding_share`` is due to the value's own steps, which int16 would
remove, and the rest to its weights? SQNR is 10 log10(signal power / error power), in dB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mandible.errors import InputError
from mandible.models.layers import Add, Conv, Depthwise, Layer
from mandible.models.network import Network
from mandible.quantize import float_layers, int8_values
from mandible.quantize.float_layers import FloatAdd, FloatConv, FloatDepthwise, Floats
from mandible.quantize.float_model import FloatModel

Ints: TypeAlias = NDArray[np.int64]

# The contributions are found by recomputing the rest of the network for each layer.
MOST_HOPS = 3000
# What a suggestion rests on: values cut off, and a layer's part of all that reaches the logits.
SATURATED_MUCH, HURTS_MUCH = 0.001, 0.1
# A range this many times wider than the values wastes more than a bit.
RANGE_WASTED = 2.5
_BEST_DB = 200.0
_KINDS = {FloatConv: Conv, FloatDepthwise: Depthwise, FloatAdd: Add}


@dataclass(frozen=True)
class LayerError:
    """One layer's part in the difference between float and int8.

    Attributes:
        name: the float layer's.
        sqnr_db: of its value, all before it being int8 too.
        own_sqnr_db: of its value if its inputs were as good as int8 can hold them.
        float_low, float_high: range of the float value on this speech.
        int8_low, int8_high: range that its int8 steps cover.
        saturated_share: of the float values, those that lie outside, 0 to 1.
        weight_range_use: mean over channels of the largest weight / 127; None for an addition.
        logits_share: of the error power at the logits, the part that this layer alone causes, 0 to 1.
        rounding_share: the part of it that the steps of its value cause; int16 would remove it.
        suggestion: what to do about it, in words.
    """

    name: str
    sqnr_db: float
    own_sqnr_db: float
    float_low: float
    float_high: float
    int8_low: float
    int8_high: float
    saturated_share: float
    weight_range_use: float | None
    logits_share: float
    rounding_share: float
    suggestion: str

    def described(self) -> dict[str, Any]:
        """Return the numbers as plain data, rounded to what they mean."""
        return {
            key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(self).items()
        }


def layer_errors(float_model: FloatModel, network: Network, mels: NDArray[np.int8]) -> list[LayerError]:
    """Compare a float network with its int8 form on (n, 40) features, of which 3000 hops are used.

    Raises:
        InputError: the two are not the same network.
    """
    _check_same(float_model, network)
    mels = mels[:MOST_HOPS]
    exact, rounded = float_model.values(mels), int8_values.values(network, mels)
    quantisations = [(network.input_scale, network.input_zero_point)]
    quantisations += [(layer.output.scale, layer.output.zero_point) for layer in network.layers]
    # What the float values are as int8, which is as good as an input can be.
    stored = [_stored(value, *steps) for value, steps in zip(exact, quantisations, strict=True)]
    restored = [_restored(value, *steps) for value, steps in zip(stored, quantisations, strict=True)]
    powers, roundings, own = [], [], []
    for number, layer in enumerate(float_model.layers, start=1):
        alone = _restored(int8_values.computed(network.layers[number - 1], stored), *quantisations[number])
        # Against the same inputs: what rounding them costs belongs to the layers that made them.
        meant = float_layers.computed(layer, restored)
        own.append(sqnr_db(meant, alone - meant))
        powers.append(_reaching(float_model, exact, number, exact[number] + (alone - meant)))
        roundings.append(_reaching(float_model, exact, number, restored[number]))
    total = sum(powers) or 1.0
    found = []
    for number, layer in enumerate(float_model.layers, start=1):
        value = exact[number]
        scale, zero_point = quantisations[number]
        low, high = scale * (-128 - zero_point), scale * (127 - zero_point)
        outside = (value < low - scale / 2) | (value > high + scale / 2)
        error = LayerError(
            name=layer.name,
            sqnr_db=sqnr_db(value, _restored(rounded[number], scale, zero_point) - value),
            own_sqnr_db=own[number - 1],
            float_low=float(value.min(initial=0.0)),
            float_high=float(value.max(initial=0.0)),
            int8_low=low,
            int8_high=high,
            saturated_share=float(outside.mean()),
            weight_range_use=_weight_range_use(network.layers[number - 1]),
            logits_share=powers[number - 1] / total,
            rounding_share=min(roundings[number - 1], powers[number - 1]) / total,
            suggestion="",
        )
        is_output = number in float_model.outputs
        found.append(_advised(error, is_output))
    return found


def worst(errors: Sequence[LayerError]) -> LayerError:
    """Return the layer that hurts the logits most."""
    return max(errors, key=lambda error: error.logits_share)


def _advised(error: LayerError, is_output: bool) -> LayerError:
    covered = error.int8_high - error.int8_low
    used = max(error.float_high - error.float_low, 1e-9)
    if error.saturated_share > SATURATED_MUCH and error.logits_share > HURTS_MUCH:
        words = f"widen the range of {error.name}: {error.saturated_share:.1%} of its values are cut off"
    elif is_output:
        words = "fine: the output has the same steps in every model"
    elif error.rounding_share > HURTS_MUCH:
        words = f"keep {error.name} in int16: its steps are {error.rounding_share:.0%} of the logits' error"
    elif covered > RANGE_WASTED * used:
        words = f"narrow the range of {error.name}: {used / covered:.0%} of its steps are used"
    elif error.logits_share - error.rounding_share > HURTS_MUCH:
        words = f"train {error.name} quantised (int8-qat): its weights' steps hurt most"
    else:
        words = "fine"
    return LayerError(**{**asdict(error), "suggestion": words})


def _check_same(float_model: FloatModel, network: Network) -> None:
    def differ(why: str) -> InputError:
        return InputError(f"{float_model.name}: not the float model that the int8 one was made of: {why}")

    if len(float_model.layers) != len(network.layers):
        raise differ(f"it has {len(float_model.layers)} layers, the other {len(network.layers)}")
    for exact, rounded in zip(float_model.layers, network.layers, strict=True):
        is_same = isinstance(rounded, _KINDS[type(exact)]) and exact.channels == rounded.channels
        if not is_same or float_layers.sources(exact) != _sources(rounded):
            raise differ(f"layer {exact.name} differs")
        if isinstance(exact, FloatAdd) or isinstance(rounded, Add):
            continue
        if exact.weights.shape != rounded.weights.shape or exact.dilation != rounded.dilation:
            raise differ(f"layer {exact.name} has another kernel")


def _sources(layer: Layer) -> tuple[int, ...]:
    return (layer.left.source, layer.right.source) if isinstance(layer, Add) else (layer.source,)


def _stored(value: Floats, scale: float, zero_point: int) -> Ints:
    return np.clip(np.round(value / scale).astype(np.int64) + zero_point, -128, 127)


def _restored(steps: Ints, scale: float, zero_point: int) -> Floats:
    return ((steps - zero_point) * scale).astype(np.float32)


def sqnr_db(signal: Floats, error: Floats) -> float:
    """Return the power of a signal over that of its error in dB, at most 200."""
    noise = float(np.square(error, dtype=np.float64).sum())
    power = float(np.square(signal, dtype=np.float64).sum())
    if noise == 0.0:
        return _BEST_DB
    return float(np.clip(10 * np.log10(max(power, 1e-30) / noise), -_BEST_DB, _BEST_DB))


def _reaching(model: FloatModel, exact: list[Floats], number: int, changed: Floats) -> float:
    """Return the mean error power at the logits if value ``number`` were ``changed``, all else float."""
    values = list(exact)
    values[number] = changed
    touched = {number}
    for later, layer in enumerate(model.layers[number:], start=number + 1):
        if touched.intersection(float_layers.sources(layer)):
            values[later] = float_layers.computed(layer, values)
            touched.add(later)
    logits = model.logits_value
    return float(np.square(values[logits] - exact[logits], dtype=np.float64).mean())


def _weight_range_use(layer: Layer) -> float | None:
    if isinstance(layer, Add):
        return None
    axes = (1, 2) if isinstance(layer, Conv) else (0,)
    return float(np.abs(layer.weights.astype(np.int64)).max(axis=axes).mean() / 127)
