"""What an audio source is: an iterator of 10 ms frames that can be closed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import TracebackType
from typing import TypeVar

from mandible.device.frames import Frame

SourceT = TypeVar("SourceT", bound="Source")

LISTENING = "listening"


class Source(ABC):
    """Sound as frames with ``index``, ``captured_ns`` and ``pcm`` (160 int16 at 16 kHz) filled in.

    Use it as a context manager: leaving it releases the file, the process or the device.

    Attributes:
        description: one line for people.
        header: what an output file should say about the sound: ``source``, ``sample_rate_hz``, ``channels``,
            ``sample_format`` and ``conditioning``, a list of what was done to it before the line.
        duration_s: length in seconds where it is known beforehand, else None.
        state: "listening", or "silent: WHY" while a live source yields silence because its device is lost.
        reconnects: how often a lost device came back.
    """

    description: str
    header: dict[str, object]
    duration_s: float | None = None
    state: str = LISTENING
    reconnects: int = 0

    @property
    def dropped_hops(self) -> int:
        """Hops lost so far because the consumer, or the device, was too slow.

        Frames after hops that this program lost carry on with the index they would have had; how much
        a device lost that only says "overflow" is not known, so that does not move the index.
        """
        return 0

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Yield frames until the sound ends or the source is closed."""

    def avoid_own_playback(self) -> None:
        """Never hear what this program plays itself; to be called once it has opened a loudspeaker.

        Raises:
            DeviceError: that cannot be had now, with the way out. Sources that hear no playback need nothing.
        """
        return

    @abstractmethod
    def close(self) -> None:
        """Release everything. Closing twice is harmless."""

    def __enter__(self: SourceT) -> SourceT:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
