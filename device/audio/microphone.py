"""A live microphone through PyAudio."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from mandible.device.audio.capture_ring import Block, CaptureRing
from mandible.device.audio.conform import Conformer, conditioning
from mandible.device.audio.portaudio import (
    LIST_THEM,
    capture_settings,
    choose,
    list_microphones,
    open_portaudio,
    silent_libraries,
)
from mandible.device.audio.samples import SampleFormat, to_mono
from mandible.device.audio.source import Source
from mandible.device.frames import HOP_MS, HOP_SAMPLES, SAMPLE_RATE_HZ, Frame
from mandible.errors import DeviceError

BLOCKS_PER_S = 1000 // HOP_MS
RING_BLOCKS = BLOCKS_PER_S  # One second: older sound is of no use to a mouth.
SILENCE_LIMIT_S = 5.0


class MicrophoneSource(Source):
    """Captures blocks of 10 ms; ``captured_ns`` is the time at which the audio callback delivered them.

    What the sound server and the driver held back before that is not in the stamp. A device that cannot give
    16 kHz is opened at its own rate and resampled, which costs about 40 ms more; the stamps account for it.
    """

    def __init__(self, name: str | None = None) -> None:
        pyaudio, self._audio = open_portaudio()
        self._stream: Any = None
        try:
            microphone = choose(list_microphones(self._audio), name)
            self._rate_hz, self._channels = capture_settings(pyaudio, self._audio, microphone)
        except BaseException:
            self._audio.terminate()
            raise
        self._microphone = microphone
        self._pyaudio = pyaudio
        self._ring = CaptureRing(RING_BLOCKS)
        self._overflows = 0
        self.description = f"microphone {microphone.name} ({self._rate_hz} Hz, {self._channels} ch)"
        self.header = {
            "source": f"mic:{microphone.name}",
            "sample_rate_hz": self._rate_hz,
            "channels": self._channels,
            "sample_format": "int16",
            "conditioning": conditioning(self._rate_hz, self._channels, "int16"),
        }

    @property
    def dropped_hops(self) -> int:
        """Blocks the ring had to forget, plus one for each overflow that the driver reported."""
        return self._ring.dropped_blocks + self._overflows

    def __iter__(self) -> Iterator[Frame]:
        """Start capturing and yield frames until the source is closed.

        Raises:
            DeviceError: the microphone cannot be opened, or stopped giving sound.
        """
        self.start()
        conformer = Conformer(self._rate_hz)
        taken_samples = hops = lost_blocks = next_sequence = 0
        while (block := self._next_block()) is not None:
            lost_blocks += block.sequence - next_sequence
            next_sequence = block.sequence + 1
            mono = to_mono(block.raw, SampleFormat.INT16, self._channels)
            taken_samples += len(mono)
            for pcm in conformer.push(mono):
                hops += 1
                # A block's stamp belongs to its last sample; this hop's last sample lies this much before it.
                behind_s = taken_samples / self._rate_hz - hops * HOP_SAMPLES / SAMPLE_RATE_HZ
                yield Frame(hops - 1 + lost_blocks, block.captured_ns - round(behind_s * 1e9), pcm)

    def close(self) -> None:
        """Stop capturing and release the device."""
        self._ring.close()
        if self._audio is None:
            return
        with silent_libraries():
            if self._stream is not None:
                self._stream.close()
            self._audio.terminate()
        self._stream = self._audio = None

    def start(self) -> None:
        """Begin to capture; iterating does it too.

        Raises:
            DeviceError: the microphone cannot be opened.
        """
        if self._audio is None:
            raise DeviceError(f"mic:{self._microphone.name}: the microphone was closed: open it again")
        if self._stream is not None:
            return
        keep_going = (None, self._pyaudio.paContinue)
        overflow_flag = self._pyaudio.paInputOverflow

        # Runs in the audio thread: copy, stamp, return.
        def on_block(raw: bytes, _count: int, _times: object, status: int) -> tuple[None, int]:
            if status & overflow_flag:
                self._overflows += 1
            self._ring.put(raw, time.monotonic_ns())
            return keep_going

        with silent_libraries():
            try:
                self._stream = self._audio.open(
                    format=self._pyaudio.paInt16,
                    channels=self._channels,
                    rate=self._rate_hz,
                    input=True,
                    input_device_index=self._microphone.index,
                    frames_per_buffer=self._rate_hz // BLOCKS_PER_S,
                    stream_callback=on_block,
                )
            except OSError as error:
                raise DeviceError(
                    f"mic:{self._microphone.name}: cannot be opened ({error}): another program may hold it; "
                    f"close that, or choose another microphone ({LIST_THEM})"
                ) from None

    def _next_block(self) -> Block | None:
        block = self._ring.take(SILENCE_LIMIT_S)
        if block is None and not self._ring.closed:
            raise DeviceError(
                f"mic:{self._microphone.name}: no sound arrived for {SILENCE_LIMIT_S:.0f} s: "
                f"it may have been unplugged ({LIST_THEM})"
            )
        return block
