"""The network family: causal convolutions over log-mel features, sized ``nano``, ``small`` and ``base``.

    mel [T, 1, 40] -> Conv(3,1), BN, ReLU6
                   -> N x [depthwise (5,1) dilated, BN, ReLU6 -> 1x1, BN -> add, ReLU6]
                   -> 1x1 -> logits [T, 1, 15]

Built from ``Conv2D`` and ``DepthwiseConv2D`` with (k, 1) kernels, which the quantisation toolkits know.
The converter folds the batch normalisation. Needs TensorFlow (the ``train`` extra).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from mandible.device.frames import MEL_BANDS
from mandible.errors import DeviceError, InputError
from mandible.models.visemes import VISEME_COUNT

STEM_TAPS = 3
BLOCK_TAPS = 5
DILATIONS = (1, 2, 4, 8)
# Input of the float network = int8 feature / 32: a power of two, so that the input scale is exact.
INPUT_STEPS = 32


@dataclass(frozen=True)
class Size:
    """Width and depth of one member of the family."""

    channels: int
    blocks: int

    def dilation(self, block: int) -> int:
        """Distance in hops between the taps of a block."""
        return DILATIONS[block % len(DILATIONS)]

    @property
    def receptive_hops(self) -> int:
        """Number of hops that one output depends on."""
        reach = sum((BLOCK_TAPS - 1) * self.dilation(block) for block in range(self.blocks))
        return STEM_TAPS + reach


SIZES = {"nano": Size(48, 6), "small": Size(96, 8), "base": Size(240, 7)}


def size_of(name: str) -> Size:
    """Return a member of the family; raises InputError for an unknown name."""
    try:
        return SIZES[name]
    except KeyError:
        raise InputError(f"size {name!r} is unknown: use {', '.join(SIZES)}") from None


def keras() -> Any:
    """Import the Keras that the quantisation toolkit works with; raises DeviceError where it is missing."""
    # Read by TensorFlow when it is first imported: without it tf.keras is version 3, which tfmot refuses.
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        import tf_keras
    except ImportError:
        raise DeviceError(
            "training needs TensorFlow; in mandible's source folder: pip install -e '.[train]'"
        ) from None
    return tf_keras


def build(size: Size, frames: int | None = None, batch: int | None = None) -> Any:
    """Return an untrained Keras model: float32 [batch, frames, 1, 40] -> logits [batch, frames, 1, 15]."""
    layers = keras().layers

    def causal(x: Any, taps: int, dilation: int, name: str) -> Any:
        return layers.ZeroPadding2D((((taps - 1) * dilation, 0), (0, 0)), name=f"{name}_pad")(x)

    def normalised(x: Any, name: str) -> Any:
        return layers.BatchNormalization(name=f"{name}_bn")(x)

    mel = layers.Input((frames, 1, MEL_BANDS), batch_size=batch, name="mel")
    x = causal(mel, STEM_TAPS, 1, "stem")
    x = layers.Conv2D(size.channels, (STEM_TAPS, 1), use_bias=False, name="stem")(x)
    x = layers.ReLU(6.0, name="stem_relu")(normalised(x, "stem"))
    for block in range(size.blocks):
        name, dilation, skip = f"block{block}", size.dilation(block), x
        x = causal(x, BLOCK_TAPS, dilation, f"{name}_depth")
        x = layers.DepthwiseConv2D(
            (BLOCK_TAPS, 1), dilation_rate=(dilation, 1), use_bias=False, name=f"{name}_depth"
        )(x)
        x = layers.ReLU(6.0, name=f"{name}_depth_relu")(normalised(x, f"{name}_depth"))
        x = normalised(
            layers.Conv2D(size.channels, 1, use_bias=False, name=f"{name}_point")(x), f"{name}_point"
        )
        x = layers.ReLU(6.0, name=f"{name}_relu")(layers.Add(name=f"{name}_add")([x, skip]))
    # Single precision here also where the rest trains in bfloat16: a softmax of rounded logits is coarse.
    return keras().Model(mel, layers.Conv2D(VISEME_COUNT, 1, name="logits", dtype="float32")(x))
