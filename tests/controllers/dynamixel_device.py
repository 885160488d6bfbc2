"""Simulated Dynamixel servos (X series) on one bus, after ROBOTIS' e-Manual, "Protocol 2.0"."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.controllers.pty_device import PtyDevice

_HEADER = b"\xff\xff\xfd\x00"
# Addresses that are written: operating mode, torque, bus watchdog, goal position (4 bytes), hardware error.
MODE, TORQUE, ERROR, WATCHDOG, GOAL = 11, 64, 70, 98, 116


def crc16(data: bytes) -> int:
    """Polynomial 0x8005, most significant bit first, start 0 (e-Manual, "CRC calculation")."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x8005 if crc & 0x8000 else 0)) & 0xFFFF
    return crc


def packet(servo_id: int, instruction: int, parameters: bytes = b"") -> bytes:
    """Return a packet, with the stuffing that a header inside it needs."""
    content = (bytes((instruction,)) + parameters).replace(b"\xff\xff\xfd", b"\xff\xff\xfd\xfd")
    whole = _HEADER + bytes((servo_id,)) + (len(content) + 2).to_bytes(2, "little") + content
    return whole + crc16(whole).to_bytes(2, "little")


class SimulatedDynamixels(PtyDevice):
    """``tables`` are the control tables by id; an id in ``dead`` says nothing; ``model`` is an XM430-W210."""

    model = (1030, 38)

    def __init__(self, folder: Path, ids: Sequence[int] = (1, 2, 3)) -> None:
        self.ids = tuple(ids)
        self.clock: Callable[[], float] = time.monotonic
        self.dead: set[int] = set()
        super().__init__(folder)

    def power_up(self) -> None:
        self.tables = {one: bytearray(256) for one in self.ids}
        for table in self.tables.values():
            table[0:2] = self.model[0].to_bytes(2, "little")
            table[MODE] = 3
        self._heard = b""
        self._instructed_s = self.clock()

    def goal(self, servo_id: int) -> int:
        """Return a servo's goal position."""
        return int.from_bytes(self.tables[servo_id][GOAL : GOAL + 4], "little")

    def answer(self, data: bytes) -> bytes:
        self._heard += data
        said = b""
        while (at := self._heard.find(_HEADER)) >= 0 and len(self._heard) >= at + 7:
            end = at + 7 + int.from_bytes(self._heard[at + 5 : at + 7], "little")
            if len(self._heard) < end:
                break
            whole, self._heard = self._heard[at:end], self._heard[end:]
            if crc16(whole[:-2]) == int.from_bytes(whole[-2:], "little"):
                content = whole[7:-2].replace(b"\xff\xff\xfd\xfd", b"\xff\xff\xfd")
                said += self._obey(whole[4], content[0], content[1:])
        return said

    def _obey(self, servo_id: int, instruction: int, parameters: bytes) -> bytes:
        self._watch()
        if instruction == 0x83:
            self._sync_write(parameters)
            return b""
        ids = self.ids if servo_id == 0xFE and instruction == 0x01 else (servo_id,)
        return b"".join(
            self._one(one, instruction, parameters) for one in ids if one in self.ids and one not in self.dead
        )

    def _one(self, servo_id: int, instruction: int, parameters: bytes) -> bytes:
        table = self.tables[servo_id]
        data = b""
        if instruction == 0x01:
            data = bytes(table[0:2]) + bytes((self.model[1],))
        elif instruction == 0x02:
            address, count = (int.from_bytes(parameters[at : at + 2], "little") for at in (0, 2))
            data = bytes(table[address : address + count])
        elif instruction == 0x03:
            self._write(servo_id, int.from_bytes(parameters[:2], "little"), parameters[2:])
        alert = 0x80 if table[ERROR] else 0
        return packet(servo_id, 0x55, bytes((alert,)) + data)

    def _watch(self) -> None:
        """Trip the bus watchdogs (98, in 20 ms) of servos with torque that heard nothing for too long."""
        silent_s, self._instructed_s = self.clock() - self._instructed_s, self.clock()
        for table in self.tables.values():
            if table[TORQUE] and 1 <= table[WATCHDOG] <= 127 and silent_s > table[WATCHDOG] * 0.02:
                table[WATCHDOG] = 255

    def _sync_write(self, parameters: bytes) -> None:
        address, count = (int.from_bytes(parameters[at : at + 2], "little") for at in (0, 2))
        for at in range(4, len(parameters), count + 1):
            if parameters[at] in self.tables and parameters[at] not in self.dead:
                self._write(parameters[at], address, parameters[at + 1 : at + 1 + count])

    def _write(self, servo_id: int, address: int, data: bytes) -> None:
        table = self.tables[servo_id]
        # After a bus watchdog error the goals can only be read, until 0 is written to the watchdog.
        if not (address == GOAL and table[WATCHDOG] == 255):
            table[address : address + len(data)] = data
