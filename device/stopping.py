"""Ending a live line between two hops on a signal, so that files close and the mouth parks.

The signals are Ctrl-C, SIGTERM and the hang-up of a closed terminal. For a service, which has no terminal, a
hang-up means by custom: read your settings again.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from types import FrameType, TracebackType
from typing import Any

from mandible.device.frames import Frame

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopOnce:
    """While entered, the first signal raises KeyboardInterrupt, and no later one does anything.

    What is put away on the way out, a mouth that parks above all, is so put away whole, however often
    somebody presses Ctrl-C.

    Attributes:
        stopping: set it where the end begins without a signal.
    """

    def __init__(self) -> None:
        self.stopping = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> StopOnce:
        self._before = _handled_by(self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, stack: FrameType | None) -> None:
        if not self.stopping:
            self.stopping = True
            raise KeyboardInterrupt


def _handled_by(
    handler: Callable[[int, FrameType | None], None], hangup: bool = False
) -> dict[signal.Signals, Any]:
    """Install ``handler``; return those before it. An ignored signal stays so, except a ``hangup`` wanted."""
    wanted = [
        number
        for number in SIGNALS
        if signal.getsignal(number) is not signal.SIG_IGN or (number is signal.SIGHUP and hangup)
    ]
    return {number: signal.signal(number, handler) for number in wanted}


class Interruptible:
    """Iterates a source until it ends or a signal asks to stop.

    A signal never tears a hop apart: while the line works on one, the wish to stop is only noted.
    While waiting for the source it takes effect at once, however long the source would have blocked.
    """

    def __init__(
        self,
        frames: Iterable[Frame],
        on_hangup: Callable[[], None] | None = None,
        once: StopOnce | None = None,
    ) -> None:
        """Take the source.

        Args:
            frames: the source.
            on_hangup: what SIGHUP does instead of stopping; called in a signal handler, must not block.
            once: told of a signal, so that a second one does not disturb the end.
        """
        self._once = once
        self._frames = iter(frames)
        self._on_hangup = on_hangup
        self._waiting = False
        self._stop = False
        self._entered = False
        # Taken by other threads that signal, and by the one that puts the handlers back; by no handler.
        self._leaving = threading.Lock()

    def __enter__(self) -> Interruptible:
        # One that is ignored stays so: nohup means it. A service's hang-up is no terminal's, so it is heard.
        self._before = _handled_by(self._on_signal, hangup=self._on_hangup is not None)
        self._entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._leaving:
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
        with self._leaving:
            if self._waiting and self._entered:
                # Only a signal ends a wait for the source, and only the main thread handles signals.
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

    def _on_signal(self, number: int, stack: FrameType | None) -> None:
        if number == signal.SIGHUP and self._on_hangup is not None:
            self._on_hangup()
            return
        self._stop = True
        if self._once is not None:
            self._once.stopping = True
        if self._waiting:
            # A second signal must not tear what the first one makes the source close.
            self._waiting = False
            raise KeyboardInterrupt
