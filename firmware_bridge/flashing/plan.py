"""What flashing will do, decided before anything is done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mandible.errors import DeviceError, InputError
from mandible.firmware_bridge.flashing import avrdude, picotool, uf2_drive
from mandible.firmware_bridge.flashing.boards import Board
from mandible.firmware_bridge.flashing.image import Image
from mandible.firmware_bridge.port_url import PortUrl
from mandible.firmware_bridge.usb_ports import usb_tty

# A desktop mounts a drive within a few seconds; picotool needs none.
_MOUNTED_S = 8.0
_FASTEST_BAUD = 4_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """An image, and the way it takes.

    Attributes:
        port: path of the tty to write to, or to ask the firmware at for its boot loader; empty for neither.
        drive: where to copy to; None where it shows only later, or another way is taken.
        programmer_bauds: at which to look for the boot loader.
    """

    board: Board
    image: Image
    port: str = ""
    drive: Path | None = None
    programmer_bauds: tuple[int, ...] = ()

    @property
    def steps(self) -> tuple[str, ...]:
        """What will be run or copied, a line each."""
        if self.board.writer == "avrdude":
            tries = avrdude.attempts(self.board, self.image, self.port, self.programmer_bauds)
            return tuple(f"{' '.join(one.command)} < {self.image.path}" for one in tries)
        if self.drive is not None:
            return (f"copy {self.image.path} to {self.drive / uf2_drive.NAME}",)
        load = " ".join(picotool.command(self.image))
        if not self.port:
            return (load,)
        return (
            f"ask the board at {self.port} for its boot loader",
            f"copy {self.image.path} to the drive {self.board.part} once it is mounted, else {load}",
        )

    def carry_out(self) -> int | None:
        """Write; return the boot loader's baud where it has one. DeviceError where it fails."""
        if self.board.writer == "avrdude":
            return avrdude.write(self.board, self.image, self.port, self.programmer_bauds)
        drive = self.drive
        if drive is None and self.port:
            uf2_drive.ask_for_boot_loader(self.port)
            drive = uf2_drive.the_drive(self.board, None, wait_s=_MOUNTED_S)
        if drive is not None:
            uf2_drive.copy(self.board, self.image, drive)
        elif picotool.find() is not None:
            picotool.write(self.image)
        else:
            raise DeviceError(_no_drive(self.board))
        return None


def make_plan(
    board: Board, image: Image, url: PortUrl | None, *, drive: Path | None, programmer_baud: int | None
) -> Plan:
    """Return the plan; InputError or DeviceError, with the remedy, where there is no way to the board."""
    if board.writer == "avrdude":
        if drive is not None:
            raise InputError(f"--drive: the {board.name} shows no drive; name its --port")
        if url is None:
            raise InputError("--port: name the board's, e.g. /dev/ttyACM0 (mandible devices lists them)")
        if programmer_baud is not None and not 0 < programmer_baud <= _FASTEST_BAUD:
            raise InputError(
                f"--programmer-baud {programmer_baud}: is not in 1..{_FASTEST_BAUD}; an {board.name}'s is "
                f"{' or '.join(map(str, board.programmer_bauds))}"
            )
        bauds = board.programmer_bauds if programmer_baud is None else (programmer_baud,)
        return Plan(board, image, port=tty_of(url), programmer_bauds=bauds)
    if programmer_baud is not None:
        raise InputError(f"--programmer-baud: the {board.name}'s boot loader has no rate; leave it out")
    place = uf2_drive.the_drive(board, drive)
    port = "" if url is None or place is not None else tty_of(url)
    if place is None and not port and picotool.find() is None:
        raise DeviceError(_no_drive(board))
    return Plan(board, image, port=port, drive=place)


def _no_drive(board: Board) -> str:
    return (
        f"no drive called {board.part} is mounted; hold the board's BOOTSEL button while plugging it in, "
        "mount the drive if your system does not, and name where with --drive FOLDER"
    )


def tty_of(url: PortUrl) -> str:
    """Return the path of the tty that ``url`` leads to; InputError where that is no serial port."""
    if url.scheme == "usb":
        return usb_tty(url)
    if url.scheme != "serial":
        raise InputError(
            f"--port {url.text}: a board is flashed through a serial port: serial:///dev/ttyACM0"
        )
    return url.path
