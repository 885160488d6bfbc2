"""A simulated PCA9685 on an I2C bus, after NXP's product data sheet (sections 7.3 and 7.4)."""

from __future__ import annotations

import ctypes
import errno

from smbus2.smbus2 import I2C_FUNCS, I2C_M_RD, I2C_RDWR, I2C_SLAVE, I2C_SMBUS

_MODE1, _PRE_SCALE, _ALL_LED, _LED_END = 0x00, 0xFE, 0xFA, 0x45
_RESTART, _AUTO_INCREMENT, _SLEEP, _ALLCALL = 0x80, 0x20, 0x10, 0x01
_SMBUS_READ, _SMBUS_BYTE_DATA = 1, 2
_EVERY_FUNCTION = 0x0EFF0009


class Chip:
    """Its registers, and what its outputs do.

    Attributes:
        address: on the bus.
        transfers: (register, data) of every write so far.
        gone: whether it answers no more.
        disturbed: how many transfers from now on it does not acknowledge.
    """

    def __init__(self, address: int = 0x40) -> None:
        """Switch it on."""
        self.address = address
        self.gone = False
        self.disturbed = 0
        self.transfers: list[tuple[int, bytes]] = []
        self.power_up()

    def power_up(self) -> None:
        """Take the values after power-on (table 4)."""
        self.registers = bytearray(256)
        self.registers[_MODE1] = _SLEEP | _ALLCALL
        self.registers[1] = 0x04
        self.registers[_PRE_SCALE] = 0x1E
        for output in range(16):
            self.registers[9 + 4 * output] = 0x10
        self._pointer = 0

    def write(self, data: bytes) -> None:
        """Take one transfer: the register's number, then its value and those of the next ones."""
        if not data:  # nothing but its address: is there anybody?
            return
        self._pointer = data[0]
        if len(data) > 1:
            self.transfers.append((data[0], data[1:]))
        for value in data[1:]:
            self._store(self._pointer, value)
            self._advance()

    def read(self, count: int) -> bytes:
        """Return ``count`` registers from the last one named on."""
        values = bytearray()
        for _ in range(count):
            values.append(self.registers[self._pointer])
            self._advance()
        return bytes(values)

    def pulse_us(self, output: int) -> float:
        """Return how long the output is high in each cycle (figure 7), 0 if never; its 25 MHz are exact."""
        on_l, on_h, off_l, off_h = self.registers[6 + 4 * output : 10 + 4 * output]
        if off_h & 0x10 or self.registers[_MODE1] & _SLEEP:
            return 0.0
        assert not on_h & 0x10, "an output that is always on burns a servo"
        counts = ((off_h & 0x0F) << 8 | off_l) - ((on_h & 0x0F) << 8 | on_l)
        return (counts % 4096) * (self.registers[_PRE_SCALE] + 1) / 25.0

    def rate_hz(self) -> float:
        """Return how many cycles a second there are (section 7.3.5)."""
        return 25e6 / 4096 / (self.registers[_PRE_SCALE] + 1)

    def _store(self, register: int, value: int) -> None:
        if register == _PRE_SCALE:
            if self.registers[_MODE1] & _SLEEP:  # "writes to PRE_SCALE are blocked when SLEEP is logic 0"
                self.registers[register] = max(value, 3)
        elif register >= _ALL_LED:
            for output in range(16):
                self._store(6 + 4 * output + register - _ALL_LED, value)
        elif register == _MODE1:
            self.registers[register] = value & ~_RESTART
        elif register <= _LED_END:
            reserved = 0xE0 if register == 1 or (register > 5 and register & 1) else 0
            self.registers[register] = value & ~reserved
        else:
            raise OSError(errno.EREMOTEIO, "reserved addresses are not acknowledged")

    def _advance(self) -> None:
        if self.registers[_MODE1] & _AUTO_INCREMENT:
            self._pointer = 0 if self._pointer in (_LED_END, _PRE_SCALE) else (self._pointer + 1) % 256


class Kernel:
    """Linux's side of ``/dev/i2c-N`` with ``chip`` on the bus: stands in for ``ioctl`` under smbus2."""

    def __init__(self, chip: Chip) -> None:
        """Connect the chip."""
        self.chip = chip
        self._slave = 0

    def ioctl(self, _descriptor: int, request: int, argument: object) -> int:
        """Do what the i2c-dev driver does with the requests that smbus2 makes."""
        if request == I2C_FUNCS:
            argument.value = _EVERY_FUNCTION  # type: ignore[attr-defined]
        elif request == I2C_SLAVE:
            assert isinstance(argument, int)
            self._slave = argument
        elif request == I2C_RDWR:
            for message in argument.msgs[: argument.nmsgs]:  # type: ignore[attr-defined]
                self._reach(message.addr)
                if message.flags & I2C_M_RD:
                    ctypes.memmove(message.buf, self.chip.read(message.len), message.len)
                else:
                    self.chip.write(ctypes.string_at(message.buf, message.len))
        elif request == I2C_SMBUS:
            self._reach(self._slave)
            assert (argument.read_write, argument.size) == (_SMBUS_READ, _SMBUS_BYTE_DATA)  # type: ignore[attr-defined]
            self.chip.write(bytes((argument.command,)))  # type: ignore[attr-defined]
            argument.data.contents.byte = self.chip.read(1)[0]  # type: ignore[attr-defined]
        else:
            raise OSError(errno.ENOTTY, "no such request")
        return 0

    def _reach(self, address: int) -> None:
        disturbed, self.chip.disturbed = self.chip.disturbed > 0, max(self.chip.disturbed - 1, 0)
        if disturbed or self.chip.gone or address != self.chip.address:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")


class AdafruitBus:
    """The chip as Adafruit's drivers see a bus."""

    def __init__(self, chip: Chip) -> None:
        """Connect the chip."""
        self._chip = chip

    def try_lock(self) -> bool:
        """Take the bus."""
        return True

    def unlock(self) -> None:
        """Give it back."""

    def writeto(self, _address: int, data: bytes, *, start: int = 0, end: int | None = None) -> None:
        """Write one transfer."""
        self._chip.write(bytes(data[start:end]))

    def writeto_then_readfrom(
        self,
        _address: int,
        out: bytes,
        into: bytearray,
        *,
        out_start: int = 0,
        out_end: int | None = None,
        in_start: int = 0,
        in_end: int | None = None,
    ) -> None:
        """Name a register and read from there."""
        self._chip.write(bytes(out[out_start:out_end]))
        end = len(into) if in_end is None else in_end
        into[in_start:end] = self._chip.read(end - in_start)
