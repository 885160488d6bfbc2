"""What people may ask of a running line, done by the line's own thread between two hops."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from mandible.device.daemon.rest import Hush, Rest
from mandible.device.frames import Frame
from mandible.device.pipeline import Sink
from mandible.firmware_bridge.rig import Rig

# Takes None when a wish has been carried out, else one line that says why it was not. Must not block.
Answer = Callable[[str | None], None]
Action = Callable[[], None]

MOST_WAITING = 32
BUSY = "too many wishes are waiting already; try again"


class Controls:
    """Wraps both ends of a line: ``drive(controls.between(source), line, [controls.to(sinks)])``.

    ``source`` is the ``Interruptible`` one, so that a signal never tears an action apart. The line's motion
    begins with ``hush`` (also after ``Line.adopt``). Wishes may come from any thread and from signal
    handlers; nothing here waits or holds a lock.

    Attributes:
        hush: the stage that silences the mouth.
        newest: the latest finished frame.
        hops: finished frames so far.
        on_stop: makes the source end, from any thread (``Interruptible.stop``).
        on_reload: begins to read the rig again (``Reload.ask``); None where there is none.
        beat: called after every hop (``Notifier.beat``).
    """

    def __init__(self, rig: Rig | None = None) -> None:
        """``rig``: what the line moves, if anything."""
        self.hush = Hush()
        self.newest: Frame | None = None
        self.hops = 0
        self.on_stop: Action | None = None
        self.on_reload: Callable[[Answer], None] | None = None
        self.beat: Action | None = None
        self._rest = None if rig is None else Rest(rig)
        self._mode = "live"
        self._stopped = False
        # Appending to and taking from a deque are atomic: a lock here could be held when a signal comes.
        self._waiting: deque[Action] = deque()

    @property
    def mode(self) -> str:
        """``live``, ``muted`` (the mouth rests) or ``parked`` (nothing moves, servos are let go)."""
        return self._mode

    @property
    def actions(self) -> Mapping[str, Callable[[Answer], None]]:
        """Everything that can be asked for, by its name on the control socket."""
        return {
            "mute": lambda answer: self._ask("muted", answer),
            "unmute": lambda answer: self._ask("live", answer),
            "park": lambda answer: self._ask("parked", answer),
            "stop": self._ask_to_stop,
            "reload": self._ask_to_reload,
        }

    def post(self, action: Action) -> bool:
        """Queue what is to be done between two hops; False where too much is waiting already."""
        if len(self._waiting) >= MOST_WAITING:
            return False
        self._waiting.append(action)
        return True

    def stop(self) -> None:
        """End the line after the present hop."""
        self._stopped = True
        if self.on_stop is not None:
            self.on_stop()

    def reload(self) -> None:
        """Read the rig again, if there is one; for signal handlers, which want no answer."""
        self._ask_to_reload(lambda _complaint: None)

    def set_mode(self, mode: str) -> None:
        """Take a mode at once; to be called by the line's thread, or before it runs."""
        self._mode = mode
        self.hush.on = mode != "live"
        if self._rest is not None:
            self._rest.on = mode == "parked"

    def between(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Pass frames on; what is waiting is done before the line sees the next one."""
        for frame in frames:
            self._do_waiting()
            if self._stopped:
                return
            yield frame

    def to(self, sinks: Sequence[Sink]) -> Sink:
        """Return one sink that hands every finished frame to ``sinks``, at rest where that is wanted."""

        def write(frame: Frame) -> None:
            if self._rest is not None:
                frame = self._rest.step(frame)
            self.newest = frame
            self.hops += 1
            for sink in sinks:
                sink(frame)
            if self.beat is not None:
                self.beat()

        return write

    def _do_waiting(self) -> None:
        # No more than was waiting at the start: actions that queue others cannot hold the line up.
        for _ in range(len(self._waiting)):
            with suppress(IndexError):
                self._waiting.popleft()()

    def _ask(self, mode: str, answer: Answer) -> None:
        def act() -> None:
            self.set_mode(mode)
            answer(None)

        if not self.post(act):
            answer(BUSY)

    def _ask_to_stop(self, answer: Answer) -> None:
        answer(None)
        self.stop()

    def _ask_to_reload(self, answer: Answer) -> None:
        if self.on_reload is None:
            answer("there is no rig to read again; start with --rig FILE")
        else:
            self.on_reload(answer)
