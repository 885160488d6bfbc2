"""Front end, engine ``c`` and decoder in one call of C: the same bytes as the three stages, for less.

A hop comes every 10 ms, and by then the caches have forgotten the last one: what a line costs while it runs
live is the number of Python objects it touches, several times what a loop over a recording shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct

import numpy as np

from mandible.device.decoder_settings import DecoderSettings
from mandible.device.decoder_tables import DecoderTables
from mandible.device.engines.base import Engine, HeadInfo
from mandible.device.frames import HOP_SAMPLES, MEL_BANDS, Frame
from mandible.models.visemes import VISEME_COUNT, Viseme

try:
    from mandible.device.fused import _fused
except ImportError:  # a pure-Python install: the stages do the work one by one
    _fused = None  # type: ignore[assignment]

_VISEMES = tuple(Viseme)
_INT8, _UINT8 = np.dtype(np.int8), np.dtype(np.uint8)
_INT32_SIZE = 2**31
# viseme, openness, quiet_hops, and the ns that front end, network and decoder took.
_TAIL = Struct("<BBH3I")


class Fused:
    """A stage that fills in everything from ``mel`` to ``quiet_hops``.

    Attributes:
        stage_ns: how long front end, engine and decoder took for the latest hop.
    """

    def __init__(
        self,
        description: bytes,
        heads: tuple[HeadInfo, ...],
        output_scale: float,
        settings: DecoderSettings,
    ) -> None:
        """``description`` as ``engines.c.describe`` makes it, with ``heads``.

        Raises:
            ValueError: no such network, or settings that the integers of the C code have no room for.
        """
        assert _fused is not None
        self._output_scale = output_scale
        self._kernel = _fused.Kernel(description, packed(output_scale, settings))
        self._heads = heads
        self._heads_at = MEL_BANDS + VISEME_COUNT
        self._weights_at = self._heads_at + sum(head.channels for head in heads)
        self._tail_at = self._weights_at + VISEME_COUNT
        self.stage_ns: tuple[int, int, int] = (0, 0, 0)

    def step(self, frame: Frame) -> Frame:
        """Return the frame with ``mel``, ``logits``, ``heads`` and all that the decoder says."""
        pcm = frame.pcm
        if pcm.shape != (HOP_SAMPLES,) or pcm.dtype != np.int16:
            raise ValueError(f"a hop is {HOP_SAMPLES} int16 samples, got {pcm.dtype}{list(pcm.shape)}")
        result = self._kernel.push(pcm.tobytes())
        viseme, openness, quiet_hops, mel_ns, logits_ns, weights_ns = _TAIL.unpack_from(result, self._tail_at)
        self.stage_ns = mel_ns, logits_ns, weights_ns
        return frame.having(
            mel=np.frombuffer(result, _INT8, MEL_BANDS),
            logits=np.frombuffer(result, _INT8, VISEME_COUNT, MEL_BANDS),
            heads=self._head_values(result) if self._heads else None,
            weights=np.frombuffer(result, _UINT8, VISEME_COUNT, self._weights_at),
            viseme=_VISEMES[viseme],
            openness=openness,
            quiet_hops=quiet_hops,
        )

    def retune(self, settings: DecoderSettings) -> None:
        """Give the decoder other settings and a fresh start; the rest keeps what it has heard.

        Raises:
            ValueError: settings out of range; the present ones stay.
        """
        self._kernel.retune(packed(self._output_scale, settings))

    def reset(self) -> None:
        """Return to the state before the first hop."""
        self._kernel.reset()

    def _head_values(self, result: bytes) -> Mapping[str, tuple[int, ...]]:
        rest, values = memoryview(result)[self._heads_at : self._weights_at].cast("b"), {}
        for head in self._heads:
            values[head.name], rest = tuple(rest[: head.channels]), rest[head.channels :]
        return values


def fused(engine: Engine, output_scale: float, settings: DecoderSettings) -> Fused | None:
    """Return the stage for an engine ``c``; None for others, and where a kernel or a setting forbids it."""
    description = getattr(engine, "description", None)
    if _fused is None or description is None:
        return None
    try:
        return Fused(description, engine.heads, output_scale, settings)
    except ValueError:
        return None


def packed(output_scale: float, settings: DecoderSettings) -> bytes:
    """Return the decoder's tables as the words that ``read_tables.c`` takes.

    Raises:
        ValueError: a setting has no room in one.
    """
    tables = DecoderTables.of(output_scale, settings)
    constants = [*tables.constants.values(), len(tables.softmax)]
    parts = (constants, tables.softmax, tables.attack, tables.release, tables.lead, tables.openness)
    words = [int(word) for part in parts for word in part]
    for word in min(words), max(words):
        if not -_INT32_SIZE <= word < _INT32_SIZE:
            raise ValueError(f"a decoder setting leads to {word}, which is no 32-bit number")
    return np.array(words, np.int32).tobytes()
