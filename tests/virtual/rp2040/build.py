"""The Pico's image, built when its sources have changed, and the folder that has the simulator."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from functools import cache
from pathlib import Path

from mandible.quantize.boards import node_modules

FIRMWARE = Path(__file__).parents[3] / "firmware_bridge" / "firmware"
_BUILD = Path(__file__).parent / "build"
_TOOLS = {
    "make": "make",
    "arm-none-eabi-gcc": "gcc-arm-none-eabi libnewlib-arm-none-eabi",
    "node": "nodejs npm",
}


class ToolsMissingError(RuntimeError):
    """A compiler or the simulator is not installed: tests that need it fail with this."""


def build() -> Path:
    """Return the folder with ``mandible-rp2040.elf``, ``.bin`` and ``.uf2``. Two test runs at once wait."""
    for tool, packages in _TOOLS.items():
        if shutil.which(tool) is None:
            raise ToolsMissingError(
                f"{tool} is missing: the Pico's own tests need it; run: apt-get install {packages}"
            )
    _BUILD.mkdir(exist_ok=True)
    with (_BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = ["make", "-s", "-C", str(FIRMWARE), "rp2040", f"BUILD={_BUILD}"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return _BUILD


def simulator_modules() -> Path:
    """Return the folder that holds rp2040js; raises DeviceError, which names the npm command, without it."""
    return node_modules()


@cache
def symbol(name: str) -> int:
    """Return the address of a function or variable of the image."""
    image = str(build() / "mandible-rp2040.elf")
    done = subprocess.run(["arm-none-eabi-nm", image], capture_output=True, text=True, check=True)
    rows = (line.split() for line in done.stdout.splitlines())
    return next(int(row[0], 16) for row in rows if row[-1] == name)
