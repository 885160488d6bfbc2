"""Float weights of the family as ``mandible train`` keeps them, folded: no TensorFlow is needed.

A batch normalisation after a convolution is a factor and an offset per channel, once training is over:
``y = gamma * (conv(x) - mean) / sqrt(variance + EPSILON) + beta``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import MEL_BANDS
from mandible.errors import InputError
from mandible.models import float_weights
from mandible.models.tcn import BLOCK_TAPS, STEM_TAPS, Size
from mandible.models.visemes import VISEME_COUNT
from mandible.quantize.float_layers import FloatAdd, FloatConv, FloatDepthwise, FloatLayer, Floats

# Keras' default for BatchNormalization, which ``tcn.build`` uses.
EPSILON = 1e-3
# Arrays of a convolution with its normalisation (kernel, gamma, beta, mean, variance), and of the logits.
_NORMALISED, _LOGITS = 5, 2


def layers_of(path: Path) -> tuple[FloatLayer, ...]:
    """Return the folded layers of the network whose weights ``float_weights.save`` wrote.

    Depth and width follow from the file; the dilations are those of ``tcn.Size``.

    Raises:
        InputError: the file is damaged, or of another network than ours.
    """
    weights = float_weights.load(path)
    size = _size(weights, path)
    if [one.shape for one in weights] != _shapes(size):
        raise InputError(f"{path}: these weights are of no network of the family (see docs/models.md)")
    if not all(np.isfinite(one).all() for one in weights):
        raise InputError(f"{path}: holds weights that are no finite numbers; train again")
    if any((one < 0).any() for one in weights[4:-_LOGITS:_NORMALISED]):
        raise InputError(f"{path}: holds a negative variance; train again")
    return _layers(iter(weights), size)


def _size(weights: list[Floats], path: Path) -> Size:
    blocks, odd = divmod(len(weights) - _NORMALISED - _LOGITS, 2 * _NORMALISED)
    if blocks < 0 or odd or weights[0].ndim != 4:
        raise InputError(f"{path}: {len(weights)} arrays are no network of the family (see docs/models.md)")
    return Size(int(weights[0].shape[3]), blocks)


def _shapes(size: Size) -> list[tuple[int, ...]]:
    wide = size.channels
    normal = [(wide,)] * 4
    block = [(BLOCK_TAPS, 1, wide, 1), *normal, (1, 1, wide, wide), *normal]
    logits = [(1, 1, wide, VISEME_COUNT), (VISEME_COUNT,)]
    return [(STEM_TAPS, 1, MEL_BANDS, wide), *normal, *(block * size.blocks), *logits]


def _layers(weights: Iterator[Floats], size: Size) -> tuple[FloatLayer, ...]:
    kernel, bias = _folded(weights)
    layers: list[FloatLayer] = [FloatConv("stem", 0, _outputs_first(kernel), bias, 1, "relu6")]
    for block in range(size.blocks):
        skip, name = len(layers), f"block{block}"
        kernel, bias = _folded(weights, depthwise=True)
        depth = kernel[:, 0, :, 0]
        layers.append(FloatDepthwise(f"{name}_depth", skip, depth, bias, size.dilation(block), "relu6"))
        kernel, bias = _folded(weights)
        layers.append(FloatConv(f"{name}_point", len(layers), _outputs_first(kernel), bias, 1, "none"))
        layers.append(FloatAdd(f"{name}_add", len(layers), skip, size.channels, "relu6"))
    kernel, bias = next(weights), next(weights)
    layers.append(FloatConv("logits", len(layers), _outputs_first(kernel), bias, 1, "none"))
    return tuple(layers)


def _folded(weights: Iterator[Floats], depthwise: bool = False) -> tuple[Floats, Floats]:
    """Take a kernel and its normalisation; return (kernel, bias)."""
    kernel, gamma, beta, mean, variance = (next(weights).astype(np.float64) for _ in range(_NORMALISED))
    factor = gamma / np.sqrt(variance + EPSILON)
    scaled = kernel * (factor[:, np.newaxis] if depthwise else factor)
    return scaled.astype(np.float32), (beta - mean * factor).astype(np.float32)


def _outputs_first(kernel: NDArray[np.float32]) -> Floats:
    """(taps, 1, inputs, outputs) -> (outputs, taps, inputs)."""
    return np.ascontiguousarray(kernel[:, 0].transpose(2, 0, 1))
