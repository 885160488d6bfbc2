"""A UDP socket that never waits: what does not fit is lost, as on any cable."""

from __future__ import annotations

import contextlib
import ipaddress
import socket

from mandible.errors import DeviceError
from mandible.firmware_bridge.drivers.claim import Claim
from mandible.firmware_bridge.port_url import PortUrl

# As far as a stage's own network reaches.
_HOPS = 8


def address_of(url: PortUrl) -> str:
    """Return the IPv4 address of the URL's host; DeviceError where the name is not known."""
    try:
        found = socket.getaddrinfo(url.host, None, socket.AF_INET, socket.SOCK_DGRAM)
    except OSError as error:
        raise DeviceError(
            f"{url.text}: the network knows no {url.host} ({error.strerror}); write its IPv4 address"
        ) from error
    return str(found[0][4][0])


def is_multicast(address: str) -> bool:
    """Return whether ``address`` is a group's, not one device's."""
    return ipaddress.IPv4Address(address).is_multicast


class UdpSender:
    """Sends datagrams to one address, the only one on this computer who sends such ones there."""

    def __init__(self, url: PortUrl, address: str, port: int) -> None:
        """Make the socket; nothing is sent yet. DeviceError where another process sends this universe."""
        self._claim = Claim(url.text, url.scheme, address, url.options["universe"])
        self._target = (address, port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, _HOPS)

    def send(self, data: bytes | bytearray, target: tuple[str, int] | None = None) -> None:
        """Send one datagram. Raises OSError when the network is gone."""
        with contextlib.suppress(BlockingIOError):
            self._socket.sendto(data, target or self._target)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
        self._claim.close()
