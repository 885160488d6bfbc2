"""``HOST:PORT`` as people write it, and sockets that notice a dead peer."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from mandible.errors import InputError
from mandible.wording import shortened

LOOPBACK = "127.0.0.1"
# A peer that lost its power or its cable is noticed within about this long.
SILENT_PEER_S = 2
PROBES = 2


@dataclass(frozen=True, slots=True)
class TcpPlace:
    """A host (name or address) and a TCP port."""

    host: str
    port: int

    def __str__(self) -> str:
        """Write it as it is typed."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_place(kind: str, text: str, *, lowest_port: int = 1) -> TcpPlace:
    """Read ``HOST:PORT``, ``[IPV6]:PORT``, or ``:PORT`` and ``PORT`` for this machine itself.

    Raises:
        InputError: it is none of these.
    """
    host, _, port = text.strip().rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise InputError(f"{kind}:{shortened(text)}: write an IPv6 address in brackets: {kind}:[::1]:10700")
    if not (port.isascii() and port.isdecimal() and len(port) <= 5 and lowest_port <= int(port) <= 65535):
        raise InputError(f"{kind}:{shortened(text)}: needs a host and a port: {kind}:HOST:10700")
    try:
        host.encode("idna")
    except UnicodeError:
        raise InputError(f"{kind}:{shortened(text)}: no host has such a name") from None
    return TcpPlace(host or LOOPBACK, int(port))


def notice_dead_peer(connection: socket.socket) -> None:
    """Let the kernel ask an idle peer whether it still lives."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", SILENT_PEER_S),
        ("TCP_KEEPINTVL", 1),
        ("TCP_KEEPCNT", PROBES),
        ("TCP_USER_TIMEOUT", 1000 * (SILENT_PEER_S + PROBES)),
    ):
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
