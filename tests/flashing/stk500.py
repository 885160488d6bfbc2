"""An Uno's USB port: an STK500v1 boot loader with the chip's flash on a pty, then the firmware's core.

The protocol: Atmel, "AVR061: STK500 Communication Protocol"; the commands are those Optiboot answers.
Faults can be switched on: a boot loader that never answers, one that dies half-way, one whose flash is bad.
After the programmer has left, the firmware core answers in its place, whatever was written.
"""

from __future__ import annotations

import os
import select
import threading
import tty
from types import TracebackType

from mandible.firmware_bridge import _board
from mandible.firmware_bridge.protocol import BOARDS

FLASH_BYTES = 32 * 1024
SIGNATURE = bytes((0x1E, 0x95, 0x0F))
IN_SYNC, OK, FAILED = 0x14, 0x10, 0x11
END = 0x20
# Command -> bytes that follow it before the end mark; programming and reading pages say their own.
LENGTHS = {0x30: 0, 0x41: 1, 0x40: 2, 0x42: 20, 0x45: 5, 0x50: 0, 0x51: 0, 0x55: 2, 0x56: 4, 0x74: 3, 0x75: 0}
PARAMETER, LEAVE, LOAD_ADDRESS, UNIVERSAL, PROGRAM_PAGE, READ_PAGE, READ_SIGNATURE = (
    0x41,
    0x51,
    0x55,
    0x56,
    0x64,
    0x74,
    0x75,
)


class BootLoader:
    """One board; use as a context manager.

    Attributes:
        path: the tty it is on.
        flash: what it holds.
        pages: how many have been written.
    """

    def __init__(
        self, *, deaf: bool = False, dies_after_pages: int | None = None, bad_byte: int | None = None
    ) -> None:
        """Start with an erased flash."""
        self.flash = bytearray(b"\xff" * FLASH_BYTES)
        self.pages = 0
        self._deaf, self._dies_after, self._bad_byte = deaf, dies_after_pages, bad_byte
        self._address = 0
        self._program_runs = False
        self._core = _board.Board(b"", 12, 10_000, BOARDS["atmega328p"])
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self._stop_reading, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> BootLoader:
        """Switch it on."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Switch it off."""
        os.write(self._stop, b"x")
        self._thread.join(10)
        for descriptor in (self._master, self._slave, self._stop_reading, self._stop):
            os.close(descriptor)

    def start_program(self) -> None:
        """Let the firmware answer from now on, as if the boot loader had been left."""
        self._program_runs = True

    def _serve(self) -> None:
        waiting = b""
        while True:
            readable = select.select([self._master, self._stop_reading], [], [])[0]
            if self._stop_reading in readable:
                return
            data = os.read(self._master, 4096)
            if self._program_runs:
                self._core.receive(data, 0)
                os.write(self._master, self._core.transmit())
                continue
            waiting += data
            while waiting and not self._deaf:
                length = self._length(waiting)
                if length is None or len(waiting) < length:
                    break
                command, waiting = waiting[:length], waiting[length:]
                if command[-1] == END:
                    os.write(self._master, self._answer(command[0], command[1:-1]))

    def _length(self, waiting: bytes) -> int | None:
        """Return how long the command at the front is, with its end mark; None: not known yet."""
        if waiting[0] == PROGRAM_PAGE:
            return None if len(waiting) < 3 else 5 + int.from_bytes(waiting[1:3], "big")
        return 2 + LENGTHS.get(waiting[0], 0)

    def _answer(self, command: int, body: bytes) -> bytes:
        if self._dies_after is not None and self.pages >= self._dies_after:
            self._deaf = True
            return b""
        return bytes([IN_SYNC]) + self._content(command, body) + bytes([OK])

    def _content(self, command: int, body: bytes) -> bytes:
        if command == READ_SIGNATURE:
            return SIGNATURE
        if command == PARAMETER:
            return b"\x04"
        if command == UNIVERSAL:
            return self._universal(body)
        if command == LOAD_ADDRESS:
            self._address = 2 * int.from_bytes(body, "little")
        elif command == PROGRAM_PAGE:
            self._program(body[3:])
        elif command == LEAVE:
            self._program_runs = True
        elif command == READ_PAGE:
            count = int.from_bytes(body[:2], "big")
            return bytes(self.flash[self._address : self._address + count])
        return b""

    def _universal(self, body: bytes) -> bytes:
        # "Read signature byte" is the only instruction with a result that Optiboot's users need.
        return SIGNATURE[body[2] : body[2] + 1] if body[0] == 0x30 and body[2] < 3 else b"\x00"

    def _program(self, data: bytes) -> None:
        self.flash[self._address : self._address + len(data)] = data
        self.pages += 1
        if self._bad_byte is not None:
            self.flash[self._bad_byte] = 0x55
