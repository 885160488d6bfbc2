"""What a teacher says about every hop of a stream: the soft labels that small networks learn from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.models import float_weights, precision, takes_cache, teacher
from mandible.models.array_file import Arrays
from mandible.models.dataset import SOFT_ONE, Stream
from mandible.models.training import PIECE_HOPS, logits_of


def load_teacher(path: Path, asked_precision: str = "auto") -> Any:
    """Return the teacher whose weights are in ``path``; raises InputError for a file that holds none."""
    weights = float_weights.load(path)
    model = precision.build(asked_precision, teacher.build)
    float_weights.put(weights, model, path)
    return model


def weights_of(model: Any, stream: Stream, step: Callable[[], None]) -> NDArray[np.uint8]:
    """Run a teacher over a stream -> (n, 15) weights that sum to about 255.

    It hears on across the ends of utterances, as it did in training.
    """
    logits = logits_of(model, stream.mels, teacher.REACH_HOPS, teacher.REACH_HOPS, step=step)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    weights: NDArray[np.uint8] = np.round(SOFT_ONE * odds / odds.sum(axis=1, keepdims=True)).astype(np.uint8)
    return weights


def taught(
    stream: Stream,
    weights: Path,
    asked_precision: str,
    kept: Path,
    begin: Callable[[int], Callable[[], None]],
) -> Stream:
    """Return the stream with a teacher's soft labels.

    Args:
        stream: what the teacher hears.
        weights: the teacher's weights.
        asked_precision: what the teacher computes in, as in ``Settings``.
        kept: file that the soft labels are kept in between trainings; its name must tell all of the above.
        begin: called with a number of steps where they must be computed; returns what to call after each.
    """

    def compute() -> Arrays:
        teacher_model = load_teacher(weights, asked_precision)
        return {"soft": weights_of(teacher_model, stream, begin(-(-len(stream) // PIECE_HOPS)))}

    found = takes_cache.arrays(kept, compute, lambda one: takes_cache.fits(one, {"soft"}, len(stream)))
    return replace(stream, soft=found["soft"].astype(np.uint8, copy=False))
