"""The bytes a Pololu Maestro understands (User's Guide, sections 5.c to 5.e)."""

from __future__ import annotations

from collections.abc import Sequence

from mandible.firmware_bridge.drivers.facts import facts

FACTS = facts("maestro")
COMMANDS = FACTS["command"]
_TARGET = FACTS["target"]
_KNOWN_ERRORS = sum(1 << bit for bit in FACTS["errors"].values())


def crc7(packet: bytes) -> int:
    """Return the CRC-7 of section 5.d: polynomial 0x91, least significant bit first. 83 01 gives 17."""
    crc = 0
    for byte in packet:
        crc ^= byte
        for _ in range(8):
            if crc & 1:
                crc ^= FACTS["crc_polynomial"]
            crc >>= 1
    return crc


class Language:
    """How one Maestro is spoken to: with its device number or without, with a CRC or without."""

    def __init__(self, device: int | None = None, crc: bool = False) -> None:
        """Use the compact protocol, or the Pololu protocol for the Maestro number ``device`` (0..127)."""
        self._device = device
        self._crc = crc

    def command(self, name: str, data: Sequence[int] = ()) -> bytes:
        """Return the packet of a command of ``maestro.toml``; ``data`` are bytes below 0x80."""
        code: int = COMMANDS[name]
        start = (code,) if self._device is None else (FACTS["pololu_start"], self._device, code & 0x7F)
        packet = bytes((*start, *data))
        return packet + bytes((crc7(packet),)) if self._crc else packet

    def targets(self, first: int, pulses_us: Sequence[int], several: bool) -> bytes:
        """Return what sets the channels from ``first`` on to ``pulses_us``; 0 stops a channel's pulses.

        ``several``: in one command, which a Micro Maestro does not know.
        """
        data = [
            low_high(pulse_us * _TARGET["per_us"] if pulse_us else _TARGET["off"]) for pulse_us in pulses_us
        ]
        if several:
            flat = [byte for pair in data for byte in pair]
            return self.command("set_multiple_targets", (len(data), first, *flat))
        return b"".join(self.command("set_target", (first + index, *pair)) for index, pair in enumerate(data))

    def unhurried(self, channel: int) -> bytes:
        """Return what takes away a channel's own limits of speed and acceleration."""
        return self.command("set_speed", (channel, 0, 0)) + self.command("set_acceleration", (channel, 0, 0))


def low_high(value: int) -> tuple[int, int]:
    """Return 14 bits as two bytes of seven, the low ones first."""
    return value & 0x7F, value >> 7 & 0x7F


def is_error_register(answer: bytes) -> bool:
    """Return whether ``answer`` is two bytes with no bit set that the guide does not name."""
    return len(answer) == 2 and not int.from_bytes(answer, "little") & ~_KNOWN_ERRORS


def harmless_questions(device: int | None) -> tuple[bytes, ...]:
    """Return "get errors" for the Maestro number ``device`` (None: whichever is there), and each one's CRC.

    Sent one after the other as long as nothing answers: a packet is answered by a Maestro without CRCs, the
    byte after it by one with CRCs. None leaves a Maestro with half a command, which it would call an error.
    """
    if device is None:
        # The first form also shows a Maestro that detects its baud rate what that is (0xAA).
        return harmless_questions(FACTS["default_device"]) + _with_crc(Language())
    return _with_crc(Language(device))


def _with_crc(language: Language) -> tuple[bytes, bytes]:
    packet = language.command("get_errors")
    return packet, bytes((crc7(packet),))
