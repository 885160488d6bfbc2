"""A live microphone, which may go away and come back."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from mandible.device.audio.capture_keeper import CaptureKeeper
from mandible.device.audio.capture_messages import Found, Message, Problem, Started
from mandible.device.audio.capture_process import Wish
from mandible.device.audio.capture_ring import Block
from mandible.device.audio.conform import conditioning
from mandible.device.audio.portaudio import LIST_THEM, PYAUDIO_MISSING, pyaudio_is_there
from mandible.device.audio.source import LISTENING, Source
from mandible.device.audio.timeline import Timeline
from mandible.device.frames import HOP_MS, SAMPLE_RATE_HZ, Frame
from mandible.errors import DeviceError

BLOCKS_PER_S = 1000 // HOP_MS
RING_BLOCKS = BLOCKS_PER_S  # One second: older sound is of no use to a mouth.
FIRST_OPENING_NS = 20_000_000_000


class MicrophoneSource(Source):
    """Captures blocks of 10 ms in a process of its own; ``captured_ns`` is when the audio callback had them.

    What the sound server and the driver held back before that is not in the stamp. A device that cannot give
    16 kHz is opened at its own rate and resampled, which costs about 40 ms more; the stamps account for it.

    A device that is lost (unplugged, its server killed or stuck) is silence in real time from 0.25 s on, with
    ``state`` saying why, until it is back, found by the same name. ``header`` describes the device that was
    opened last.

    Args:
        name: the device's name or a part of it; None for the default one.
        patient: wait for a device that is not there yet instead of raising an error.

    Raises:
        DeviceError: PyAudio is missing; or, unless patient, no such device.
    """

    def __init__(self, name: str | None = None, patient: bool = False) -> None:
        if not pyaudio_is_there():
            raise DeviceError(PYAUDIO_MISSING)
        self._wish = f"mic:{name}" if name else "mic"
        self._patient = patient
        self._started = self._receiving = self._closed = self._reopened = False
        self._changing = threading.RLock()  # A signal handler may close what it interrupts.
        self._timeline: Timeline | None = None
        self.state = "silent: not listening yet"
        self.description = f"microphone {name or '(default)'}"
        self.header = {"source": self._wish, "sample_format": "int16"}
        self._describe(SAMPLE_RATE_HZ, 1)
        wish = Wish(name, SAMPLE_RATE_HZ, BLOCKS_PER_S, RING_BLOCKS, insist=patient)
        self._keeper = CaptureKeeper(wish, told=patient)
        if not patient:
            try:
                self._await(Found)
            except BaseException:
                self.close()
                raise

    @property
    def dropped_hops(self) -> int:
        """Hops lost in the ring or come too late, plus one for each overflow the driver reported."""
        return 0 if self._timeline is None else self._timeline.dropped_hops

    def start(self) -> None:
        """Begin to capture; iterating does it too.

        Raises:
            DeviceError: the microphone cannot be opened, or was closed.
        """
        if self._closed:
            raise DeviceError(f"{self._wish}: the microphone was closed: open it again")
        if self._started:
            return
        self._started = True
        if not self._patient:
            self._keeper.tell()
            self._await(Started)
        self.state = "silent: no sound has arrived yet"

    def __iter__(self) -> Iterator[Frame]:
        """Start capturing and yield frames until the source is closed.

        Raises:
            DeviceError: the microphone cannot be opened for the first time, and the source is not patient.
        """
        self.start()
        timeline = self._timeline
        if timeline is None:
            timeline = self._timeline = Timeline(time.monotonic_ns())
            timeline.open(self._rate_hz, self._channels)
        while not self._closed:
            yield from self._next(timeline)

    def close(self) -> None:
        """Stop capturing and release the device. Another thread's iteration ends."""
        with self._changing:
            if self._closed:
                return
            self._closed = True
            if self._receiving:
                self._keeper.wake()
            else:
                self._keeper.close()

    def _next(self, timeline: Timeline) -> Iterator[Frame]:
        """Yield what the next message, or none until the next hop is due, amounts to."""
        message = self._receive(timeline.due_ns)
        if isinstance(message, Block):
            if self.state != LISTENING:
                self.reconnects += self._reopened
                self._reopened = False
                self.state = LISTENING
            yield from timeline.hear(message, time.monotonic_ns())
        elif isinstance(message, Found):
            self._describe(message.rate_hz, message.channels, message.name)
            timeline.open(message.rate_hz, message.channels)
            self._reopened = timeline.heard
        elif isinstance(message, Problem):
            self.state = f"silent: {message.text}"
        elif message is None and not self._closed and time.monotonic_ns() >= timeline.due_ns:
            if self.state == LISTENING:
                self.state = f"silent: {self._wish}: no sound arrives"
            yield from timeline.silence(time.monotonic_ns())

    def _receive(self, until_ns: int) -> Message | None:
        """Receive from the keeper, and close it afterwards where another thread wished so meanwhile."""
        with self._changing:
            if self._closed:
                return None
            self._receiving = True
        try:
            return self._keeper.receive(until_ns)
        finally:
            with self._changing:
                self._receiving = False
                if self._closed:
                    self._keeper.close()

    def _await(self, wanted: type[Found | Started]) -> None:
        """Wait for the first process to find, or to open, the device."""
        limit_ns = time.monotonic_ns() + FIRST_OPENING_NS
        message = self._receive(limit_ns)
        if isinstance(message, Found):
            self._describe(message.rate_hz, message.channels, message.name)
        if isinstance(message, Problem):
            raise DeviceError(message.text)
        if not isinstance(message, wanted):
            raise DeviceError(f"{self._wish}: the sound system does not answer ({LIST_THEM})")

    def _describe(self, rate_hz: int, channels: int, name: str | None = None) -> None:
        self._rate_hz, self._channels = rate_hz, channels
        if name is not None:
            self.description = f"microphone {name} ({rate_hz} Hz, {channels} ch)"
            self.header["source"] = f"mic:{name}"
        self.header["sample_rate_hz"] = rate_hz
        self.header["channels"] = channels
        self.header["conditioning"] = conditioning(rate_hz, channels, "int16")
