"""A loudspeaker that a test can break in every way; it stands where PyAudio would.

No real sound system fails on demand in the calls that look around.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

BLOCK_S = 0.01


class StandInLoudspeaker:
    """Looks like the ``pyaudio`` module, with one loudspeaker called ``box``.

    Attributes:
        broken: names of the calls that raise OSError from now on, as PortAudio's do.
        failed: how often they did.
    """

    paInt16, paContinue, paOutputUnderflow = 8, 0, 4

    def __init__(self) -> None:
        self.broken: frozenset[str] = frozenset()
        self.failed = 0
        self.streams: list[_Stream] = []

    def PyAudio(self) -> StandInLoudspeaker:  # noqa: N802  # PyAudio's own spelling
        """The module's class; this object plays both."""
        self.may("start")
        return self

    def get_default_output_device_info(self) -> dict[str, Any]:
        """The one there is."""
        return self.get_device_info_by_index(0)

    def get_device_count(self) -> int:
        """One."""
        self.may("count")
        return 1

    def get_device_info_by_index(self, index: int) -> dict[str, Any]:
        """What PortAudio tells about it."""
        return {"index": index, "name": "box", "maxOutputChannels": 1, "defaultSampleRate": 16_000.0}

    def is_format_supported(self, *_: object, **__: object) -> bool:
        """Everything."""
        return True

    def open(self, **settings: Any) -> _Stream:
        """Begin to ask for sound."""
        self.may("open")
        self.streams.append(_Stream(self, settings["stream_callback"], settings["frames_per_buffer"]))
        return self.streams[-1]

    def terminate(self) -> None:
        """Release everything."""
        self.may("terminate")

    def may(self, call: str) -> None:
        """Raise OSError where a call is broken."""
        if call in self.broken:
            self.failed += 1
            raise OSError(-9999, "Unanticipated host error")


class _Stream:
    def __init__(self, owner: StandInLoudspeaker, callback: Callable[..., Any], frames: int) -> None:
        self._owner, self._callback, self._frames = owner, callback, frames
        self._closed = False
        threading.Thread(target=self._run, daemon=True).start()

    def get_output_latency(self) -> float:
        return 0.02

    def is_active(self) -> bool:
        self._owner.may("is_active")
        return True

    def close(self) -> None:
        self._closed = True
        self._owner.may("close")

    def _run(self) -> None:
        times = {"output_buffer_dac_time": 1.02, "current_time": 1.0}
        while not self._closed:
            self._callback(None, self._frames, times, 0)
            time.sleep(BLOCK_S)
