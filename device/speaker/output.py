"""A loudspeaker that asks for its sound: opened by name, and opened again after it was lost."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mandible.device.audio.portaudio import start_portaudio
from mandible.device.speaker.library_words import hush_libraries
from mandible.device.speaker.loudspeakers import choose_loudspeaker, list_loudspeakers, playback_settings
from mandible.device.speaker.playback_ring import Block
from mandible.errors import DeviceError
from mandible.stop_flag import StopFlag, ended_within

PLAYING = "playing"
LOOK_S = 0.1
# A device that has asked for nothing in this many looks is gone, or hangs.
DEAF_LOOKS = 10
FIRST_RETRY_S = 0.1
LONGEST_RETRY_S = 1.0
JOIN_S = 3.0
LONGEST_LATENCY_S = 5.0


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """How a loudspeaker takes its int16 samples."""

    name: str
    rate_hz: int
    channels: int


# Called in the audio thread with a number of frames, the time, and the time at which the first of them will
# be heard (both monotonic ns); returns (frames, channels) int16.
Give = Callable[[int, int, int], Block]
# Called with the format of a loudspeaker that was just opened; returns what will fill it.
Prepare = Callable[[OutputFormat], Give]


class Output:
    """Keeps one loudspeaker playing what ``prepare`` provides, in a thread of its own.

    Args:
        name: the loudspeaker's name or part of it; None is the default one.
        rate_hz, channels: what is wanted; a device that cannot gives its own, and ``prepare`` hears of it.
        prepare: called for every opening of the device.
        block_ms: the device asks for so much at once; more survives a busier computer, and comes later.
        patient: wait for a device that is not there yet.

    Attributes:
        format: of the latest opening.
        latency_ms: from being asked for a sample to hearing it, as last seen.
        late_blocks: times at which the device ran dry because this process was too slow to answer it.
        state: ``playing``, or ``silent: `` and why.
        reconnects: how often the device came back.

    Raises:
        DeviceError: PyAudio or the loudspeaker is missing at first (unless ``patient``). Later it is only
            tried again.
    """

    def __init__(
        self,
        name: str | None,
        rate_hz: int,
        channels: int,
        prepare: Prepare,
        *,
        block_ms: int = 10,
        patient: bool = False,
    ) -> None:
        self._name = name
        self._wanted = (rate_hz, channels)
        self._prepare = prepare
        self._block_ms = block_ms
        self._asked = 0
        self._audio: Any = None
        self._stream: Any = None
        self._stopping = StopFlag()
        self.reconnects = 0
        self.latency_ms = 0.0
        self.late_blocks = 0
        self.state = PLAYING
        try:
            self.format = self._open()
        except DeviceError as error:
            if not patient:
                raise
            self.format = OutputFormat(name or "default", rate_hz, channels)
            self.state = f"silent: {error}"
        self._thread = threading.Thread(target=self._keep, name="loudspeaker", daemon=True)
        self._thread.start()

    def linger(self, longest_s: float) -> None:
        """Play on for a while before the end."""
        self._stopping.wait(longest_s)

    def close(self) -> None:
        """Stop at once and release the device."""
        self._stopping.set()
        ended_within(self._thread, JOIN_S)

    def _open(self) -> OutputFormat:
        hush_libraries()
        pyaudio, self._audio = start_portaudio("loudspeaker")
        try:
            speaker = choose_loudspeaker(list_loudspeakers(self._audio), self._name)
            rate_hz, channels = playback_settings(pyaudio, self._audio, speaker, *self._wanted)
            return self._begin(pyaudio, speaker.index, speaker.name, rate_hz, channels)
        except (OSError, ValueError) as error:
            # Looking around fails with these where a sound server ends at the wrong moment.
            self._release()
            raise DeviceError(f"no loudspeaker: the sound system fails: {error}") from None
        except BaseException:
            self._release()
            raise

    def _begin(self, pyaudio: Any, index: int, name: str, rate_hz: int, channels: int) -> OutputFormat:
        give: Give | None = None
        keep_going, too_late = pyaudio.paContinue, pyaudio.paOutputUnderflow
        reported_s = 0.0

        # Runs in the audio thread.
        def on_block(
            _raw: bytes | None, count: int, times: Mapping[str, float], status: int
        ) -> tuple[bytes, int]:
            self._asked += 1
            self.late_blocks += bool(status & too_late)
            if give is None:
                return bytes(2 * channels * count), keep_going
            # On the sound system's own clock; where it tells nothing sensible there is still its promise.
            ahead_s = times["output_buffer_dac_time"] - times["current_time"]
            ahead_s = ahead_s if 0 < ahead_s < LONGEST_LATENCY_S else reported_s
            self.latency_ms = 1000 * ahead_s
            now_ns = time.monotonic_ns()
            return give(count, now_ns, now_ns + round(1e9 * ahead_s)).tobytes(), keep_going

        try:
            self._stream = self._audio.open(
                format=pyaudio.paInt16,
                channels=channels,
                rate=rate_hz,
                output=True,
                output_device_index=index,
                frames_per_buffer=max(1, rate_hz * self._block_ms // 1000),
                stream_callback=on_block,
            )
            reported_s = float(self._stream.get_output_latency())
        except OSError as error:
            raise DeviceError(
                f"speaker {name}: cannot be opened ({error}): another program may hold it; close that, "
                "or choose another loudspeaker"
            ) from None
        opened = OutputFormat(name, rate_hz, channels)
        give = self._prepare(opened)
        return opened

    def _release(self) -> None:
        for part, end in ((self._stream, "close"), (self._audio, "terminate")):
            if part is not None:
                with contextlib.suppress(OSError, ValueError):  # it is gone already
                    getattr(part, end)()
        self._stream = self._audio = None

    def _keep(self) -> None:
        retry_s, deaf_looks, asked = FIRST_RETRY_S, 0, self._asked
        while not self._stopping.wait(LOOK_S if self._stream is not None else retry_s):
            if self._stream is None:
                retry_s = min(2 * retry_s, LONGEST_RETRY_S)
                self._reopen()
                deaf_looks = 0
                continue
            deaf_looks = 0 if self._asked != asked else deaf_looks + 1
            asked = self._asked
            if deaf_looks >= DEAF_LOOKS or not self._is_active():
                self.state = f"silent: {self.format.name} takes no more sound"
                self._release()
                retry_s = FIRST_RETRY_S
        self._release()

    def _is_active(self) -> bool:
        try:
            return bool(self._stream.is_active())
        except (OSError, ValueError):
            return False

    def _reopen(self) -> None:
        try:
            self.format = self._open()
        except DeviceError as error:
            self.state = f"silent: {error}"
        else:
            self.reconnects += 1
            self.state = PLAYING
