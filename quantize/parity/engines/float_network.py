"""The float network that the model was quantised from, in numpy."""

from __future__ import annotations

import time
from collections.abc import Sequence

from mandible.errors import DeviceError
from mandible.quantize.float_model import FloatModel
from mandible.quantize.parity.engine import Hops, Options, Outcome, Progress
from mandible.quantize.parity.subject import Subject


class FloatNetwork:
    """Float logits of whole segments; a price per hop would mean nothing for a machine that hears live."""

    def __init__(self, model: FloatModel) -> None:
        self._model = model

    def run(self, segments: Sequence[Hops], progress: Progress) -> Outcome:
        """Run every segment from silence on."""
        logits, spent_s = [], 0.0
        for hops in segments:
            before_s = time.perf_counter()
            logits.append(self._model.run(hops))
            spent_s += time.perf_counter() - before_s
            progress(len(hops))
        return Outcome(list(logits), spent_s * 1e6 / max(1, sum(map(len, segments))))


def create(name: str, subject: Subject, options: Options) -> FloatNetwork:
    """Return the engine; raises DeviceError where no float network was named."""
    if subject.float_model is None:
        raise DeviceError(f"engine {name}: no float network of {subject.name} is known; name it with --float")
    return FloatNetwork(subject.float_model)
