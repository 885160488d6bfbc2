"""Ranges of a float network's values on speech: what the int8 scales are made of.

The input's and the logits' ranges are fixed, so that the front end's bytes fit every model and all models
share one softmax table: -4 .. 127/32 gives a scale of exactly 1/32, -16 .. 127/8 one of exactly 1/8, both
with zero point 0.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mandible.models.tcn import INPUT_STEPS
from mandible.quantize.float_model import FloatModel

# Value name -> (lowest, highest), 0 included.
Ranges = dict[str, tuple[float, float]]
LOW_STEP, HIGH_STEP = -128, 127
# Sixteen either way of 0 in steps of an eighth: a step changes a weight by an eighth of itself.
OUTPUT_SCALE = 0.125
# Fine enough that the edge of a share falls within a thousandth of the range.
_BINS = 4096


def observed(
    model: FloatModel,
    pieces: NDArray[np.int8],
    share: float = 1.0,
    step: Callable[[], None] = lambda: None,
) -> Ranges:
    """Return the range of every value on (chunks, hops, 40) int8 features.

    Args:
        model: the float network.
        pieces: each is heard from silence on.
        share: of the values that a range shall cover; 1 for all, less cuts the rarest off at both ends.
        step: called after each piece.
    """
    names = model.value_names
    low, high = np.zeros(len(names)), np.zeros(len(names))
    for piece in pieces:
        values = model.values(piece)
        low = np.minimum(low, [value.min() for value in values])
        high = np.maximum(high, [value.max() for value in values])
        step()
    found = dict(zip(names, zip(low.tolist(), high.tolist(), strict=True), strict=True))
    return fixed(model, found if share >= 1 else _narrowed(model, pieces, found, share))


def fixed(model: FloatModel, found: Ranges) -> Ranges:
    """Return ranges with those of the input and the logits as every model has them."""
    logits = model.layers[model.logits_value - 1].name
    return {
        **found,
        model.value_names[0]: (LOW_STEP / INPUT_STEPS, HIGH_STEP / INPUT_STEPS),
        logits: (LOW_STEP * OUTPUT_SCALE, HIGH_STEP * OUTPUT_SCALE),
    }


def _narrowed(model: FloatModel, pieces: NDArray[np.int8], whole: Ranges, share: float) -> Ranges:
    names = model.value_names
    counts = {name: np.zeros(_BINS, np.int64) for name in names if whole[name][0] < whole[name][1]}
    for piece in pieces:
        for name, value in zip(names, model.values(piece), strict=True):
            if name in counts:
                low, high = whole[name]
                places = ((value.reshape(-1) - low) * (_BINS / (high - low))).astype(np.int64)
                counts[name] += np.bincount(np.minimum(places, _BINS - 1), minlength=_BINS)
    narrow = dict(whole)
    for name, count in counts.items():
        spared = (1 - share) / 2 * count.sum()
        below, above = np.cumsum(count), np.cumsum(count[::-1])
        first = int(np.searchsorted(below, spared, "right"))
        last = _BINS - int(np.searchsorted(above, spared, "right"))
        edges = np.linspace(*whole[name], _BINS + 1)
        narrow[name] = (min(0.0, float(edges[first])), max(0.0, float(edges[last])))
    return narrow
