"""A source behind a connection that may break: silence while it is away, and back by itself."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Iterator

from mandible.device.audio.playout import Playout
from mandible.device.audio.source import Source
from mandible.device.frames import Frame
from mandible.errors import DeviceError
from mandible.stop_flag import StopFlag, ended_within

FIRST_RETRY_S = 0.1
# With the time a connection takes this keeps the way back under two seconds.
LONGEST_RETRY_S = 1.0
JOIN_S = 5.0


class LiveStream(Source):
    """Runs one session after the other in a thread of its own; frames come from a ``Playout`` in real time.

    A subclass implements ``_session``, calls ``_connected`` when sound can come, and ``_start`` at the end of
    its construction.

    Attributes:
        state: ``listening``, or ``silent: `` and why.
        reconnects: how often the connection came back.
    """

    def __init__(self, playout: Playout) -> None:
        self.state = "silent: not connected yet"
        self.reconnects = 0
        self._playout = playout
        self._stopping = StopFlag()
        self._first_connection = StopFlag()
        self._sessions = 0
        self._retry_s = FIRST_RETRY_S
        self._thread: threading.Thread | None = None

    @property
    def dropped_hops(self) -> int:
        """Hops that came too fast, or that the line was too slow for."""
        return self._playout.dropped_hops

    def __iter__(self) -> Iterator[Frame]:
        """Yield a frame every 10 ms until the source is closed; silent ones while there is no sound."""
        return self._playout.frames()

    def close(self) -> None:
        """End the connection."""
        self._stopping.set()
        self._playout.close()
        self._hang_up()
        if self._thread is not None:
            ended_within(self._thread, JOIN_S)

    @abstractmethod
    def _session(self) -> None:
        """Connect, if that has not been done yet, and put hops into the playout until the connection ends.

        Raises:
            OSError, DeviceError, ValueError: why it ended.
        """

    @abstractmethod
    def _hang_up(self) -> None:
        """Make a session that is under way end soon; called from another thread."""

    def _connected(self) -> None:
        self.reconnects += self._sessions > 0
        self._sessions += 1
        self._retry_s = FIRST_RETRY_S
        self.state = "listening"
        self._first_connection.set()

    def _start(self, name: str) -> None:
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._session()
                problem = "the other side ended the connection"
            except (OSError, DeviceError, ValueError, RuntimeError) as error:
                problem = getattr(error, "strerror", None) or str(error) or type(error).__name__
            self.state = f"silent: {problem}"
            self._stopping.wait(self._retry_s)
            self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)
