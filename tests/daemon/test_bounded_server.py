"""The small server outlives its own mistakes, and no client keeps its place by being slow."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from mandible.device.daemon.bounded_client import Client, Limits
from mandible.device.daemon.bounded_server import BoundedServer
from tests.virtual.live_run import wait_for

LIMIT_S = 10


class Echo(BoundedServer):
    """Sends back what it is sent; ``disturb`` runs once, in the next turn."""

    def __init__(self, limits: Limits) -> None:
        self.disturb: Callable[[], object] | None = None
        listener = socket.create_server(("127.0.0.1", 0))
        self.address = listener.getsockname()
        super().__init__(listener, limits, "echo")

    def on_data(self, client: Client) -> None:
        client.send(bytes(client.received))
        client.received.clear()
        client.heard()

    def on_turn(self, now_s: float) -> None:
        disturb, self.disturb = self.disturb, None
        if disturb is not None:
            disturb()


@contextmanager
def served(limits: Limits) -> Iterator[Echo]:
    server = Echo(limits)
    server.start()
    try:
        yield server
    finally:
        server.close()


def echoed(server: Echo) -> bytes:
    with socket.create_connection(server.address, LIMIT_S) as connection:
        connection.sendall(b"hello")
        return connection.recv(100)


def test_a_call_or_a_turn_that_fails_is_said_once_and_clients_are_served_on(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with served(Limits()) as server:
        for _ in range(2):
            done = threading.Event()

            def fail(done: threading.Event = done) -> None:
                done.set()
                raise RuntimeError("broken\nhere")

            server.call(fail)
            assert done.wait(LIMIT_S)
            assert echoed(server) == b"hello"
            server.disturb = fail
            assert echoed(server) == b"hello"
            assert echoed(server) == b"hello"
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("mandible: echo: RuntimeError: broken")


def test_a_client_that_takes_a_little_now_and_then_is_cut_off() -> None:
    limits = Limits(output_bytes=1 << 26, stalled_s=3 * LIMIT_S, answer_s=0.3)
    with served(limits) as server, socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(LIMIT_S)
        slow.connect(server.address)
        server.disturb = lambda: [client.send(bytes(1 << 25)) for client in server.clients.values()]
        wait_for(lambda: not server.disturb, LIMIT_S, "more of an answer than anybody takes at once")

        def cut_off() -> bool:
            slow.recv(64)
            return not server.clients

        wait_for(cut_off, LIMIT_S, "the end of a client that is never done")
