"""The other end of the control socket: one request, one answer, or a stream of them."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from mandible.device.daemon.control_socket import DEFAULT_HZ, request_line
from mandible.device.daemon.socket_place import FOLDER, NAME, default_path
from mandible.device.daemon.unit_file import checked_name
from mandible.errors import DeviceError, InputError
from mandible.own_command import own_command
from mandible.wording import shortened

# Longer than the server takes to say that the line waits for sound.
ANSWER_S = 8.0
_LONGEST_LINE_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 16


def places(name: str = FOLDER) -> list[Path]:
    """Return where a running line's socket may be: this user's own, then the system service's."""
    system = Path("/run") / name / NAME
    session = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}") / name / NAME
    # A line that was started by hand has no name: who asks for one means another.
    own = [default_path()] if name == FOLDER else []
    return list(dict.fromkeys([*own, session, system]))


def find(name: str = FOLDER) -> Path:
    """Return the socket of the line that runs under that name.

    Raises:
        InputError: no service can be called so.
        DeviceError: none runs.
    """
    checked_name(name)
    looked = places(name)
    for path in looked:
        try:
            if path.exists():
                return path
        except PermissionError:  # the folder is its owner's alone: there is one
            return path
    if name != FOLDER:
        places_named = " and ".join(str(path.parent) for path in looked)
        raise DeviceError(
            f"no service called {name} runs (looked in {places_named}); start one with: "
            f"mandible service install --name {name} -- RUN OPTIONS"
        )
    raise DeviceError(
        f"nothing runs that could be asked (no {looked[0]}); start one with: mandible run --service, "
        "or --control PATH to name its socket"
    )


class ControlClient:
    """A connection to a running line. A context manager."""

    def __init__(self, path: Path, timeout_s: float = ANSWER_S) -> None:
        """Connect.

        Raises:
            DeviceError: nobody listens there, or only another user may ask.
        """
        self._path = path
        self._received = b""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_s)
        try:
            self._socket.connect(str(path))
        except PermissionError:
            self._socket.close()
            sudo = f"{own_command(sudo=True)} ..."
            raise DeviceError(f"{path}: belongs to another user; run {sudo}") from None
        except (OSError, ValueError) as error:
            self._socket.close()
            reason = (getattr(error, "strerror", None) or str(error)).lower()
            raise DeviceError(f"{path}: nothing runs that could be asked ({reason})") from None

    def __enter__(self) -> ControlClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up. Closing twice is harmless."""
        self._socket.close()

    def ask(self, do: str, **values: object) -> dict[str, Any]:
        """Return the answer to a request.

        Raises:
            InputError: the line refused, in its words.
            DeviceError: it is gone, or does not answer.
        """
        with suppress(OSError):  # it may have said why before it hung up
            self._socket.sendall(request_line(do, **values))
        return self._answer()

    def watch(self, hz: float = DEFAULT_HZ) -> Iterator[dict[str, Any]]:
        """Yield a status about ``hz`` times a second (1 to 20) until the line ends."""
        answer = self.ask("watch", hz=hz)
        while True:
            yield dict(answer.get("status") or {})
            try:
                answer = self._answer()
            except DeviceError:
                return

    def _answer(self) -> dict[str, Any]:
        while b"\n" not in self._received:
            try:
                data = self._socket.recv(_CHUNK_BYTES)
            except OSError:
                data = b""
            if not data or len(self._received) > _LONGEST_LINE_BYTES:
                raise DeviceError(f"{self._path}: the line that runs does not answer")
            self._received += data
        line, _, self._received = self._received.partition(b"\n")
        try:
            answer = json.loads(line)
            granted, error = answer["ok"], answer.get("error")
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
            raise DeviceError(f"{self._path}: what answers there is no mandible") from None
        if not granted:
            raise InputError(shortened(str(error), 400))
        return dict(answer)
