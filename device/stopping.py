"""Ending a live line on Ctrl-C or SIGTERM between two hops, so that files close and the mouth parks."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from types import FrameType, TracebackType

from mandible.device.frames import Frame

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruptible:
    """Iterates a source until it ends or a signal asks to stop.

    A signal never tears a hop apart: while the line works on one, the wish to stop is only noted.
    While waiting for the source it takes effect at once, however long the source would have blocked.
    """

    def __init__(self, frames: Iterable[Frame]) -> None:
        self._frames = iter(frames)
        self._waiting = False
        self._stop = False

    def __enter__(self) -> Interruptible:
        self._before = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def __iter__(self) -> Iterator[Frame]:
        while not self._stop:
            try:
                self._waiting = True
                frame = next(self._frames)
                self._waiting = False
            except (StopIteration, KeyboardInterrupt):
                return
            finally:
                self._waiting = False
            yield frame

    def _on_signal(self, number: int, stack: FrameType | None) -> None:
        self._stop = True
        if self._waiting:
            raise KeyboardInterrupt
