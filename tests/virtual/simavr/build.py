"""The firmware image and the simulator that runs it, built when their sources have changed."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

FIRMWARE = Path(__file__).parents[3] / "firmware_bridge" / "firmware"
_HERE = Path(__file__).parent
_BUILD = _HERE / "build"
_TOOLS = ("make", "gcc", "avr-gcc", "avr-size")
_SIMULATOR = Path("/usr/include/simavr/sim_avr.h")
_REMEDY = "run: apt-get install make gcc gcc-avr avr-libc simavr libsimavr-dev libelf-dev"


class ToolsMissingError(RuntimeError):
    """A compiler or the simulator is not installed: tests that need it fail with this."""


def build(baud: int = 115_200) -> tuple[Path, Path]:
    """Return (firmware ELF for that baud, simulator), up to date. Two runs at once wait for one another."""
    for tool in _TOOLS:
        if shutil.which(tool) is None:
            raise ToolsMissingError(f"{tool} is missing: the firmware's own tests need it; {_REMEDY}")
    if not _SIMULATOR.exists():
        raise ToolsMissingError(f"libsimavr is missing: the firmware's own tests need it; {_REMEDY}")
    _BUILD.mkdir(exist_ok=True)
    with (_BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _run("make", "-s", "-C", str(FIRMWARE), "uno", f"BUILD={_BUILD}", f"BAUD={baud}")
        return _BUILD / f"mandible-atmega328p-{baud}.elf", _simulator()


def _simulator() -> Path:
    sources, program = sorted(map(str, _HERE.glob("*.c"))), _BUILD / "harness"
    changed_s = max(path.stat().st_mtime for path in _HERE.glob("*.[ch]"))
    if not program.exists() or program.stat().st_mtime < changed_s:
        warnings = ("-Wall", "-Wextra", "-Wno-missing-field-initializers")
        _run("gcc", "-std=gnu99", "-O2", *warnings, *sources, "-o", str(program), "-lsimavr", "-lelf")
    return program


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
