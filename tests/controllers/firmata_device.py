"""A simulated Arduino with StandardFirmata 2.5 and its Servo library."""

from __future__ import annotations

from tests.controllers.pty_device import PtyDevice

SERVO, OUTPUT = 4, 1
_NAME = "StandardFirmata.ino"


class SimulatedFirmata(PtyDevice):
    """``pulses_us`` by pin, of the pins that are servos now; ``modes`` by pin; ``resets`` counts 0xFF."""

    def power_up(self) -> None:
        self.pulses_us: dict[int, int] = {}
        self.modes: dict[int, int] = {}
        self.limits_us: dict[int, tuple[int, int]] = {}
        self.resets = 0
        self._message = b""

    def greeting(self) -> bytes:
        return b"\xf9\x02\x05" + self._firmware()

    def answer(self, data: bytes) -> bytes:
        said = b""
        for byte in data:
            said += self._byte(byte)
        return said

    def _byte(self, byte: int) -> bytes:
        if self._message[:1] == b"\xf0":
            self._message += bytes((byte,))
            if byte == 0xF7:
                content, self._message = self._message[1:-1], b""
                return self._sysex(content)
            return b""
        if byte >= 0x80:
            self._message = b""
            if byte == 0xF9:
                return b"\xf9\x02\x05"
            if byte == 0xFF:
                self.resets += 1
                self.pulses_us.clear()
            elif byte in (0xF0, 0xF4, 0xF5) or byte >> 4 in (0x9, 0xE, 0xC, 0xD):
                self._message = bytes((byte,))
            return b""
        if self._message:
            self._message += bytes((byte,))
            wanted = 2 if self._message[0] >> 4 in (0xC, 0xD) else 3
            if len(self._message) == wanted:
                message, self._message = self._message, b""
                self._short(message)
        return b""

    def _short(self, message: bytes) -> None:
        if message[0] >> 4 == 0xE:
            self._write(message[0] & 0x0F, message[1] | message[2] << 7)
        elif message[0] == 0xF4:
            self.modes[message[1]] = message[2]
            if message[2] != SERVO:
                self.pulses_us.pop(message[1], None)

    def _sysex(self, content: bytes) -> bytes:
        if content == b"\x79":
            return self._firmware()
        if content == b"\x6b":
            # Input, output and servo (14 bits) on each of 20 pins; analog (10 bits) on the last six.
            pins = [b"\x00\x01\x01\x01\x04\x0e" + (b"\x02\x0a" if pin >= 14 else b"") for pin in range(20)]
            return b"\xf0\x6c" + b"".join(pin + b"\x7f" for pin in pins) + b"\xf7"
        if content[:1] == b"\x70" and len(content) == 6:
            pin = content[1]
            self.limits_us[pin] = (content[2] | content[3] << 7, content[4] | content[5] << 7)
            self.modes[pin] = SERVO
            self.pulses_us.setdefault(pin, 1500)
        elif content[:1] == b"\x6f":
            self._write(content[1], content[2] | content[3] << 7)
        return b""

    def _write(self, pin: int, value: int) -> None:
        """Do as Servo::write of Arduino's library: below 544 the value is an angle."""
        if self.modes.get(pin) != SERVO:
            return
        least_us, most_us = self.limits_us.get(pin, (544, 2400))
        if value < 544:
            value = least_us + min(value, 180) * (most_us - least_us) // 180
        self.pulses_us[pin] = min(max(value, least_us), most_us)

    def _firmware(self) -> bytes:
        name = b"".join(bytes((byte & 0x7F, byte >> 7)) for byte in _NAME.encode())
        return b"\xf0\x79\x02\x05" + name + b"\xf7"
