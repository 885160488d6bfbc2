"""The line itself: stages in a row, and the loop that drives frames from a source to sinks.

``run`` and ``bake`` both use this loop, so the same sound gives the same numbers live and offline.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from mandible.device.decoder import Decoder, DecoderSettings
from mandible.device.engines.base import Engine
from mandible.device.frames import HOP_MS, HOP_NS, HOP_SAMPLES, Frame, Stage
from mandible.device.fused import fused
from mandible.device.hearing import Hearing
from mandible.device.histogram import Histogram

# A window is 25 ms: its centre lies half of that before its last sample. A frame speaks for the hop
# around that centre, so it starts to be true half a hop earlier still.
HALF_WINDOW_MS = 12.5
HALF_HOP_MS = HOP_MS / 2


# Takes finished frames, in order. A live sink must not block the line.
Sink = Callable[[Frame], None]


STAGES = ("wait", "front_end", "engine", "decoder", "expression", "motion", "sinks")


@runtime_checkable
class Successor(Protocol):
    """A stage with a position of its own, which another of its kind can carry on from."""

    def take_over(self, earlier: Stage) -> None:
        """Begin where ``earlier`` stands, if it is of the same kind and size."""
        ...


class Line:
    """Front end, engine, decoder, with a rig also expression and motion: mixer, idle life, guard.

    Attributes:
        delay_ms: from the instant a frame speaks for (the start of its 10 ms) to its last sample:
            half a hop + half a window + lookahead + decoder.
        times: how long each stage took, hop by hop, by its name; ``wait`` (from a hop's last sample to the
            line) and ``sinks`` are filled by ``drive``.
    """

    def __init__(
        self,
        engine: Engine,
        output_scale: float,
        lookahead_ms: float,
        settings: DecoderSettings | None = None,
        motion: Sequence[Stage] = (),
        expression: Stage | None = None,
    ) -> None:
        self.engine = engine
        self.times: Mapping[str, Histogram] = {name: Histogram() for name in STAGES}
        self._add = tuple(self.times[name].add for name in STAGES[1:-1])
        self._settings = settings or DecoderSettings()
        self._hearing = fused(engine, output_scale, self._settings) or Hearing(
            engine, output_scale, self._settings
        )
        self._expression = expression
        self._motion: tuple[Stage, ...] = tuple(motion)
        self.delay_ms = HALF_HOP_MS + HALF_WINDOW_MS + lookahead_ms + Decoder.delay_ms

    def step(self, frame: Frame) -> Frame:
        """One hop through every stage."""
        frame = self._hearing.step(frame)
        decoded_ns = time.perf_counter_ns()
        front_end, engine, decoder, expression, motion = self._add
        mel_ns, logits_ns, weights_ns = self._hearing.stage_ns
        front_end(mel_ns)
        engine(logits_ns)
        decoder(weights_ns)
        if self._expression is not None:
            frame = self._expression.step(frame)
            expressed_ns = time.perf_counter_ns()
            expression(expressed_ns - decoded_ns)
            decoded_ns = expressed_ns
        if self._motion:
            for stage in self._motion:
                frame = stage.step(frame)
            motion(time.perf_counter_ns() - decoded_ns)
        return frame

    @property
    def heard_ns(self) -> tuple[int, int, int]:
        """How long front end, engine and decoder took for the latest hop."""
        return self._hearing.stage_ns

    def reset(self) -> None:
        """Forget all sound heard so far."""
        for stage in (self._hearing, self._expression, *self._motion):
            if stage is not None:
                stage.reset()

    def adopt(
        self, settings: DecoderSettings | None, motion: Sequence[Stage], expression: Stage | None
    ) -> None:
        """Go on with other settings and stages from the next hop, from where the mouth stands now.

        The front end and the network keep what they have heard, so no sound is lost.

        Raises:
            ValueError: settings that no rig could have; the line goes on as it was.
        """
        settings = settings or DecoderSettings()
        if settings != self._settings:
            self._hearing.retune(settings)
            self._settings = settings
        for later in motion:
            for earlier in self._motion:
                if isinstance(later, Successor) and type(later) is type(earlier):
                    later.take_over(earlier)
        if type(expression) is not type(self._expression):
            self._expression = expression  # one that is there knows the speaker by now
        self._motion = tuple(motion)


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
    waited, sunk = line.times["wait"].add, line.times["sinks"].add

    def followed() -> Iterator[Frame]:
        nonlocal hops
        for frame in source:
            hops = frame.index + 1
            waited(time.monotonic_ns() - frame.captured_ns)
            yield frame

    for frame in flushed(followed(), line.delay_ms):
        done = line.step(frame).having(emitted_ns=clock_ns())
        done_ns = time.monotonic_ns()
        for sink in sinks:
            sink(done)
        sunk(time.monotonic_ns() - done_ns)
    return hops
