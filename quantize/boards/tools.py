"""Finding and calling the programs that build and simulate: what is missing is named with its remedy."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from mandible.errors import DeviceError
from mandible.quantize import programs
from mandible.wording import shortened

LONGEST_COMPLAINT = 200
REMEDY = (
    "give it fewer hops, look for a loop without an end in the exported code, or install the program again"
)
RP2040JS = "rp2040js@1.4.1"
ENVIRONMENT = "MANDIBLE_NODE_MODULES"
SOURCE_FOLDER = Path(__file__).resolve().parents[2]
APT = {
    "arm-none-eabi-gcc": "gcc-arm-none-eabi libnewlib-arm-none-eabi",
    "arm-none-eabi-size": "gcc-arm-none-eabi",
    "arm-none-eabi-nm": "gcc-arm-none-eabi",
    "arm-none-eabi-objcopy": "gcc-arm-none-eabi",
    "qemu-system-arm": "qemu-system-arm",
    "node": "nodejs npm",
    "make": "make",
}


def find(program: str) -> str:
    """Return the program's path; raises DeviceError, which says how to install it, where it is missing."""
    found = shutil.which(program)
    if found is None:
        raise DeviceError(f"{program} is missing; run: apt-get install {APT[program]}")
    return found


def node_modules() -> Path:
    """Return the folder that holds npm's ``rp2040js``.

    The environment variable MANDIBLE_NODE_MODULES names it. Without that it is ``.node/node_modules`` in
    mandible's source folder, or in ``~/.cache/mandible/node`` where mandible is installed without sources.

    Raises:
        DeviceError: rp2040js, or a version of it that is not the one we count with; names the npm command.
    """
    named = os.environ.get(ENVIRONMENT)
    folder = Path(named) if named else _node_folder() / "node_modules"
    package = folder / "rp2040js" / "package.json"
    name, wanted = RP2040JS.split("@")
    remedy = (
        f"run: npm install --prefix {folder.parent if folder.name == 'node_modules' else folder} {RP2040JS}"
    )
    try:
        content = package.read_text(encoding="utf-8")
    except OSError:
        place = f"{ENVIRONMENT}={named}" if named else str(folder)
        raise DeviceError(f"{name} is not in {place}; {remedy}") from None
    if re.search(rf'"version":\s*"{re.escape(wanted)}"', content) is None:
        raise DeviceError(f"{package}: not version {wanted}; {remedy}")
    return folder


def _node_folder() -> Path:
    if (SOURCE_FOLDER / "pyproject.toml").is_file():
        return SOURCE_FOLDER / ".node"
    return Path.home() / ".cache" / "mandible" / "node"


def call(
    arguments: Sequence[str | Path], timeout_s: float, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and return its status and words; its input is empty.

    Raises:
        DeviceError: it is missing or broken, took longer than ``timeout_s``, or we were interrupted.
    """
    words = [find(str(arguments[0])), *map(str, arguments[1:])]
    done = programs.run(words, timeout_s, folder=folder, remedy=REMEDY)
    out, err = (written.decode(errors="replace") for written in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(words, done.returncode, out, err)


def first_complaint(words: str) -> str:
    """Return the line of a program's words that says what is wrong: the first error, else the last line."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    errors = [
        line for line in lines if "error" in line.lower() or "overflowed" in line or "undefined" in line
    ]
    return shortened((errors or lines[-1:] or ["it said nothing"])[0], LONGEST_COMPLAINT)


def version(program: str) -> str:
    """Return the version number a program states, such as ``12.2.1``."""
    words = call([program, "--version"], 30).stdout.splitlines()
    found = re.search(r"\d+\.\d+(\.\d+)?", re.sub(r"\([^)]*\)", "", words[0]) if words else "")
    return found.group(0) if found else "unknown"
