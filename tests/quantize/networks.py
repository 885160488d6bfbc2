"""Random float networks of the family, of any shape, for tests that need no trained one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.models.heads import Head
from mandible.models.visemes import VISEME_COUNT
from mandible.quantize import float_writer
from mandible.quantize.float_layers import FloatAdd, FloatConv, FloatDepthwise, FloatLayer
from mandible.quantize.float_model import FloatModel
from tests.engines.hops import speech_hops

SEQUENCE_HOPS = 50


def family(
    channels: int = 12,
    dilations: tuple[int, ...] = (1, 2),
    stem_taps: int = 3,
    taps: int = 5,
    head_channels: int = 0,
    seed: int = 0,
) -> FloatModel:
    """Return a network of one block per dilation; with ``head_channels``, a head ``voiced`` too."""
    rng = np.random.default_rng(seed)

    def weights(*shape: int) -> NDArray[np.float32]:
        return rng.normal(0, 1.5 / np.sqrt(np.prod(shape[1:])), shape).astype(np.float32)

    def bias(count: int) -> NDArray[np.float32]:
        return rng.normal(0.3, 0.3, count).astype(np.float32)

    layers: list[FloatLayer] = [
        FloatConv("stem", 0, weights(channels, stem_taps, 40), bias(channels), 1, "relu6")
    ]
    for block, dilation in enumerate(dilations):
        skip, name = len(layers), f"block{block}"
        kernel = rng.normal(0, 0.6, (taps, channels)).astype(np.float32)
        layers.append(FloatDepthwise(f"{name}_depth", skip, kernel, bias(channels), dilation, "relu6"))
        point = weights(channels, 1, channels)
        layers.append(FloatConv(f"{name}_point", len(layers), point, bias(channels), 1, "none"))
        layers.append(FloatAdd(f"{name}_add", len(layers), skip, channels, "relu6"))
    last = len(layers)
    layers.append(
        FloatConv("logits", last, weights(VISEME_COUNT, 1, channels), bias(VISEME_COUNT), 1, "none")
    )
    heads: tuple[Head, ...] = ()
    if head_channels:
        kernel = weights(head_channels, 1, channels)
        layers.append(FloatConv("voiced", last, kernel, bias(head_channels), 1, "none"))
        heads = (Head("voiced", len(layers), head_channels),)
    return FloatModel(tuple(layers), last + 1, heads, "random")


def write(model: FloatModel, path: Path, hops: int = SEQUENCE_HOPS) -> Path:
    """Write a network as a float whole-sequence ``.tflite``."""
    path.write_bytes(float_writer.whole_sequence(model.layers, model.outputs, hops))
    return path


def pieces(count: int = 12) -> NDArray[np.int8]:
    """(count, 80, 40) features of speech to calibrate with."""
    speech = speech_hops()
    return np.stack([speech[start : start + 80] for start in range(0, 80 * count, 80)])
