"""Writing an ATmega328P through its boot loader, with avrdude. It reads back what it has written."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from mandible.errors import DeviceError
from mandible.firmware_bridge.flashing.boards import Board
from mandible.firmware_bridge.flashing.image import Image
from mandible.saying import say
from mandible.wording import shortened

TOOL = "avrdude"
# 32 KiB at 57600 baud, written and read back, take under 15 s; before that ten attempts to be heard.
_LIMIT_S = 120.0
# Of 5.6 s each; a boot loader that is there answers the first.
_ATTEMPTS = 3
# avrdude's words where the system does not let it have the port at all, in its versions 6 and 7.
_CLOSED = ("cannot open port", "can't open device", "ser_open()", "cannot set attributes for")
_SILENT = ("programmer is not responding", "not in sync", "unable to sync", "timed out")
_HALF = "the board may hold half an image and moves nothing; its boot loader is still there: flash it again"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to reach the boot loader."""

    command: tuple[str, ...]
    baud: int


def attempts(board: Board, image: Image, port: str, bauds: Sequence[int]) -> tuple[Attempt, ...]:
    """Return what to try, in this order, until a boot loader answers."""
    return tuple(Attempt(_command(board, image, port, baud), baud) for baud in bauds)


def _command(board: Board, image: Image, port: str, baud: int) -> tuple[str, ...]:
    # -D: a boot loader erases page by page. The image comes by standard input: the one that was checked.
    words = f"-q -p {board.part} -c arduino -x attempts={_ATTEMPTS} -b {baud} -D -U flash:w:-:i -P"
    return (TOOL, *words.split(), port)


def find() -> str:
    """Return avrdude's path; DeviceError with the command that brings it where it is missing."""
    path = shutil.which(TOOL)
    if path is None:
        raise DeviceError(f"{TOOL} is missing, which writes to this board; run: sudo apt-get install {TOOL}")
    return path


def write(board: Board, image: Image, port: str, bauds: Sequence[int]) -> int:
    """Write the image and compare; return the baud at which the boot loader answered.

    Raises DeviceError, which says what the board may hold now, where that fails.
    """
    tool = find()
    output = ""
    for attempt in attempts(board, image, port, bauds):
        code, output = _run((tool, *attempt.command[1:]), image.content)
        if code == 0:
            return attempt.baud
        if any(words in output for words in _CLOSED):
            raise DeviceError(
                f"{port}: cannot be opened ({_reason(output).rpartition(': ')[2]}); "
                "mandible devices lists the ports, and mandible doctor says whether you may use them. "
                "Nothing was written"
            )
        if not _unheard(output):
            raise DeviceError(f"{port}: avrdude could not write ({_reason(output)}); {_HALF}")
    tried = " and ".join(map(str, bauds))
    raise DeviceError(
        f"{port}: no boot loader answers at {tried} baud; is it a {board.name}? Close what has the port open "
        f"(a serial monitor), unplug the board and plug it in, then try again. Nothing was written"
    )


def _run(command: Sequence[str], content: bytes) -> tuple[int, str]:
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        output, _ = process.communicate(content, _LIMIT_S)
    except subprocess.TimeoutExpired:
        _end(process)
        raise DeviceError(f"avrdude did not end within {_LIMIT_S:.0f} s; {_HALF}") from None
    except KeyboardInterrupt:
        _end(process)
        say(f"mandible: interrupted; {_HALF}")
        raise
    return process.returncode, output.decode("utf-8", "replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def _unheard(output: str) -> bool:
    # Nothing was written as long as the chip was never identified.
    return any(words in output for words in _SILENT) and "device signature" not in output


def _reason(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if "error" in line.lower() or "mismatch" in line]
    lines = lines or [line.strip() for line in output.splitlines() if line.strip()]
    return shortened(lines[0].removeprefix("avrdude:").strip(), 160) if lines else "it does not say why"
