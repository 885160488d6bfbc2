"""Ending a live line between two hops on a signal, so that files close and the mouth parks.

The signals are Ctrl-C, SIGTERM and the hang-up of a closed terminal.
"""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from types import FrameType, TracebackType

from mandible.device.frames import Frame

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


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
        # One that is ignored stays so: nohup means it.
        wanted = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        self._before = {number: signal.signal(number, self._on_signal) for number in wanted}
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
