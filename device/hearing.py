"""From samples to decoded weights: front end, engine, decoder, one after the other."""

from __future__ import annotations

import time

from mandible.device.decoder import Decoder, DecoderSettings
from mandible.device.engines.base import Engine
from mandible.device.frames import Frame
from mandible.device.frontend import LogMel


class Hearing:
    """The first three stages of the line, for any engine. ``Fused`` is the same in one call.

    Attributes:
        stage_ns: how long front end, engine and decoder took for the latest hop.
    """

    def __init__(self, engine: Engine, output_scale: float, settings: DecoderSettings) -> None:
        self._engine = engine
        self._output_scale = output_scale
        self._front_end = LogMel()
        self._decoder = Decoder(output_scale, settings)
        self._head_values = engine.head_values if engine.heads else None
        self.stage_ns: tuple[int, int, int] = (0, 0, 0)

    def step(self, frame: Frame) -> Frame:
        """Return the frame with ``mel``, ``logits``, ``heads`` and all that the decoder says."""
        clock_ns = time.perf_counter_ns
        began_ns = clock_ns()
        frame = self._front_end.step(frame)
        assert frame.mel is not None
        mel_ns = clock_ns()
        logits = self._engine.step(frame.mel)
        heads = None if self._head_values is None else self._head_values()
        logits_ns = clock_ns()
        frame = self._decoder.step(frame.having(logits=logits, heads=heads))
        self.stage_ns = (mel_ns - began_ns, logits_ns - mel_ns, clock_ns() - logits_ns)
        return frame

    def retune(self, settings: DecoderSettings) -> None:
        """Give the decoder other settings and a fresh start; the rest keeps what it has heard.

        Raises:
            ValueError: settings out of range.
        """
        self._decoder = Decoder(self._output_scale, settings)

    def reset(self) -> None:
        """Return to the state before the first hop."""
        for stage in (self._front_end, self._engine, self._decoder):
            stage.reset()
