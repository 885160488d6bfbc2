"""The voice to a loudspeaker, late by as much as the mouth is, so that both come together."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType

from mandible.device.frames import SAMPLE_RATE_HZ, Frame
from mandible.device.speaker.delayed_voice import DelayedVoice
from mandible.device.speaker.output import PLAYING, Give, Output, OutputFormat
from mandible.errors import InputError

MOST_DELAY_MS = 2000
LINGER_S = 0.05


@dataclass(frozen=True, slots=True)
class SpeakerStatus:
    """How a loudspeaker stands at one moment; counts run from its start.

    Attributes:
        name: the device's.
        state: ``playing``, or ``silent: `` and why.
        delay_ms: from a sample's capture to the loudspeaker, as asked for.
        held_ms: the same as measured, by the device's own word about ``latency_ms``; None while none plays.
            It is more than was asked for where the device itself holds too much.
        latency_ms: what the device holds itself, a part of both.
        underruns: times at which sound was due that had not come, or came too late for the device; silence
            took its place.
        corrections: hops made one sample longer or shorter, to hold the delay between two clocks.
        leaps: greater moves, after a stall or lost hops.
        overruns: hops that the device had no room for.
        reconnects: times the device came back.
    """

    name: str
    state: str
    delay_ms: float
    held_ms: float | None
    latency_ms: float
    underruns: int
    corrections: int
    leaps: int
    overruns: int
    reconnects: int


class Speaker:
    """A sink that plays ``frame.pcm`` so that it is heard ``delay_ms`` after its capture.

    ``delay_ms`` counts to the ear: what the device itself holds is part of it. It needs frames whose
    ``captured_ns`` follow the clock: live sources, and recordings read in real time.

    Raises:
        InputError: a delay outside 0..2000 ms.
        DeviceError: PyAudio or the loudspeaker is missing (unless ``patient``: then it is waited for). One
            that is lost later is only silent until it is back.
    """

    def __init__(self, name: str | None, delay_ms: float, patient: bool = False) -> None:
        if not 0 <= delay_ms <= MOST_DELAY_MS:
            raise InputError(f"a speaker delay of {delay_ms} ms: give 0 to {MOST_DELAY_MS}, or auto")
        self._delay_ms = delay_ms
        self._voice: DelayedVoice | None = None
        # What the voices of earlier openings counted.
        self._past = (0, 0, 0, 0)
        self._output = Output(name, SAMPLE_RATE_HZ, 1, self._prepare, patient=patient)

    def write(self, frame: Frame) -> None:
        """Take a hop; never waits."""
        if self._voice is not None:
            self._voice.write(frame)

    def status(self) -> SpeakerStatus:
        """Return a snapshot of how things stand."""
        form = self._output.format
        held_ms = self._held_ms()
        underruns, corrections, leaps, overruns = self._totals()
        return SpeakerStatus(
            name=form.name,
            state=self._output.state,
            delay_ms=self._delay_ms,
            held_ms=None if held_ms is None else round(held_ms, 2),
            latency_ms=round(self._output.latency_ms, 2),
            underruns=underruns + self._output.late_blocks,
            corrections=corrections,
            leaps=leaps,
            overruns=overruns,
            reconnects=self._output.reconnects,
        )

    def close(self) -> None:
        """Fall silent and release the device."""
        self._output.close()

    def __enter__(self) -> Speaker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._held_ms() is not None:
            # What was said last has yet to be heard.
            self._output.linger(self._delay_ms / 1000 + LINGER_S)
        self.close()

    def _held_ms(self) -> float | None:
        # A device that was lost asks for nothing any more, so the voice cannot know.
        if self._voice is None or self._output.state != PLAYING:
            return None
        return self._voice.held_ms

    def _prepare(self, form: OutputFormat) -> Give:
        self._past = self._totals()
        voice = DelayedVoice(self._delay_ms, form.rate_hz, form.channels)
        self._voice = voice
        return voice.give

    def _totals(self) -> tuple[int, int, int, int]:
        """Under-runs, corrections, leaps and over-runs so far."""
        past, now = self._past, self._voice
        if now is None:
            return past
        return (
            past[0] + now.underruns,
            past[1] + now.corrections,
            past[2] + now.leaps,
            past[3] + now.overruns,
        )
