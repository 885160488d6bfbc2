"""DMX over the network as streaming ACN (ANSI E1.31-2016), to one device or to a universe's multicast group.

The packets are the library's; sending them is ours: its own sender has a thread with a rate of its own, and
keeps to itself that the network is gone. Nothing in DMX stops a servo when the sender falls silent: receivers
notice after 2.5 s (E131_NETWORK_DATA_LOSS_TIMEOUT, section 6.7.1) and most then hold the last look.
"""

from __future__ import annotations

import contextlib
import socket
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from mandible.errors import DeviceError
from mandible.firmware_bridge.drivers.dmx import DmxLevels
from mandible.firmware_bridge.drivers.driver import HostLoss
from mandible.firmware_bridge.drivers.udp import UdpSender, address_of, is_multicast
from mandible.firmware_bridge.port_url import PortUrl

PORT = 5568
_SOURCE = "mandible"
# Places in a data packet (section 4, table 4-1).
_SEQUENCE, _OPTIONS, _SLOTS = 111, 112, 126
_STREAM_TERMINATED = 0x40
# "Three packets containing this bit" end a stream (section 6.2.6).
_GOODBYES = 3
_DISCOVERY = ("239.255.250.214", PORT)  # universe 64214, section 8
_DISCOVERY_S = 10.0


class Sacn:
    """One universe, as a ``Driver``."""

    host_loss: HostLoss = "ramp"
    computer_loss: HostLoss = "hold"
    # 50 packets a second; a gateway puts the newest on its cable, which carries 44 full universes.
    period_us = 20_000

    def __init__(
        self,
        levels: DmxLevels,
        sender: UdpSender,
        name: str,
        universe: int,
        priority: int,
        *,
        announces: bool,
    ) -> None:
        """Send ``levels`` as ``universe``, nothing before the first pulse; ``announces`` tells everybody."""
        from sacn.messages.data_packet import DataPacket
        from sacn.messages.universe_discovery import UniverseDiscoveryPacket

        self.name = name
        self.outputs = levels.outputs
        self._levels = levels
        self._sender = sender
        cid = tuple(_component(universe).bytes)
        packet = DataPacket(cid, _SOURCE, universe, tuple(levels.slots), priority)
        self._packet = bytearray(packet.getBytes())
        self._discovery = bytes(UniverseDiscoveryPacket(cid, _SOURCE, (universe,)).getBytes())
        self._discovered_s = -_DISCOVERY_S
        self._announces = announces

    def give(self, pulses_us: Sequence[int]) -> None:
        """Send the universe."""
        self._levels.take(pulses_us)
        if not self._levels.live:
            return
        self._packet[_SLOTS:] = self._levels.slots
        self._send()
        self._announce()

    def close(self) -> None:
        """End the stream: receivers need not wait to know that no more comes."""
        self._packet[_OPTIONS] |= _STREAM_TERMINATED
        with contextlib.suppress(OSError):
            for _ in range(_GOODBYES if self._levels.live else 0):
                self._send()
        self._sender.close()

    def _send(self) -> None:
        self._sender.send(self._packet)
        self._packet[_SEQUENCE] = (self._packet[_SEQUENCE] + 1) % 256

    def _announce(self) -> None:
        now_s = time.monotonic()
        if self._announces and now_s - self._discovered_s >= _DISCOVERY_S:
            self._discovered_s = now_s
            self._sender.send(self._discovery, _DISCOVERY)


def multicast_group(universe: int) -> str:
    """Return the group of ``universe`` (section 9.3.1)."""
    return f"239.255.{universe >> 8}.{universe & 0xFF}"


def open_driver(url: PortUrl) -> Sacn:
    """Open ``sacn://HOST?universe=1``; DeviceError, with the remedy, where that fails."""
    levels, universe, address = DmxLevels(url), url.number("universe"), address_of(url)
    multicast = is_multicast(address)
    if multicast and address != multicast_group(universe):
        raise DeviceError(
            f"{url.text}: universe {universe} is sent to {multicast_group(universe)}; write that"
        )
    name = f"DMX universe {universe} at {url.host}"
    sender = UdpSender(url, address, PORT)
    try:
        # Announcing oneself is a word to everybody: not for a stream that one device alone gets.
        return Sacn(levels, sender, name, universe, url.number("priority"), announces=multicast)
    except ImportError as error:
        sender.close()
        raise DeviceError(f"{url.text}: needs the package sacn; run: pip install sacn") from error


def _component(universe: int) -> uuid.UUID:
    """Return the same CID after every start, so that receivers take a restarted stream for the same one."""
    try:
        machine = Path("/etc/machine-id").read_text("ascii")[:64].strip()
    except (OSError, UnicodeDecodeError):
        machine = ""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"mandible {machine or socket.gethostname()} {universe}")
