"""The teacher: a large network that hears the whole sentence, never shipped to a device.

It learns from the same labels as the small networks, but sees what comes next and has many times their
size. Its weights say how sure one can be of a viseme at an instant, which softens the errors of automatic
labels; the small networks learn from both (G. Hinton et al., "Distilling the knowledge in a neural
network", 2015).

    mel [T, 1, 40] -> Conv(5,1), BN, ReLU                                       100 hops a second
        -> Conv(4,1) stride 2, BN, ReLU -> N x residual block                   50
        -> 1x1, reshaped to twice the hops, + the first layer's output -> 2 blocks -> 1x1 logits   100

Nothing here is exported, so any layer would do; half the rate in the middle halves the cost.
"""

from __future__ import annotations

from typing import Any

from mandible.device.frames import MEL_BANDS
from mandible.models.tcn import keras
from mandible.models.visemes import VISEME_COUNT

OUTER_CHANNELS = 128
CHANNELS = 320
DILATIONS = (1, 2, 4, 8, 1, 2, 4, 8)
OUTER_DILATIONS = (1, 2)
DROPOUT = 0.1
# Hops to either side that reach the output: enough context when a long recording is cut in pieces.
REACH_HOPS = 130


def build(hops: int | None = None) -> Any:
    """Return the untrained Keras network: float32 [batch, hops, 1, 40] -> logits [batch, hops, 1, 15].

    ``hops`` must be even when the network runs.
    """
    layers = keras().layers

    def normalised(x: Any, name: str) -> Any:
        return layers.BatchNormalization(name=f"{name}_bn")(x)

    def relu(x: Any, name: str) -> Any:
        return layers.ReLU(name=f"{name}_relu")(x)

    def block(x: Any, channels: int, dilation: int, name: str) -> Any:
        y = layers.DepthwiseConv2D(
            (5, 1), padding="same", dilation_rate=(dilation, 1), use_bias=False, name=f"{name}_depth"
        )(x)
        y = relu(normalised(y, f"{name}_depth"), f"{name}_depth")
        y = layers.Dropout(DROPOUT, name=f"{name}_drop")(y)
        y = normalised(layers.Conv2D(channels, 1, use_bias=False, name=f"{name}_point")(y), f"{name}_point")
        return relu(layers.Add(name=f"{name}_add")([x, y]), name)

    mel = layers.Input((hops, 1, MEL_BANDS), name="mel")
    near = layers.Conv2D(OUTER_CHANNELS, (5, 1), padding="same", use_bias=False, name="near")(mel)
    near = relu(normalised(near, "near"), "near")
    x = layers.Conv2D(CHANNELS, (4, 1), strides=(2, 1), padding="same", use_bias=False, name="wide")(near)
    x = relu(normalised(x, "wide"), "wide")
    for number, dilation in enumerate(DILATIONS):
        x = block(x, CHANNELS, dilation, f"block{number}")
    x = layers.Conv2D(2 * OUTER_CHANNELS, 1, name="twice")(x)
    x = layers.Reshape((-1, 1, OUTER_CHANNELS), name="full_rate")(x)
    x = layers.Add(name="meet")([x, near])
    for number, dilation in enumerate(OUTER_DILATIONS):
        x = block(x, OUTER_CHANNELS, dilation, f"outer{number}")
    return keras().Model(mel, layers.Conv2D(VISEME_COUNT, 1, name="logits", dtype="float32")(x))
