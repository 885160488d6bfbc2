"""Simulated Feetech servos on one bus, after the maker's communication protocol manual."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from tests.controllers.pty_device import PtyDevice

TORQUE, GOAL, PRESENT = 40, 42, 56


def packet(servo_id: int, code: int, parameters: bytes = b"") -> bytes:
    """Return a packet with the inverted sum of all after its header."""
    body = bytes((servo_id, len(parameters) + 2, code)) + parameters
    return b"\xff\xff" + body + bytes((~sum(body) & 0xFF,))


class SimulatedFeetechs(PtyDevice):
    """``tables`` are the memory tables by id, ``errors`` the status bits; ``echo``: a one-wire adapter."""

    def __init__(
        self,
        folder: Path,
        ids: Sequence[int] = (1, 2, 3),
        order: Literal["little", "big"] = "little",
        echo: bool = False,
    ) -> None:
        self.ids, self.order, self.echo = tuple(ids), order, echo
        self.dead: set[int] = set()
        super().__init__(folder)

    def power_up(self) -> None:
        self.tables = {one: bytearray(128) for one in self.ids}
        self.errors = dict.fromkeys(self.ids, 0)
        self._heard = b""

    def goal(self, servo_id: int) -> int:
        """Return a servo's goal position, in the family's byte order."""
        return int.from_bytes(self.tables[servo_id][GOAL : GOAL + 2], self.order)

    def answer(self, data: bytes) -> bytes:
        self._heard += data
        said = data if self.echo else b""
        while (at := self._heard.find(b"\xff\xff")) >= 0 and len(self._heard) >= at + 4:
            end = at + 4 + self._heard[at + 3]
            if self._heard[at + 2] == 0xFF or self._heard[at + 3] < 2:
                self._heard = self._heard[at + 1 :]
                continue
            if len(self._heard) < end:
                break
            whole, self._heard = self._heard[at:end], self._heard[end:]
            if packet(whole[2], whole[4], whole[5:-1]) == whole:
                said += self._obey(whole[2], whole[4], whole[5:-1])
        return said

    def _obey(self, servo_id: int, instruction: int, parameters: bytes) -> bytes:
        if instruction == 0x83:
            address, count = parameters[0], parameters[1]
            for at in range(2, len(parameters), count + 1):
                if parameters[at] in self.tables:
                    table = self.tables[parameters[at]]
                    table[address : address + count] = parameters[at + 1 : at + 1 + count]
            return b""
        ids = self.ids if servo_id == 0xFE and instruction == 0x01 else (servo_id,)
        said = b""
        for one in ids:
            if one in self.ids and one not in self.dead:
                data = b""
                if instruction == 0x02:
                    data = bytes(self.tables[one][parameters[0] : parameters[0] + parameters[1]])
                elif instruction == 0x03:
                    self.tables[one][parameters[0] : parameters[0] + len(parameters) - 1] = parameters[1:]
                said += packet(one, self.errors[one], data)
        return said
