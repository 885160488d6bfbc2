"""The control socket: one JSON object a line each way, over a Unix socket that only its owner may open.

Requests are ``{"do": "status" | "watch" | "mute" | "unmute" | "park" | "reload" | "stop"}``; ``watch`` takes
``"hz"`` as well, 1 to 20. Answers are ``{"ok": true, "do": ..., ...}`` or ``{"ok": false, "error": ...}``;
``status`` and ``watch`` bring ``"status"``, a snapshot. Task page: ``docs/service.md``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from mandible.device.daemon.bounded_client import Client, Limits
from mandible.device.daemon.bounded_server import BoundedServer
from mandible.device.daemon.controls import Answer
from mandible.device.daemon.snapshot import Snapshot
from mandible.device.daemon.socket_place import SocketPlace
from mandible.wording import shortened, shown

MOST_HZ = 20
DEFAULT_HZ = 10
# A line that gets no sound does nothing between two hops; its people are told so, not kept waiting.
ANSWER_S = 5.0
LIMITS = Limits(clients=8, input_bytes=4096, output_bytes=1 << 18, idle_s=30.0, stalled_s=5.0)
_BUSY = "too many clients; end one of them"
_NOT_YET = "the line waits for sound; it will do that with the next hop"


@dataclass(slots=True, eq=False)
class _Wish:
    do: str
    until_s: float


@dataclass(slots=True)
class _Watching:
    pause_s: float
    due_s: float
    dropped: int = 0


class ControlSocket:
    """Serves the socket at ``path`` from a thread of its own. A context manager."""

    def __init__(
        self,
        path: Path,
        snapshot: Callable[[], Snapshot],
        actions: Mapping[str, Callable[[Answer], None]],
        limits: Limits = LIMITS,
    ) -> None:
        """Take the place, serve nothing yet. ``actions``: ``Controls.actions``.

        Raises:
            InputError, DeviceError: as ``SocketPlace``.
        """
        self.path = path
        self._place = SocketPlace(path)
        self._server = _ControlServer(self._place, snapshot, actions, limits)

    def __enter__(self) -> ControlSocket:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Cut everybody off and remove the socket. Closing twice is harmless."""
        self._server.close()
        self._place.close()


class _ControlServer(BoundedServer):
    def __init__(
        self,
        place: SocketPlace,
        snapshot: Callable[[], Snapshot],
        actions: Mapping[str, Callable[[Answer], None]],
        limits: Limits,
    ) -> None:
        super().__init__(place.listener, limits, "control socket")
        self._snapshot = snapshot
        self._actions = actions
        self._watching: dict[Client, _Watching] = {}
        # Wishes not carried out yet, and by when the client is told that it takes longer.
        self._asked: dict[Client, _Wish] = {}

    def busy_answer(self) -> bytes:
        return _line({"ok": False, "error": _BUSY})

    def on_data(self, client: Client) -> None:
        # One wish at a time: what a client sends meanwhile waits, within its bounds.
        while client not in self._asked and not client.gone:
            end = client.received.find(b"\n")
            if end < 0:
                break
            request = bytes(client.received[:end])
            del client.received[: end + 1]
            client.heard()
            self._serve(client, request)
        if len(client.received) > self.limits.input_bytes:
            client.send(_line({"ok": False, "error": "a request has too many bytes"}))

    def wait_s(self, now_s: float) -> float:
        dues = [watching.due_s for watching in self._watching.values()]
        return min([super().wait_s(now_s), *(due_s - now_s for due_s in dues)])

    def on_turn(self, now_s: float) -> None:
        for client in [client for client in self._watching if client.gone]:
            del self._watching[client]
        for client in [client for client in self._asked if client.gone]:
            del self._asked[client]
        for client, wish in list(self._asked.items()):
            if now_s > wish.until_s:
                self._answer(client, wish, {"ok": True, "do": wish.do, "note": _NOT_YET})
        self._stream(now_s)

    def _status(self) -> dict[str, Any]:
        try:
            return self._snapshot().to_json()
        except Exception as error:  # a part that stumbles must not end the thread that could say so
            return {"problem": f"no status: {type(error).__name__}: {shortened(str(error), 200)}"}

    def _serve(self, client: Client, request: bytes) -> None:
        try:
            wish = json.loads(request)
            do = wish["do"] if isinstance(wish, dict) else None
        except (ValueError, RecursionError, KeyError):
            wish, do = {}, None
        if do == "status":
            client.send(_line({"ok": True, "do": do, "status": self._status()}))
        elif do == "watch":
            self._watch(client, wish.get("hz", DEFAULT_HZ))
        elif isinstance(do, str) and do in self._actions:
            asked = self._asked[client] = _Wish(do, time.monotonic() + ANSWER_S)
            client.patient = True
            self._actions[do](self._answer_for(client, asked))
        else:
            known = ", ".join(["status", "watch", *self._actions])
            said = 'no JSON object with a "do"' if do is None else f"do: {shown(do)} is unknown"
            client.send(_line({"ok": False, "error": f"{said}; known: {known}"}))

    def _answer_for(self, client: Client, wish: _Wish) -> Answer:
        def answer(complaint: str | None) -> None:
            reply = {"ok": True, "do": wish.do} if complaint is None else {"ok": False, "error": complaint}
            self.call(lambda: self._answer(client, wish, reply))

        return answer

    def _answer(self, client: Client, wish: _Wish, reply: Mapping[str, Any]) -> None:
        if self._asked.get(client) is not wish:
            return  # it has been told already, or is gone
        del self._asked[client]
        client.patient = client in self._watching
        client.heard()
        client.send(_line(reply))
        self.on_data(client)

    def _watch(self, client: Client, hz: object) -> None:
        if type(hz) not in (int, float) or not 1 <= hz <= MOST_HZ:  # type: ignore[operator]
            client.send(
                _line({"ok": False, "error": f"hz: {shown(hz)} is out of range; it takes 1 to {MOST_HZ}"})
            )
            return
        client.patient = True
        self._watching[client] = _Watching(1 / float(hz), time.monotonic())  # type: ignore[arg-type]

    def _stream(self, now_s: float) -> None:
        """Send every watcher whose time has come the newest snapshot; one that reads slowly misses some."""
        due = [item for item in self._watching.items() if item[1].due_s <= now_s]
        if not due:
            return
        ready = [item for item in due if not item[0].pending_bytes]
        status = self._status() if ready else None
        for client, watching in due:
            # From now, not from when it was due: after a pause nothing is made up for.
            watching.due_s = now_s + watching.pause_s
            if client.pending_bytes:
                watching.dropped += 1
            else:
                reply = {"ok": True, "do": "watch", "missed": watching.dropped, "status": status}
                client.send(_line(reply))


def _line(reply: Mapping[str, Any]) -> bytes:
    return json.dumps(reply, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def request_line(do: str, **values: object) -> bytes:
    """Return a request as it goes over the socket."""
    return _line({"do": shortened(do), **values})
