"""A Keras network with heads beside its logits, from TensorFlow's converter to a streaming model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mandible.models import network, tcn
from mandible.quantize.streaming import to_streaming
from tests.engines.hops import random_hops
from tests.parity.sequences import run_streaming, run_whole

pytestmark = pytest.mark.training
FRAMES = 48


def _converted() -> bytes:
    keras = tcn.keras()
    import tensorflow as tf

    trunk = tcn.build(tcn.Size(channels=8, blocks=2), frames=FRAMES, batch=1)
    last = trunk.layers[-2].output
    laughter = keras.layers.Conv2D(1, 1, name="laughter")(last)
    voiced = keras.layers.Conv2D(2, 1, name="voiced")(last)
    model = keras.Model(trunk.input, [laughter, trunk.output, voiced])

    def representative() -> Iterator[list[np.ndarray]]:
        for seed in range(10):
            hops = random_hops(FRAMES, seed)
            hops[-1, :2] = -128, 127
            yield [hops.reshape(1, FRAMES, 1, -1).astype(np.float32) / tcn.INPUT_STEPS]

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def test_heads_are_found_named_and_computed(tmp_path: Path) -> None:
    source, target = tmp_path / "whole.tflite", tmp_path / "streaming.tflite"
    source.write_bytes(_converted())
    report = to_streaming(source, target)
    assert {head.name: head.channels for head in report.heads} == {"laughter": 1, "voiced": 2}
    assert network.load(target).output_channels == 15
    hops = random_hops(FRAMES, seed=99)
    expected = {rows.shape[1]: rows for rows in run_whole(source.read_bytes(), hops)}
    for rows in run_streaming(target.read_bytes(), hops):
        np.testing.assert_array_equal(rows, expected[rows.shape[1]])
