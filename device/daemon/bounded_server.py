"""A small server for few, possibly hostile, clients: one thread, and a bound on everything they may use.

Nothing a client sends or leaves undone costs more than its share of memory and time; the line is never waited
for, and never waits.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from mandible.device.daemon.bounded_client import Client, Limits
from mandible.saying import say
from mandible.wake_pipe import WakePipe
from mandible.wording import one_line

_CHUNK_BYTES = 4096
_CLOSE_S = 2.0
# A turn of the loop looks at deadlines at least this often.
_LONGEST_WAIT_S = 0.5
# With no descriptor left, accepting would fail again at once, for ever.
_DEAF_S = 1.0
# After a turn that failed; the next one may fail, too.
_PAUSE_S = 0.1
# What is accepted in one turn; more wait in the kernel, and clients already there get their turn.
_ACCEPTED_AT_ONCE = 16


class BoundedServer:
    """Accepts clients on a listening socket and gives their bytes to ``on_data``, in a thread of its own.

    Subclasses override ``on_data``, ``on_turn``, ``busy_answer`` and ``wait_s``; all run in that thread.
    """

    def __init__(self, listener: socket.socket, limits: Limits, name: str) -> None:
        self.limits = limits
        self.clients: dict[int, Client] = {}
        self._said = ""
        self._listener = listener
        listener.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._wakes = WakePipe()
        self._calls: deque[Callable[[], None]] = deque()
        self._stopping = False
        self._listening = False
        self._deaf_until_s = 0.0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._selector.register(self._wakes.fileno(), selectors.EVENT_READ)
        self._thread.start()

    def close(self) -> None:
        """Cut everybody off and let go of the socket. Closing twice is harmless."""
        self._stopping = True
        self._wakes.wake()
        if self._thread.is_alive():
            self._thread.join(_CLOSE_S)
        self._listener.close()

    def call(self, action: Callable[[], None]) -> None:
        """Have ``action`` done by the server's thread; returns at once, from any thread."""
        self._calls.append(action)
        self._wakes.wake()

    def on_data(self, client: Client) -> None:
        """Take finished requests out of ``client.received``."""
        raise NotImplementedError

    def on_turn(self, now_s: float) -> None:
        """Do what is due; called after every turn of the loop."""

    def busy_answer(self) -> bytes:
        """What one client too many is told."""
        return b""

    def wait_s(self, now_s: float) -> float:
        """How long the loop may wait for clients."""
        return _LONGEST_WAIT_S

    def _run(self) -> None:
        try:
            while not self._stopping:
                try:
                    self._turn()
                except Exception as error:
                    self._complain(error)
                    time.sleep(_PAUSE_S)
        finally:
            self._do_calls()
            for client in list(self.clients.values()):
                client.flush()
                self._drop(client)
            self._listener.close()
            self._selector.close()
            self._wakes.close()

    def _turn(self) -> None:
        self._listen()
        for key, events in self._selector.select(max(0.0, self.wait_s(time.monotonic()))):
            if key.fileobj is self._listener:
                self._accept()
            elif key.fd == self._wakes.fileno():
                self._wakes.drain()
            elif (client := self.clients.get(key.fd)) is not None:
                if events & selectors.EVENT_READ:
                    self._read(client)
                if events & selectors.EVENT_WRITE:
                    client.flush()
        self._do_calls()
        now_s = time.monotonic()
        self.on_turn(now_s)
        for client in list(self.clients.values()):
            if client.ended and not client.patient:
                client.finish()
            if client.gone or client.overdue(now_s):
                self._drop(client)
            else:
                self._attend(client)

    def _do_calls(self) -> None:
        for _ in range(len(self._calls)):
            try:
                self._calls.popleft()()
            except Exception as error:
                self._complain(error)

    def _complain(self, error: Exception) -> None:
        """Say once what went wrong here; clients are still served."""
        said = one_line(f"mandible: {self._thread.name}: {type(error).__name__}: {error}")
        if said != self._said:
            self._said = said
            say(said)

    def _listen(self) -> None:
        """Look at the listening socket, unless this process has had no descriptor left a moment ago."""
        if not self._listening and time.monotonic() >= self._deaf_until_s:
            self._selector.register(self._listener, selectors.EVENT_READ)
            self._listening = True

    def _attend(self, client: Client) -> None:
        """Wait for what this client may do next."""
        reading = 0 if client.ended else selectors.EVENT_READ
        events = reading | (selectors.EVENT_WRITE if client.pending_bytes else 0)
        if events == client.events:
            return
        if client.events:
            self._selector.unregister(client.connection)
        if events:
            self._selector.register(client.connection, events)
        client.events = events

    def _accept(self) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:
                self._selector.unregister(self._listener)
                self._listening = False
                self._deaf_until_s = time.monotonic() + _DEAF_S
                return
            connection.setblocking(False)
            if len(self.clients) >= self.limits.clients:
                with suppress(OSError):
                    connection.send(self.busy_answer())
                connection.close()
                continue
            client = self.clients[connection.fileno()] = Client(connection, self.limits)
            self._attend(client)

    def _read(self, client: Client) -> None:
        try:
            data = client.connection.recv(_CHUNK_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            client.gone = True
            return
        if not data:
            client.ended = True
            return
        client.received += data
        try:
            self.on_data(client)
        except Exception:  # one client's request must not end the others' server
            client.gone = True
        if len(client.received) > self.limits.input_bytes:
            client.gone = True

    def _drop(self, client: Client) -> None:
        del self.clients[client.connection.fileno()]
        if client.events:
            self._selector.unregister(client.connection)
        client.connection.close()
