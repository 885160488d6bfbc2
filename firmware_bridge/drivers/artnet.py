"""DMX over the network as Art-Net 4 (specification of Artistic Licence, 1998-2016), to one node.

Nothing in DMX stops a servo when the sender falls silent: a node holds its last levels unless it is set to
do otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

from mandible.errors import DeviceError
from mandible.firmware_bridge.drivers.dmx import SLOTS, DmxLevels
from mandible.firmware_bridge.drivers.driver import HostLoss
from mandible.firmware_bridge.drivers.udp import UdpSender, address_of, is_multicast
from mandible.firmware_bridge.port_url import PortUrl

PORT = 0x1936
# Section "ArtDmx packet definition": ID, OpCode (low byte first), ProtVer, Sequence, Physical, SubUni, Net,
# Length, Data.
_ID = b"Art-Net\0"
_OP_DMX, _VERSION = 0x5000, 14
_SEQUENCE = 12


class ArtNet:
    """One universe, as a ``Driver``."""

    host_loss: HostLoss = "ramp"
    computer_loss: HostLoss = "hold"
    period_us = 20_000

    def __init__(self, levels: DmxLevels, sender: UdpSender, name: str, universe: int) -> None:
        """Send ``levels`` as the 15-bit port address ``universe``; nothing is sent before the first pulse."""
        self.name = name
        self.outputs = levels.outputs
        self._levels = levels
        self._sender = sender
        header = _ID + _OP_DMX.to_bytes(2, "little") + _VERSION.to_bytes(2, "big") + bytes((1, 0))
        self._packet = bytearray(header + universe.to_bytes(2, "little") + SLOTS.to_bytes(2, "big"))
        self._start = len(self._packet)

    def give(self, pulses_us: Sequence[int]) -> None:
        """Send the universe."""
        self._levels.take(pulses_us)
        if not self._levels.live:
            return
        self._packet[self._start :] = self._levels.slots
        self._sender.send(self._packet)
        # 0 would switch the check of the order off.
        self._packet[_SEQUENCE] = self._packet[_SEQUENCE] % 255 + 1

    def close(self) -> None:
        """Fall silent; Art-Net has no farewell."""
        self._sender.close()


def open_driver(url: PortUrl) -> ArtNet:
    """Open ``artnet://HOST?universe=0``; DeviceError, with the remedy, where that fails."""
    levels, address, universe = DmxLevels(url), address_of(url), url.number("universe")
    if is_multicast(address):
        raise DeviceError(f"{url.text}: Art-Net has no multicast; write the node's own address")
    return ArtNet(
        levels, UdpSender(url, address, PORT), f"Art-Net universe {universe} at {url.host}", universe
    )
