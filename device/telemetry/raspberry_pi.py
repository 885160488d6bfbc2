"""The Raspberry Pi's firmware: whether power or heat hold it back, now or since it was switched on."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mandible.device.telemetry.bounded_command import output_of
from mandible.device.telemetry.kernel_file import text, whole_number
from mandible.device.telemetry.reading import Reading

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SOURCE = "raspberry-pi"
KERNEL_FILE = Path("sys/devices/platform/soc/soc:firmware/get_throttled")
LIMIT_S = 1.0
_FLAGS_FILE = Path(__file__).with_name("pi_throttling.toml")
_MOST_BITS = 32


@dataclass(frozen=True, slots=True)
class Flag:
    """One bit of the firmware's answer, and what to do about it."""

    bit: int
    name: str
    meaning: str
    remedy: str


@lru_cache(maxsize=1)
def flags() -> tuple[Flag, ...]:
    """Return every known flag, those about now first."""
    with _FLAGS_FILE.open("rb") as file:
        return tuple(Flag(**entry) for entry in tomllib.load(file)["flag"])


def read(root: Path = Path("/"), search_path: str | None = None) -> Reading | None:
    """Ask the kernel, else ``vcgencmd``; None on anything that is no Raspberry Pi."""
    said = text(root / KERNEL_FILE)
    if said is None and (program := shutil.which("vcgencmd", path=search_path)) is not None:
        said = output_of([program, "get_throttled"], LIMIT_S, one_line=True)
    held_back = None if said is None else parse(said)
    return None if held_back is None else Reading(source=SOURCE, throttled=held_back)


def parse(said: str) -> tuple[str, ...] | None:
    """Return the names of the flags that are set in ``50005``, ``0x50005`` or ``throttled=0x50005``."""
    bits = whole_number(said.strip().removeprefix("throttled="), base=16)
    if bits is None or not 0 <= bits < 1 << _MOST_BITS:
        return None
    return tuple(flag.name for flag in flags() if bits >> flag.bit & 1)
