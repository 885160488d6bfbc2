"""Writes the small test network, random weights and all, as a whole-sequence and a streaming model.

Needs TensorFlow: run ``.venv-train/bin/python -m tests.engines.make_model`` in the repository's root, then
``.venv/bin/python -m tests.engines.make_golden``. Its channels are no multiple of a vector register, unlike
those of the released models. The outcome depends on TensorFlow's version; the tests do not mind.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.models.tcn import Size, build
from mandible.quantize.ptq import calibration, quantise
from mandible.quantize.streaming import to_streaming
from tests.engines.hops import SEQUENCE_MODEL, STREAMING_MODEL, random_hops, speech_hops

SIZE = Size(channels=20, blocks=4)
SEQUENCE_HOPS = 96
SEED = 7


def randomise(model: Any) -> None:
    """Give the batch normalisations statistics of their own, so that no channel is like another."""
    rng = np.random.default_rng(SEED)
    for layer in model.layers:
        if layer.name.endswith("_bn"):
            gain, offset, mean, variance = (values.shape for values in layer.get_weights())
            layer.set_weights(
                [
                    rng.uniform(0.8, 1.8, gain),
                    rng.normal(0.8, 0.6, offset),
                    rng.normal(0.0, 0.3, mean),
                    rng.uniform(0.4, 2.0, variance),
                ]
            )
        elif layer.get_weights():
            layer.set_weights([_weights(rng, values.shape) for values in layer.get_weights()])


def _weights(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Normal weights whose sums keep about the size of their inputs; a bias is a plain vector."""
    fan_in = np.prod(shape) / max(shape[2:], default=np.prod(shape) / 4)
    return rng.normal(0.0, 1 / np.sqrt(fan_in), shape)


def main() -> None:
    """Write both files beside this one."""
    model = build(SIZE)
    randomise(model)
    hops = np.concatenate([speech_hops(), random_hops(400, SEED)])
    quantise(model, SIZE, calibration(hops, SEQUENCE_HOPS, 40, SEED), SEQUENCE_MODEL)
    print(to_streaming(SEQUENCE_MODEL, STREAMING_MODEL))


if __name__ == "__main__":
    main()
