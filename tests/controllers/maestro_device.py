"""A simulated Pololu Maestro, after the User's Guide (0J40), sections 4.e and 5.c to 5.e."""

from __future__ import annotations

from pathlib import Path

from tests.controllers.pty_device import PtyDevice

PROTOCOL_ERROR = 1 << 4
CRC_ERROR = 1 << 3
# Data bytes after each compact command (5.e); set multiple targets has a count of its own.
_DATA = {0x84: 3, 0x87: 3, 0x89: 3, 0x90: 1, 0x93: 0, 0xA1: 0, 0xA2: 0}
_SEVERAL = 0x9F


def crc7(packet: bytes) -> int:
    """Section 5.d, as the long division that it describes: bits least significant first, divisor 10001001."""
    bits = [byte >> at & 1 for byte in packet for at in range(8)] + [0] * 7
    divisor = [1, 0, 0, 0, 1, 0, 0, 1]
    for at in range(len(bits) - 7):
        if bits[at]:
            for index, bit in enumerate(divisor):
                bits[at + index] ^= bit
    return sum(bit << index for index, bit in enumerate(bits[-7:]))


class SimulatedMaestro(PtyDevice):
    """A Mini Maestro 12 (or a Micro Maestro 6) with a device number and, if wanted, CRCs.

    ``targets`` are quarter µs by channel; ``homed`` counts how often an error sent the servos home.
    """

    def __init__(self, folder: Path, channels: int = 12, device: int = 12, crc: bool = False) -> None:
        self.channels, self.device, self.crc = channels, device, crc
        self.speeds = dict.fromkeys(range(channels), 20)
        self.accelerations = dict.fromkeys(range(channels), 3)
        self.targets = [0] * channels
        self.written: set[int] = set()
        self.errors = 0
        self.homed = 0
        super().__init__(folder)

    def power_up(self) -> None:
        self._packet = b""
        self._mini_ssc = b""
        self.targets = [0] * self.channels

    def answer(self, data: bytes) -> bytes:
        return b"".join(self._byte(byte) for byte in data)

    def fail(self, error: int) -> None:
        """Do what section 4.e says of every error: remember it, and send the servos home (off)."""
        self.errors |= error
        self.homed += 1
        self.targets = [0] * self.channels

    def _byte(self, byte: int) -> bytes:
        if self._mini_ssc and byte != 0xFF:
            self._mini_ssc += bytes((byte,))
            if len(self._mini_ssc) == 3:
                _, channel, value = self._mini_ssc
                self._mini_ssc = b""
                if channel < self.channels:
                    self.targets[channel] = 6000 + 15 * (value - 127)
            return b""
        if byte == 0xFF:
            self._mini_ssc = b"\xff"
            return b""
        if byte >= 0x80:
            for_another = self._packet[:1] == b"\xaa" and self._packet[1:2] != bytes((self.device,))
            if self._packet and not for_another:
                self.fail(PROTOCOL_ERROR)
            self._packet = bytes((byte,))
        elif self._packet:
            self._packet += bytes((byte,))
        return self._done()

    def _done(self) -> bytes:
        command, data = self._compact()
        if command is None:
            return b""
        if command not in _DATA and (command != _SEVERAL or self.channels == 6):
            self._packet = b""
            self.fail(PROTOCOL_ERROR)
            return b""
        wanted = 2 + 2 * data[0] if command == _SEVERAL and data else _DATA.get(command, 1)
        if len(data) < wanted + self.crc:
            return b""
        packet, self._packet = self._packet, b""
        if self.crc and crc7(packet[:-1]) != packet[-1]:
            self.fail(CRC_ERROR)
            return b""
        if packet[0] == 0xAA and packet[1] != self.device:
            return b""
        return self._obey(command, data[:wanted])

    def _compact(self) -> tuple[int | None, bytes]:
        if self._packet[:1] != b"\xaa":
            return (self._packet[0], self._packet[1:]) if self._packet else (None, b"")
        if len(self._packet) < 3:
            return None, b""
        if self._packet[1] != self.device:
            return None, b""  # for another board on the line: wait for the next command byte
        return self._packet[2] | 0x80, self._packet[3:]

    def _obey(self, command: int, data: bytes) -> bytes:
        if command == 0xA1:
            errors, self.errors = self.errors, 0
            return errors.to_bytes(2, "little")
        if command == 0x84:
            self._target(data[0], data[1:])
        elif command == 0x87:
            self.speeds[data[0]] = data[1] | data[2] << 7
        elif command == 0x89:
            self.accelerations[data[0]] = data[1] | data[2] << 7
        elif command == _SEVERAL:
            for index in range(data[0]):
                self._target(data[1] + index, data[2 + 2 * index : 4 + 2 * index])
        return b""

    def _target(self, channel: int, data: bytes) -> None:
        self.targets[channel] = data[0] | data[1] << 7
        self.written.add(channel)
