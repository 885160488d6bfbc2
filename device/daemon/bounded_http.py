"""What the HTTP servers have in common: where they listen, and how one request becomes one answer.

They answer one request a connection; ``BoundedServer`` bounds the clients.
"""

from __future__ import annotations

import io
import ipaddress
import socket
from http.server import BaseHTTPRequestHandler
from typing import Any

from mandible.errors import InputError
from mandible.wording import shortened

# What a client gets for whom there is no room.
BUSY = b"HTTP/1.0 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_LOOPBACK = "127.0.0.1"
_EXAMPLE = f"{_LOOPBACK}:9464"


def parse_address(text: str, option: str) -> tuple[str, int]:
    """Return host and port of ``HOST:PORT``, ``[V6]:PORT`` or ``PORT`` (loopback), as given to ``option``.

    Raises InputError for anything else: hosts are addresses, so that nobody listens where a name leads.
    """
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or _LOOPBACK
    try:
        if not (port.isascii() and port.isdecimal() and int(port) <= 0xFFFF):
            raise ValueError
        return str(ipaddress.ip_address(_LOOPBACK if host == "localhost" else host)), int(port)
    except ValueError:
        raise InputError(
            f"{option} {shortened(text)}: give an address and a port, such as {_EXAMPLE}"
        ) from None


def listen_at(address: str, option: str, backlog: int) -> tuple[socket.socket, str]:
    """Take the port at ``address``, as given to ``option``; return it and ``http://HOST:PORT``.

    Raises InputError where it cannot be had. A port of 0 becomes a free one.
    """
    host, port = parse_address(address, option)
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"{option} {address}: {reason}; choose another address or port") from None
    shown = f"[{host}]" if ":" in host else host
    return listener, f"http://{shown}:{listener.getsockname()[1]}"


class BytesRequest(BaseHTTPRequestHandler):
    """The standard library's reading of a request, from bytes to bytes; subclasses have ``do_GET``."""

    protocol_version = "HTTP/1.0"
    server_version = "mandible"
    sys_version = ""

    def __init__(self, request: bytes) -> None:
        """Take a request that has arrived whole."""
        self.rfile = io.BufferedReader(io.BytesIO(request))
        self._written = io.BytesIO()
        self.wfile = self._written
        self.client_address = ("", 0)
        self.close_connection = True

    def response(self) -> bytes:
        """Return the answer."""
        self.handle_one_request()
        return self._written.getvalue()

    def log_message(self, *_: Any) -> None:
        """Say nothing: a log that clients can fill is no log, and an address may hold a secret."""
