"""Opening the byte stream to a board. Every port is read without waiting; losing one raises OSError."""

from __future__ import annotations

import errno
import os
import select
import socket
import termios
from pathlib import Path
from typing import Protocol

import serial

from mandible.errors import DeviceError
from mandible.firmware_bridge.drivers.registry import has_driver
from mandible.firmware_bridge.fake_board import FakeBoard
from mandible.firmware_bridge.host_clock import now_us
from mandible.firmware_bridge.port_url import DEFAULT_BAUD, PortUrl
from mandible.firmware_bridge.usb_ports import usb_tty
from mandible.firmware_bridge.virtual_process import VirtualProcess
from mandible.small_file import exists

# More than a board says in 40 ms at the usual rate: whoever has as much to say each time is flooding us.
CHUNK_BYTES = 512
# pyserial lets the terminal's own error through, which is no OSError.
_FAILURES = (OSError, termios.error)


class Port(Protocol):
    """A byte stream to a board."""

    def fileno(self) -> int:
        """Return a descriptor that ``select`` shows as readable when bytes have arrived."""
        ...

    def read(self) -> bytes:
        """Return what has arrived, maybe nothing. Raises OSError when the port is gone."""
        ...

    def write(self, data: bytes) -> int:
        """Take as much of ``data`` as fits; return how much. Raises OSError when the port is gone."""
        ...

    def close(self) -> None:
        """Give the port back."""
        ...


def open_port(url: PortUrl) -> Port:
    """Open the port, or raise DeviceError with the remedy."""
    if url.scheme == "serial":
        return SerialPort(url.path, url.baud)
    if url.scheme == "usb":
        return SerialPort(usb_tty(url), url.baud)
    if url.scheme == "virtual":
        return SerialPort(url.path, url.baud) if url.path else ProcessPort(VirtualProcess())
    if has_driver(url.scheme):
        # A cable that is out is looked for many times a second: that needs no process.
        if url.path and not exists(Path(url.path)):
            raise DeviceError(_remedy(url.path, FileNotFoundError(errno.ENOENT, "")))
        return ProcessPort(VirtualProcess(url.text, module="supervisor"))
    if url.scheme == "fake":
        return FakePort(FakeBoard())
    raise DeviceError(f"{url.text} leads to no board")


class SerialPort:
    """A tty, held exclusively."""

    def __init__(self, path: str, baud: int) -> None:
        """Open ``path``; raise DeviceError with the remedy where that fails."""
        try:
            self._device = serial.Serial(path, baud, timeout=0, write_timeout=0, exclusive=True)
        except (*_FAILURES, ValueError) as error:  # SerialException is an OSError
            raise DeviceError(_remedy(path, error)) from error
        self._descriptor: int = self._device.fileno()

    def fileno(self) -> int:
        """Return the tty's descriptor."""
        return self._descriptor

    # Bytes go past pyserial: it reports an unplugged board in three ways, one of them no exception at all.
    def read(self) -> bytes:
        """Return what has arrived."""
        try:
            data = os.read(self._descriptor, CHUNK_BYTES)
        except BlockingIOError:
            return b""
        if not data and select.select([self._descriptor], [], [], 0)[0]:
            # Bytes may have come between the two calls; a port that has hung up has none now either.
            data = os.read(self._descriptor, CHUNK_BYTES)
            if not data:
                raise OSError(errno.EIO, "the port has hung up")
        return data

    def write(self, data: bytes) -> int:
        """Write as much as the driver takes."""
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            return 0

    def close(self) -> None:
        """Close the tty."""
        # A port that is gone may refuse even this.
        try:
            self._device.close()
        except _FAILURES:
            return


class ProcessPort:
    """A board that is a process, ended with this port."""

    def __init__(self, board: VirtualProcess) -> None:
        """Open the terminal of ``board``."""
        self._board = board
        try:
            self._tty = SerialPort(board.path, DEFAULT_BAUD)
        except DeviceError:
            board.end()
            raise

    def fileno(self) -> int:
        """Return the terminal's descriptor."""
        return self._tty.fileno()

    def read(self) -> bytes:
        """Return what has arrived."""
        return self._tty.read()

    def write(self, data: bytes) -> int:
        """Write as much as the terminal takes."""
        return self._tty.write(data)

    def close(self) -> None:
        """Close the terminal and end the board."""
        try:
            self._tty.close()
        finally:
            self._board.end()


class FakePort:
    """A ``FakeBoard`` in this process, behind a socket so that it can be waited for like any port."""

    def __init__(self, board: FakeBoard) -> None:
        """Connect to ``board``."""
        self.board = board
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._ours.fileno()

    def read(self) -> bytes:
        """Return the board's replies."""
        try:
            return self._ours.recv(CHUNK_BYTES)
        except BlockingIOError:
            return b""

    def write(self, data: bytes) -> int:
        """Hand ``data`` to the board, which answers at once."""
        self.board.receive(data, now_us())
        self._theirs.sendall(self.board.transmit())
        return len(data)

    def close(self) -> None:
        """Close the socket."""
        self._ours.close()
        self._theirs.close()


def _remedy(path: str, error: Exception) -> str:
    number = _number(error)
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO):
        return f"{path}: no such port; plug the board in (mandible devices lists the ports there are)"
    if number in (errno.EAGAIN, errno.EBUSY):
        return f"{path}: the port is busy; close the program that has it open (a serial monitor?)"
    if number in (errno.EACCES, errno.EPERM):
        return f"{path}: no permission; run: sudo usermod -a -G dialout $USER, then log in again"
    if number in (errno.ENOTTY, errno.EISDIR, errno.ENAMETOOLONG):
        return f"{path}: not a serial port; mandible devices lists those there are"
    return f"{path}: not a serial port that can be opened ({error})"


def _number(error: BaseException) -> int | None:
    """Return the system's number of an error, also where pyserial has made words of it."""
    first = error.args[0] if isinstance(error, _FAILURES) and error.args else None
    if isinstance(first, str) and error.__context__ is not None:
        return _number(error.__context__)
    return first if isinstance(first, int) else None
