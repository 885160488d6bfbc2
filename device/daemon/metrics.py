"""The Prometheus endpoint: a snapshot is taken when somebody scrapes, never before.

The package's own server gives every connection a thread for as long as the client likes; this one serves few
clients, briefly, from one thread.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

from mandible.device.daemon.bounded_client import Client, Limits
from mandible.device.daemon.bounded_http import BUSY, BytesRequest, listen_at
from mandible.device.daemon.bounded_server import BoundedServer
from mandible.device.daemon.snapshot import Snapshot
from mandible.errors import DeviceError

LIMITS = Limits(clients=8, input_bytes=8192, output_bytes=1 << 20, idle_s=5.0, stalled_s=5.0)
# Scrapers that ask more often get the same page again: writing one takes milliseconds of the interpreter.
SAME_PAGE_S = 0.25
_BACKLOG = 128
_PAGE = b"mandible: the metrics are at /metrics\n"
_TEXT = "text/plain; charset=utf-8"

Render = Callable[[str], tuple[bytes, str]]


class Metrics:
    """Serves ``/metrics`` at ``address`` from a thread of its own. A context manager.

    Attributes:
        url: where it is served; a port of 0 has become a real one.
    """

    def __init__(self, address: str, snapshot: Callable[[], Snapshot], limits: Limits = LIMITS) -> None:
        """Take the port, serve nothing yet.

        Raises:
            InputError: no such address, or the port is taken.
            DeviceError: prometheus_client is not installed.
        """
        render = _renderer(snapshot)
        listener, origin = listen_at(address, "--metrics", _BACKLOG)
        self.url = f"{origin}/metrics"
        self._server = _MetricsServer(listener, limits, render)

    def __enter__(self) -> Metrics:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Cut everybody off and let go of the port. Closing twice is harmless."""
        self._server.close()


class _MetricsServer(BoundedServer):
    def __init__(self, listener: socket.socket, limits: Limits, render: Render) -> None:
        super().__init__(listener, limits, "metrics")
        self._render = render

    def busy_answer(self) -> bytes:
        return BUSY

    def on_data(self, client: Client) -> None:
        head = bytes(client.received)
        if not any(end in head for end in (b"\r\n\r\n", b"\n\n")):
            return
        client.received.clear()
        if not client.patient:
            # One request a connection: what a client sends after it is of no interest.
            client.patient = True
            client.send(_Request(head, self._render).response())
            client.patient = False
            client.finish()


class _Request(BytesRequest):
    def __init__(self, head: bytes, render: Render) -> None:
        super().__init__(head)
        self._render = render

    def do_GET(self) -> None:  # noqa: N802 - the standard library's name
        path = self.path.split("?")[0]
        if path == "/metrics":
            try:
                self._reply(*self._render(self.headers.get("Accept", "")))
            except Exception as error:  # whatever a part stumbles over, the others' clients are still served
                self.send_error(500, explain=f"{type(error).__name__}")
        elif path == "/":
            self._reply(_PAGE, _TEXT)
        else:
            self.send_error(404)

    do_HEAD = do_GET

    def _reply(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _renderer(snapshot: Callable[[], Snapshot]) -> Render:
    """Return what writes the page that an ``Accept`` header asks for, with its content type."""
    try:
        from prometheus_client import CollectorRegistry, ProcessCollector
        from prometheus_client.exposition import choose_encoder
        from prometheus_client.registry import Collector

        from mandible.device.daemon.metric_families import families
    except ImportError:
        raise DeviceError("--metrics needs prometheus_client; run: pip install prometheus_client") from None

    class Line(Collector):
        def collect(self) -> Iterator[Any]:
            yield from families(snapshot())

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Line())
    ProcessCollector(registry=registry)
    pages: dict[str, tuple[float, bytes]] = {}

    def render(accept: str) -> tuple[bytes, str]:
        try:
            encoder, kind = choose_encoder(accept)
        except Exception:  # a header that only a hostile client sends
            encoder, kind = choose_encoder("")
        made_s, page = pages.get(kind, (0.0, b""))
        now_s = time.monotonic()
        if not page or now_s - made_s > SAME_PAGE_S:
            page = encoder(registry)
            if len(pages) > 4:  # a client may name versions and escapings as it likes
                pages.clear()
            pages[kind] = (now_s, page)
        return page, kind

    return render
