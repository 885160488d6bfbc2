"""Ending a live line between two hops on a signal, so that files close and the mouth parks.

The signals are Ctrl-C, SIGTERM and the hang-up of a closed terminal. For a service, which has no terminal, a
hang-up means by custom: read your settings again.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from types import FrameType, TracebackType

from mandible.device.frames import Frame

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruptible:
    """Iterates a source until it ends or a signal asks to stop.

    A signal never tears a hop apart: while the line works on one, the wish to stop is only noted.
    While waiting for the source it takes effect at once, however long the source would have blocked.
    """

    def __init__(self, frames: Iterable[Frame], on_hangup: Callable[[], None] | None = None) -> None:
        """``on_hangup``: what SIGHUP does instead of stopping; called in a signal handler, must not block."""
        self._frames = iter(frames)
        self._on_hangup = on_hangup
        self._waiting = False
        self._stop = False
        self._entered = False

    def __enter__(self) -> Interruptible:
        # One that is ignored stays so: nohup means it. A service's hang-up is no terminal's, so it is heard.
        wanted = [
            number
            for number in SIGNALS
            if signal.getsignal(number) is not signal.SIG_IGN
            or (number is signal.SIGHUP and self._on_hangup is not None)
        ]
        self._before = {number: signal.signal(number, self._on_signal) for number in wanted}
        self._entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._entered = False
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def __iter__(self) -> Iterator[Frame]:
        while not self._stop:
            try:
                self._waiting = True
                if self._stop:  # between the last look and this one
                    return
                frame = next(self._frames)
                self._waiting = False
            except (StopIteration, KeyboardInterrupt):
                return
            finally:
                self._waiting = False
            yield frame

    def stop(self) -> None:
        """Stop as SIGTERM does; any thread may ask."""
        self._stop = True
        if self._waiting and self._entered:
            # Only a signal ends a wait for the source, and only the main thread handles signals.
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

    def _on_signal(self, number: int, stack: FrameType | None) -> None:
        if number == signal.SIGHUP and self._on_hangup is not None:
            self._on_hangup()
            return
        self._stop = True
        if self._waiting:
            raise KeyboardInterrupt
