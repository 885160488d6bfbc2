"""The one record that travels down the line, a 10 ms hop at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mandible.models.visemes import Viseme

SAMPLE_RATE_HZ = 16_000
HOP_SAMPLES = 160
HOP_MS = 10
HOP_NS = HOP_MS * 1_000_000
WINDOW_SAMPLES = 400
MEL_BANDS = 40

Pcm = NDArray[np.int16]
Mel = NDArray[np.int8]
Logits = NDArray[np.int8]
Weights = NDArray[np.uint8]


@dataclass(frozen=True)
class Frame:
    """One hop. Each stage returns a copy with its own fields filled in; the others pass through.

    Attributes:
        index: hop number from 0; a jump means that the source dropped hops.
        captured_ns: monotonic time at which the last sample of the hop was captured.
        pcm: (160,) int16 at 16 kHz.
        mel: (40,) int8 log-mel features, about 0.5 dB a step.
        logits: (15,) int8 network output in viseme order.
        weights: (15,) uint8 decoded viseme weights; they sum to 255.
        viseme: the decoded viseme.
        openness: mean expected jaw opening, 0 (closed) to 255 (wide).
        quiet_hops: for how many hops the noise gate has been shut; 0 while it is open.
        arousal: how lively the speaker is, 0 (calm) to 255, where something asks for it.
        emphasis: an envelope that rises where a syllable is stressed and falls again, 0 to 255.
        heads: int8 values of a model's optional outputs besides the visemes, by name.
        pulses_us: servo pulse widths in the rig's channel order, after the guard.
        emitted_ns: monotonic time at which the frame left the line.
    """

    index: int
    captured_ns: int
    pcm: Pcm
    mel: Mel | None = None
    logits: Logits | None = None
    weights: Weights | None = None
    viseme: Viseme | None = None
    openness: int | None = None
    quiet_hops: int | None = None
    arousal: int | None = None
    emphasis: int | None = None
    heads: Mapping[str, tuple[int, ...]] | None = None
    pulses_us: tuple[int, ...] | None = None
    emitted_ns: int | None = None

    def having(self, **fields: Any) -> Frame:
        """Return a copy with the given fields replaced.

        Every stage does this for every hop: copying the dictionary takes a third of ``dataclasses.replace``.
        """
        if not fields.keys() <= _NAMES:
            raise TypeError(f"a frame has no {', '.join(sorted(fields.keys() - _NAMES))}")
        copy = object.__new__(Frame)
        copy.__dict__.update(self.__dict__, **fields)
        return copy


_NAMES = frozenset(field.name for field in dataclass_fields(Frame))


class Stage(Protocol):
    """A pure step of the line: no input or output, no clock of its own."""

    def step(self, frame: Frame) -> Frame:
        """Return the frame with this stage's fields filled in."""
        ...

    def reset(self) -> None:
        """Forget all history, as if no frame had been seen."""
        ...
