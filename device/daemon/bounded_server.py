"""A small server for few, possibly hostile, clients: one thread, and a bound on everything they may use.

Nothing a client sends or leaves undone costs more than its share of memory and time; the line is never waited
for, and never waits.
"""

from __future__ import annotations

import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

_CHUNK_BYTES = 4096
_CLOSE_S = 2.0
# A turn of the loop looks at deadlines at least this often.
_LONGEST_WAIT_S = 0.5
# With no descriptor left, accepting would fail again at once, for ever.
_DEAF_S = 1.0
# What is accepted in one turn; more wait in the kernel, and clients already there get their turn.
_ACCEPTED_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """What clients may use.

    Attributes:
        clients: at the same time; further ones are told that it is busy, and cut off.
        input_bytes: of a request that is not finished yet.
        output_bytes: of answers that a client has not taken yet.
        idle_s: how long a client may take to send a request.
        stalled_s: how long it may take none of an answer.
    """

    clients: int = 8
    input_bytes: int = 4096
    output_bytes: int = 1 << 20
    idle_s: float = 10.0
    stalled_s: float = 5.0


class Client:
    """One connection, used by the server's thread only.

    Attributes:
        received: bytes that no request has taken yet.
        patient: no request is expected of it now, so it may be silent.
        ended: it will send nothing more, but may still take answers.
        gone: to be dropped after this turn.
    """

    def __init__(self, connection: socket.socket, limits: Limits) -> None:
        self.connection = connection
        self.received = bytearray()
        self.patient = False
        self.ended = False
        self.gone = False
        self.events = 0
        self._limits = limits
        self._out = bytearray()
        self._ending = False
        self._heard_s = self._took_s = time.monotonic()

    def send(self, data: bytes) -> None:
        """Queue an answer; a client that lets answers pile up is cut off."""
        if self.gone:
            return
        if not self._out:
            self._took_s = time.monotonic()
        self._out += data
        self.flush()
        if len(self._out) > self._limits.output_bytes:
            self.gone = True

    def finish(self) -> None:
        """Close once the client has taken everything."""
        self._ending = True
        self.flush()

    def heard(self) -> None:
        """Give the client its time anew, because a request was finished."""
        self._heard_s = time.monotonic()

    @property
    def pending_bytes(self) -> int:
        """How much of the answers it has not taken."""
        return len(self._out)

    def flush(self) -> None:
        """Write what the client takes without waiting."""
        try:
            while self._out:
                sent = self.connection.send(self._out)
                del self._out[:sent]
                self._took_s = time.monotonic()
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.gone = True
        self.gone |= self._ending

    def overdue(self, now_s: float) -> bool:
        """Whether it has used up its time."""
        if self._out:
            return now_s - self._took_s > self._limits.stalled_s
        return not self.patient and now_s - self._heard_s > self._limits.idle_s


class BoundedServer:
    """Accepts clients on a listening socket and gives their bytes to ``on_data``, in a thread of its own.

    Subclasses override ``on_data``, ``on_turn``, ``busy_answer`` and ``wait_s``; all run in that thread.
    """

    def __init__(self, listener: socket.socket, limits: Limits, name: str) -> None:
        self.limits = limits
        self.clients: dict[int, Client] = {}
        self.refused = 0
        self._listener = listener
        listener.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._wake_pipe = os.pipe()
        for descriptor in self._wake_pipe:
            os.set_blocking(descriptor, False)
        self._calls: deque[Callable[[], None]] = deque()
        self._stopping = False
        self._listening = False
        self._deaf_until_s = 0.0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._selector.register(self._wake_pipe[0], selectors.EVENT_READ)
        self._thread.start()

    def close(self) -> None:
        """Cut everybody off and let go of the socket. Closing twice is harmless."""
        self._stopping = True
        self._wake()
        if self._thread.is_alive():
            self._thread.join(_CLOSE_S)
        self._listener.close()

    def call(self, action: Callable[[], None]) -> None:
        """Have ``action`` done by the server's thread; returns at once, from any thread."""
        self._calls.append(action)
        self._wake()

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

    def _wake(self) -> None:
        # A full pipe wakes just as well, a closed one has nobody to wake.
        with suppress(OSError):
            os.write(self._wake_pipe[1], b"\x00")

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._turn()
        finally:
            self._do_calls()
            for client in list(self.clients.values()):
                client.flush()
                self._drop(client)
            self._listener.close()
            self._selector.close()
            reading, writing = self._wake_pipe
            self._wake_pipe = (-1, -1)
            os.close(reading)
            os.close(writing)

    def _turn(self) -> None:
        self._listen()
        for key, events in self._selector.select(max(0.0, self.wait_s(time.monotonic()))):
            if key.fileobj is self._listener:
                self._accept()
            elif key.fd == self._wake_pipe[0]:
                with suppress(BlockingIOError):
                    os.read(key.fd, _CHUNK_BYTES)
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
            self._calls.popleft()()

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
                self.refused += 1
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
