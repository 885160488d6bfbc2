"""One Wyoming connection, whichever side opened it: reads events in time, answers what needs an answer."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any

from mandible.device.audio.tcp_place import notice_dead_peer
from mandible.device.audio.wyoming_events import Event, EventDecoder, ProtocolError

CHUNK_BYTES = 1 << 16
# Half an event must be followed by its rest within this time; between events a peer may be quiet for ever.
HALF_EVENT_S = 5.0
POLL_S = 0.5
ANSWER_S = 2.0


class Conversation:
    """Events of a connected socket; ``ping`` and ``describe`` are answered here.

    Attributes:
        heard_s: monotonic time of the latest whole event, or of the beginning.
    """

    def __init__(self, connection: socket.socket, info: dict[str, Any]) -> None:
        self._socket = connection
        self._info = info
        self._decoder = EventDecoder()
        self.heard_s = time.monotonic()
        notice_dead_peer(connection)

    def events(self) -> Iterator[Event]:
        """Yield events until the peer or ``hang_up`` ends the connection.

        Raises:
            ProtocolError: what arrives is not Wyoming, too much at once, or stops halfway.
            OSError: the connection broke.
        """
        half_since_s = time.monotonic()
        while True:
            self._socket.settimeout(POLL_S)
            try:
                data = self._socket.recv(CHUNK_BYTES)
            except TimeoutError:
                data = None
            if data == b"":
                if self._decoder.half:
                    raise ProtocolError("the connection ended in the middle of an event")
                return
            whole = 0
            for event in self._decoder.feed(data or b""):
                whole += 1
                self.heard_s = time.monotonic()
                if not self._answered(event):
                    yield event
            if whole or not self._decoder.half:
                half_since_s = time.monotonic()
            elif time.monotonic() - half_since_s > HALF_EVENT_S:
                raise ProtocolError(f"half an event, and no more of it for {HALF_EVENT_S:.0f} s")

    def send(self, event: Event) -> None:
        """Send an event; OSError where the peer does not take it in time."""
        self._socket.settimeout(ANSWER_S)
        self._socket.sendall(event.encoded())

    def hang_up(self) -> None:
        """End the connection, from any thread."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _answered(self, event: Event) -> bool:
        if event.type == "ping":
            text = event.data.get("text")
            self.send(Event("pong", {"text": text} if isinstance(text, str) else {}))
        elif event.type == "describe":
            self.send(Event("info", self._info))
        else:
            return False
        return True
