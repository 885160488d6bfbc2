"""What live sound goes through before the line: high-pass, then gain. int16 hop in, int16 hop out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mandible.device.audio.gain import LEAST_DB, MOST_DB, AutomaticGain
from mandible.device.audio.high_pass import HighPass
from mandible.device.audio.source import Source
from mandible.device.frames import HOP_SAMPLES, Frame, Pcm

_RISE = np.arange(1, HOP_SAMPLES + 1) / HOP_SAMPLES


@dataclass(frozen=True, slots=True)
class Conditioning:
    """What to do to the sound.

    Attributes:
        high_pass_hz: cut-off of the high-pass, 1 to 400; 0 for none.
        auto_gain: bring the voice to the level of the models' recordings, slowly.
        gain_db: a fixed gain, -12 to 30; with ``auto_gain``, the gain to begin with.
    """

    high_pass_hz: int = 80
    auto_gain: bool = True
    gain_db: int = 0

    @classmethod
    def off(cls) -> Conditioning:
        """Leave every sample as it is."""
        return cls(high_pass_hz=0, auto_gain=False, gain_db=0)

    @property
    def steps(self) -> list[str]:
        """The same in words, for ``header["conditioning"]``; empty if nothing is done."""
        steps = []
        if self.high_pass_hz:
            steps.append(f"high-pass {self.high_pass_hz} Hz (Butterworth, order 4)")
        if self.auto_gain:
            steps.append(f"automatic gain from {self.gain_db:+d} dB ({LEAST_DB:+.0f} to {MOST_DB:+.0f} dB)")
        elif self.gain_db:
            steps.append(f"gain {self.gain_db:+d} dB")
        return steps


class Conditioner:
    """Applies a ``Conditioning`` hop by hop; deterministic. The gain glides within a hop and never steps."""

    def __init__(self, conditioning: Conditioning) -> None:
        self._high_pass = HighPass(conditioning.high_pass_hz) if conditioning.high_pass_hz else None
        self._automatic = AutomaticGain(conditioning.gain_db) if conditioning.auto_gain else None
        self._off = not conditioning.steps
        self._factor = 10 ** (conditioning.gain_db / 20)
        self.gain_db = float(conditioning.gain_db)

    def step(self, pcm: Pcm) -> Pcm:
        """(160,) int16 -> (160,) int16, rounded and saturated; the same array where all is off."""
        if self._off:
            return pcm
        samples = pcm.astype(np.float64)
        if self._high_pass is not None:
            samples = self._high_pass.step(samples)
        before = self._factor
        if self._automatic is not None and (gain_db := self._automatic.step(samples)) != self.gain_db:
            self.gain_db = gain_db
            self._factor = 10 ** (gain_db / 20)
        if before != self._factor:
            samples *= before + (self._factor - before) * _RISE
        elif before != 1:
            samples *= before
        np.rint(samples, out=samples)
        np.minimum(samples, 32767, out=samples)
        np.maximum(samples, -32768, out=samples)
        return samples.astype(np.int16)


class ConditionedSource(Source):
    """A source whose sound is conditioned; all else is the source's own."""

    def __init__(self, source: Source, conditioning: Conditioning) -> None:
        self._source = source
        self._steps = conditioning.steps
        self._conditioner = Conditioner(conditioning)
        self.duration_s = source.duration_s

    @property
    def description(self) -> str:  # type: ignore[override]
        """The source's own."""
        return self._source.description

    @property
    def header(self) -> dict[str, object]:  # type: ignore[override]
        """The source's own, with the steps added to what it did itself."""
        before = self._source.header.get("conditioning")
        return {
            **self._source.header,
            "conditioning": [*(before if isinstance(before, list) else []), *self._steps],
        }

    @property
    def state(self) -> str:  # type: ignore[override]
        """The source's own."""
        return self._source.state

    @property
    def reconnects(self) -> int:  # type: ignore[override]
        """The source's own."""
        return self._source.reconnects

    @property
    def dropped_hops(self) -> int:
        """The source's own."""
        return self._source.dropped_hops

    @property
    def gain_db(self) -> float:
        """The present gain."""
        return self._conditioner.gain_db

    def __iter__(self) -> Iterator[Frame]:
        """Yield the source's frames with conditioned ``pcm``."""
        step = self._conditioner.step
        for frame in self._source:
            yield frame.having(pcm=step(frame.pcm))

    def avoid_own_playback(self) -> None:
        """Hand it on to the source."""
        self._source.avoid_own_playback()

    def close(self) -> None:
        """Close the source."""
        self._source.close()


def conditioned(source: Source, conditioning: Conditioning) -> Source:
    """Wrap a source so that its sound is conditioned; the source itself where there is nothing to do."""
    return ConditionedSource(source, conditioning) if conditioning.steps else source
