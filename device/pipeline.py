"""The line itself: stages in a row, and the loop that drives frames from a source to sinks.

``run`` and ``bake`` both use this loop, so the same sound gives the same numbers live and offline.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from mandible.device.decoder import Decoder, DecoderSettings
from mandible.device.engines.base import Engine
from mandible.device.frames import HOP_MS, HOP_NS, HOP_SAMPLES, Frame, Stage
from mandible.device.frontend import LogMel

# A window is 25 ms: its centre lies half of that before its last sample. A frame speaks for the hop
# around that centre, so it starts to be true half a hop earlier still.
HALF_WINDOW_MS = 12.5
HALF_HOP_MS = HOP_MS / 2


# Takes finished frames, in order. A live sink must not block the line.
Sink = Callable[[Frame], None]


class Line:
    """Front end, engine, decoder and, with a rig, mixer and guard.

    Attributes:
        delay_ms: from the instant a frame speaks for (the start of its 10 ms) to its last sample:
            half a hop + half a window + lookahead + decoder.
    """

    def __init__(
        self,
        engine: Engine,
        output_scale: float,
        lookahead_ms: float,
        settings: DecoderSettings | None = None,
        motion: Sequence[Stage] = (),
    ) -> None:
        decoder = Decoder(output_scale, settings)
        self.engine = engine
        self.delay_ms = HALF_HOP_MS + HALF_WINDOW_MS + lookahead_ms + decoder.delay_ms
        self._front_end = LogMel()
        self._later: tuple[Stage, ...] = (decoder, *motion)

    def step(self, frame: Frame) -> Frame:
        """One hop through every stage."""
        frame = self._front_end.step(frame)
        assert frame.mel is not None
        frame = frame.having(logits=self.engine.step(frame.mel))
        for stage in self._later:
            frame = stage.step(frame)
        return frame

    def reset(self) -> None:
        """Forget all sound heard so far."""
        self._front_end.reset()
        self.engine.reset()
        for stage in self._later:
            stage.reset()


def flushed(frames: Iterable[Frame], delay_ms: float) -> Iterator[Frame]:
    """Yield the frames, then as many hops of silence as the line needs to speak for the last sample."""
    last = None
    for last in frames:
        yield last
    if last is None:
        return
    for extra in range(1, -int(-(delay_ms - HOP_MS) // HOP_MS) + 1):
        yield Frame(
            index=last.index + extra,
            captured_ns=last.captured_ns + extra * HOP_NS,
            pcm=np.zeros(HOP_SAMPLES, np.int16),
        )


def drive(
    source: Iterable[Frame],
    line: Line,
    sinks: Sequence[Sink],
    clock_ns: Callable[[], int] = time.monotonic_ns,
) -> int:
    """Pull every frame of the source through the line into the sinks.

    Returns how many hops of time the source lasted: more than it gave where it dropped some.
    """
    hops = 0

    def followed() -> Iterator[Frame]:
        nonlocal hops
        for frame in source:
            hops = frame.index + 1
            yield frame

    for frame in flushed(followed(), line.delay_ms):
        done = line.step(frame).having(emitted_ns=clock_ns())
        for sink in sinks:
            sink(done)
    return hops
