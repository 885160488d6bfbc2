"""Writing a rig's limits to a board's permanent memory, on a person's explicit wish."""

from __future__ import annotations

from types import TracebackType

from mandible.errors import DeviceError
from mandible.firmware_bridge.board_report import BoardIdentity
from mandible.firmware_bridge.conversation import converse
from mandible.firmware_bridge.host_clock import now_us
from mandible.firmware_bridge.phase import Phase
from mandible.firmware_bridge.port_url import PortUrl
from mandible.firmware_bridge.ports import open_port
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.session import Session
from mandible.firmware_bridge.stranger import Stranger

_GREETING_S = 5.0
_STORING_S = 10.0
_KNOWN = (Phase.CLOCKING, Phase.READY, Phase.UNCALIBRATED, Phase.REFUSED)


class LimitsWriter:
    """A conversation with the board at a port, for storing limits only: nothing moves."""

    def __init__(self, url: PortUrl, rig: Rig) -> None:
        """Open the port; raise DeviceError with the remedy where that fails."""
        self._url = url
        self._port = open_port(url)
        self._session = Session(rig, now_us())

    def __enter__(self) -> LimitsWriter:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the port."""
        self._port.close()

    def greet(self) -> tuple[BoardIdentity, str | None]:
        """Return the board, and how what it has stored differs from the rig (None: not at all).

        Raises DeviceError where no board answers, or one that cannot hold the rig.
        """
        self._talk_until(_KNOWN, _GREETING_S)
        board = self._session.board
        if self._session.phase is Phase.REFUSED or board is None:
            raise DeviceError(f"{self._url.text}: {self._session.problem}")
        return board, self._session.problem

    def write(self) -> None:
        """Store the limits, after ``greet`` has found a difference, and see that the board reports them.

        Raises DeviceError where it does not.
        """
        self._session.store(now_us())
        self._talk_until((Phase.CLOCKING, Phase.READY, Phase.REFUSED), _STORING_S)
        if self._session.phase is Phase.REFUSED:
            raise DeviceError(f"{self._url.text}: {self._session.problem}")

    def _talk_until(self, phases: tuple[Phase, ...], timeout_s: float) -> None:
        try:
            answered = converse(self._port, self._session, lambda: self._session.phase in phases, timeout_s)
        except OSError as error:
            raise DeviceError(f"{self._url.text}: the port went away; check the cable ({error})") from error
        if not answered:
            self._port.close()
            other = Stranger(self._url).ask()
            if other is not None:
                raise DeviceError(other)
            silent = "the board does not answer; is the mandible firmware on it?"
            raise DeviceError(f"{self._url.text}: {silent}")
