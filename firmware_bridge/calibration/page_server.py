"""The calibration as one web page: served to one browser at a time, on this machine unless told otherwise.

The page asks ten times a second how things stand. When it no longer does (closed, hidden, its computer
asleep, the network gone), the servo is let go; the board would let go by itself when this program ended.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import socket
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from mandible.device.daemon.bounded_client import Client, Limits
from mandible.device.daemon.bounded_http import BUSY, BytesRequest, listen_at
from mandible.device.daemon.bounded_server import BoundedServer
from mandible.firmware_bridge.calibration.live import LiveCalibration
from mandible.firmware_bridge.calibration.view import View

SILENT_S = 1.0
LIMITS = Limits(clients=8, input_bytes=8192, output_bytes=1 << 18, idle_s=5.0, stalled_s=5.0, answer_s=10.0)
MOST_BODY_BYTES = 1000
_LONGEST_NAME = 64
_BACKLOG = 16
_PAGE = Path(__file__).with_name("page.html")
_CONTENT_LENGTH = re.compile(rb"\r?\ncontent-length:[ \t]*([0-9]{1,6})[ \t]*\r?\n", re.IGNORECASE)
_HEAD_END = re.compile(rb"\r?\n\r?\n")


class PageHolder:
    """Which page may answer: the first that asks, until it has been silent. Safe for any thread."""

    def __init__(self, live: LiveCalibration) -> None:
        """Nobody holds it yet."""
        self._live = live
        self._lock = threading.Lock()
        self._page: str | None = None
        self._said_goodbye = threading.Event()
        self._heard_s = 0.0

    def turn(self, page: str, word: str | None, serial: int | None, stop: bool) -> View | None:
        """Take what a page says; return how things stand, or None where another page has the floor."""
        with self._lock:
            self._let_go_of_a_silent_one()
            if self._page not in (None, page):
                return None
            self._page, self._heard_s = page, time.monotonic()
        if stop:
            view = self._live.stop()
        else:
            view = self._live.view() if word is None else self._live.answer(word, serial)
        if view["ended"]:
            self._said_goodbye.set()
        return view

    def say_goodbye(self) -> None:
        """Give the page, if there is one, a moment to learn that the calibration has ended."""
        if self._page is not None:
            self._said_goodbye.wait(SILENT_S)

    def check(self) -> None:
        """Stop the servo when the page is gone."""
        with self._lock:
            self._let_go_of_a_silent_one()

    def _let_go_of_a_silent_one(self) -> None:
        if self._page is not None and time.monotonic() - self._heard_s > SILENT_S:
            self._page = None
            self._live.stop("The page was closed or hidden, or cannot be reached.")


class Page:
    """Serves the page at ``url``, which holds a secret. A context manager, and a front of a calibration."""

    def __init__(self, live: LiveCalibration, address: str) -> None:
        """Take the port, serve nothing yet; InputError where it cannot be had."""
        listener, origin = listen_at(address, "--listen", _BACKLOG)
        token = secrets.token_urlsafe(16)
        self.url = f"{origin}/{token}/"
        self._holder = PageHolder(live)
        self._server = _PageServer(listener, LIMITS, f"/{token}/", self._holder)

    def __enter__(self) -> Page:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._holder.say_goodbye()
        self._server.close()

    def fileno(self) -> int | None:
        """Return None: the page has a thread of its own."""
        return None

    def turn(self) -> None:
        """See whether the page is still there."""
        self._holder.check()


class _PageServer(BoundedServer):
    def __init__(self, listener: socket.socket, limits: Limits, place: str, holder: PageHolder) -> None:
        super().__init__(listener, limits, "calibration page")
        self._place = place
        self._holder = holder

    def busy_answer(self) -> bytes:
        return BUSY

    def on_data(self, client: Client) -> None:
        received = bytes(client.received)
        end = _HEAD_END.search(received)
        if end is None or client.patient:
            return
        said = _CONTENT_LENGTH.search(received, 0, end.end())
        body_bytes = int(said[1]) if said else 0
        if body_bytes <= MOST_BODY_BYTES and len(received) < end.end() + body_bytes:
            return
        client.received.clear()
        client.patient = True
        client.send(_Request(received, body_bytes, self._place, self._holder).response())
        client.patient = False
        client.finish()


class _Request(BytesRequest):
    def __init__(self, request: bytes, body_bytes: int, place: str, holder: PageHolder) -> None:
        super().__init__(request)
        self._body_bytes = body_bytes
        self._place = place
        self._holder = holder

    def do_GET(self) -> None:  # noqa: N802 - the standard library's name
        if not self._is_at(""):
            self.send_error(404)
            return
        nonce = secrets.token_urlsafe(16)
        page = _PAGE.read_text("utf-8").replace("NONCE", nonce).encode()
        allowed = (
            f"default-src 'none'; connect-src 'self'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'"
        )
        self._reply(
            200, page, "text/html; charset=utf-8", f"{allowed}; base-uri 'none'; frame-ancestors 'none'"
        )

    def do_POST(self) -> None:  # noqa: N802
        if not self._is_at("turn"):
            self.send_error(404)
        elif self._body_bytes > MOST_BODY_BYTES:
            self.send_error(413)
        else:
            self._turn(self.rfile.read(self._body_bytes))

    def _turn(self, body: bytes) -> None:
        try:
            said = _said(json.loads(body))
        except (ValueError, RecursionError):
            self.send_error(400)
            return
        view = self._holder.turn(*said)
        answer: Any = {"taken": True} if view is None else view
        self._reply(409 if view is None else 200, json.dumps(answer).encode(), "application/json")

    def _is_at(self, name: str) -> bool:
        return hmac.compare_digest(self.path.encode("utf-8", "replace"), f"{self._place}{name}".encode())

    def _reply(self, status: int, body: bytes, kind: str, policy: str = "default-src 'none'") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)


def _said(turn: Any) -> tuple[str, str | None, int | None, bool]:
    """Return page, word, serial and whether to stop; ValueError where a page of ours says no such thing."""
    if not isinstance(turn, dict):
        raise ValueError("no object")
    page, word, serial = turn.get("page"), turn.get("word"), turn.get("serial")
    stop = turn.get("stop", False)
    if type(page) is not str or not 0 < len(page) <= _LONGEST_NAME:
        raise ValueError("page")
    if not (word is None or (type(word) is str and len(word) <= _LONGEST_NAME and type(serial) is int)):
        raise ValueError("word")
    if type(stop) is not bool:
        raise ValueError("stop")
    return page, word, serial if type(serial) is int else None, stop
