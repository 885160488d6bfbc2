"""A simulated SSC-32U, after its User Guide: group moves, VER, Q, escape, and Mini SSC moves."""

from __future__ import annotations

import re

from tests.controllers.pty_device import PtyDevice

VERSION = "SSC32-V2.50USB"
_MOVE = re.compile(r"#(\d+)P(\d+)")


class SimulatedSsc32(PtyDevice):
    """``pulses_us`` by channel, 0: none; ``lines`` are the commands carried out."""

    def power_up(self) -> None:
        self.pulses_us = dict.fromkeys(range(32), 0)
        self.lines: list[str] = []
        self._line = b""
        self._mini_ssc = b""

    def answer(self, data: bytes) -> bytes:
        said = b""
        for byte in data:
            if self._mini_ssc or byte == 0xFF:
                self._mini_ssc = b"\xff" if byte == 0xFF else self._mini_ssc + bytes((byte,))
                if len(self._mini_ssc) == 3:
                    _, channel, value = self._mini_ssc
                    self._mini_ssc = b""
                    if channel < 32:
                        self.pulses_us[channel] = 500 + 8 * value
            elif byte == 0x1B:
                self._line = b""
            elif byte == 0x0D:
                line, self._line = self._line.decode("latin-1").upper(), b""
                said += self._obey(re.sub(r"[ \t\n]", "", line))
            else:
                self._line += bytes((byte,))
        return said

    def _obey(self, line: str) -> bytes:
        self.lines.append(line)
        if line == "VER":
            return f"{VERSION}\r".encode()
        if line == "Q":
            return b"."
        for channel, pulse_us in _MOVE.findall(line):
            self.pulses_us[int(channel)] = int(pulse_us)
        return b""
