"""Looks at the computer's heat and power now and then, so that nobody who asks has to wait for it."""

from __future__ import annotations

import threading
from types import TracebackType

from mandible.device.telemetry import Reading, Telemetry
from mandible.stop_flag import StopFlag

PAUSE_S = 2.0
JOIN_S = 5.0


class MachineWatch:
    """A thread that keeps the latest reading. A context manager.

    Attributes:
        latest: None until the first look.
    """

    def __init__(self) -> None:
        self.latest: Reading | None = None
        self._ended = StopFlag()
        self._thread = threading.Thread(target=self._run, name="machine watch", daemon=True)

    def _run(self) -> None:
        telemetry = Telemetry()
        try:
            while not self._ended.is_set():
                self.latest = telemetry.read()
                self._ended.wait(PAUSE_S)
        finally:
            telemetry.close()

    def __enter__(self) -> MachineWatch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(JOIN_S)
