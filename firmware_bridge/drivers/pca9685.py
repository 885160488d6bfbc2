"""A PCA9685 on an I2C bus of this computer: sixteen servo outputs with 12-bit pulses.

The chip has no watchdog: it repeats its last pulses for as long as it has power. When our program dies, the
supervisor parks the mouth; when the whole computer stops, the servos hold. Its OE pin makes that safe, see
``docs/controllers.md``.
"""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from mandible.errors import DeviceError
from mandible.firmware_bridge import toml_source
from mandible.firmware_bridge.drivers.claim import Claim
from mandible.firmware_bridge.drivers.driver import HostLoss
from mandible.firmware_bridge.drivers.every import Every
from mandible.firmware_bridge.port_url import PortUrl

Found = TypeVar("Found")

_TABLE = toml_source.parse(Path(__file__).with_name("pca9685_registers.toml").read_text("utf-8"))
_REGISTER: dict[str, int] = _TABLE["register"]
_BIT: dict[str, int] = _TABLE["bit"]
_RESERVED: dict[str, int] = _TABLE["reserved"]
_LIMIT: dict[str, int] = _TABLE["limit"]
_BYTES = _LIMIT["bytes_per_output"]
_MOST = 12
_OFF = bytes((0, 0, 0, _BIT["FULL_OFF"]))
# A chip whose power was off for a moment sleeps, and takes what is written all the same.
_ASK_S = 0.5
BUS_DEVICE = "/dev/i2c-{}"


class Bus(Protocol):
    """One chip's registers."""

    def read(self, register: int) -> int:
        """Return one register. Raises OSError where nothing answers."""
        ...

    def write(self, register: int, data: bytes) -> None:
        """Write ``data`` from ``register`` on, in one transfer. Raises OSError where nothing answers."""
        ...

    def close(self) -> None:
        """Let go of the bus."""
        ...


def prescale(hz: int, oscillator_khz: int) -> int:
    """Return the prescaler for ``hz`` pulses a second (data sheet, section 7.3.5)."""
    counts_per_s = _LIMIT["counts"] * hz
    return max(_LIMIT["smallest_prescale"], (oscillator_khz * 1000 + counts_per_s // 2) // counts_per_s - 1)


class Pca9685:
    """The chip's outputs ``first`` and up, as a ``Driver``."""

    host_loss: HostLoss = "ramp"
    computer_loss: HostLoss = "hold"

    def __init__(
        self, bus: Bus, name: str, hz: int = 50, first: int = 0, oscillator_khz: int = 25_000
    ) -> None:
        """Take the chip, all outputs off. Raises OSError where none answers, DeviceError for another chip."""
        self.name = name
        self.outputs = min(_MOST, _LIMIT["outputs"] - first)
        self.period_us = 1_000_000 // hz
        self._bus = bus
        self._first = first
        self._ticks = prescale(hz, oscillator_khz) + 1
        self._oscillator_khz = oscillator_khz
        self._recognise()
        self._set("ALL_LED_OFF_H", _BIT["FULL_OFF"])
        self._set("MODE1", _BIT["AUTO_INCREMENT"] | _BIT["SLEEP"])
        self._set("PRE_SCALE", self._ticks - 1)
        self._set("MODE2", _BIT["OUTDRV"])
        self._set("MODE1", _BIT["AUTO_INCREMENT"])
        time.sleep(_LIMIT["oscillator_start_us"] / 1e6)
        self._set("MODE1", _BIT["RESTART"] | _BIT["AUTO_INCREMENT"])
        if self._bus.read(_REGISTER["PRE_SCALE"]) != self._ticks - 1:
            raise DeviceError(_another(name))
        self._given = [_OFF] * self.outputs
        self._ask = Every(_ASK_S)

    def give(self, pulses_us: Sequence[int]) -> None:
        """Write the outputs that change in one transfer: the chip takes them over together at its end.

        Raises OSError when the chip is gone, or has restarted.
        """
        if self._ask.due():
            self._refuse_a_restarted_one()
        wanted = [self._counts(pulse_us) for pulse_us in pulses_us[: self.outputs]]
        changed = [output for output, data in enumerate(wanted) if data != self._given[output]]
        if not changed:
            return
        low, high = changed[0], changed[-1] + 1
        register, data = _REGISTER["LED0_ON_L"] + _BYTES * (self._first + low), b"".join(wanted[low:high])
        _insisted(lambda: self._bus.write(register, data))
        self._given = wanted

    def close(self) -> None:
        """Switch every output off."""
        with contextlib.suppress(OSError):
            self._set("ALL_LED_OFF_H", _BIT["FULL_OFF"])
        with contextlib.suppress(OSError):
            self._bus.close()

    def _counts(self, pulse_us: int) -> bytes:
        """Return LEDn_ON and LEDn_OFF: on at count 0, off after ``pulse_us``."""
        if pulse_us == 0:
            return _OFF
        counts = (pulse_us * self._oscillator_khz + 500 * self._ticks) // (1000 * self._ticks)
        return b"\0\0" + min(counts, _LIMIT["counts"] - 1).to_bytes(2, "little")

    def _set(self, register: str, value: int) -> None:
        self._bus.write(_REGISTER[register], bytes((value,)))

    def _refuse_a_restarted_one(self) -> None:
        wanted = _BIT["AUTO_INCREMENT"]
        mode = _insisted(lambda: self._bus.read(_REGISTER["MODE1"]))
        if mode & (wanted | _BIT["SLEEP"]) != wanted:
            raise OSError(errno.ENODEV, "it has restarted")

    def _recognise(self) -> None:
        """Refuse a chip that is none of ours before anything is written to it."""
        odd = any(self._bus.read(_REGISTER[name]) & bits for name, bits in _RESERVED.items())
        if odd or self._bus.read(_REGISTER["PRE_SCALE"]) < _LIMIT["smallest_prescale"]:
            raise DeviceError(_another(self.name))


def _insisted(transfer: Callable[[], Found]) -> Found:
    """Do ``transfer`` again if it fails: servo currents disturb one, but not two in a row."""
    try:
        return transfer()
    except TimeoutError:  # a bus that hangs would do so again
        raise
    except OSError:
        return transfer()


class SmbusChip:
    """A ``Bus`` through smbus2, claimed: an I2C bus by itself lets two programs in at once."""

    def __init__(self, text: str, device: str, address: int) -> None:
        """Open ``device``; OSError where that fails, DeviceError where another process has the chip."""
        from smbus2 import SMBus, i2c_msg

        self._address = address
        self._message = i2c_msg.write
        self._claim = Claim(text, device, address)
        try:
            self._bus = SMBus(device)
        except OSError:
            self._claim.close()
            raise

    def read(self, register: int) -> int:
        """Return one register."""
        return int(self._bus.read_byte_data(self._address, register))

    def write(self, register: int, data: bytes) -> None:
        """Write ``data`` in one transfer, however long."""
        self._bus.i2c_rdwr(self._message(self._address, bytes((register,)) + data))

    def close(self) -> None:
        """Close the bus and give up the claim."""
        try:
            self._bus.close()
        finally:
            self._claim.close()


def open_driver(url: PortUrl) -> Pca9685:
    """Open the chip at ``pca9685://BUS/ADDRESS``; DeviceError, with the remedy, where that fails."""
    if importlib.util.find_spec("smbus2") is None:
        raise DeviceError(f"{url.text}: needs the package smbus2; run: pip install smbus2")
    device, address = BUS_DEVICE.format(url.options["bus"]), url.number("address")
    name = f"the PCA9685 at 0x{address:02x} on {device}"
    chip: SmbusChip | None = None
    try:
        chip = SmbusChip(url.text, device, address)
        return Pca9685(chip, name, url.number("hz"), url.number("first"), url.number("oscillator_khz"))
    except (OSError, DeviceError) as error:
        if chip is not None:
            chip.close()
        if isinstance(error, DeviceError):
            raise
        raise DeviceError(f"{url.text}: {_remedy(error, device, address)}") from error


def _another(name: str) -> str:
    return f"{name}: something else answers there (a power meter INA219?); set the board's address jumpers"


def _remedy(error: OSError, device: str, address: int) -> str:
    if error.errno in (errno.ENOENT, errno.ENODEV):
        there = ", ".join(sorted(str(path) for path in Path("/dev").glob("i2c-*"))) or "none"
        return (
            f"no {device} (there: {there}); switch I2C on (Raspberry Pi: sudo raspi-config nonint do_i2c 0)"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"no permission for {device}; run: sudo usermod -a -G i2c $USER, then log in again"
    if error.errno in (errno.ENXIO, errno.EREMOTEIO, errno.EIO, errno.ETIMEDOUT):
        return f"nothing answers at 0x{address:02x} on {device}; check its power, SDA, SCL and address"
    return f"{device} cannot be used ({error.strerror})"
