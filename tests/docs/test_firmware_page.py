"""What README.md and docs/firmware.md say that the firmware takes is what the linked images take."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.virtual.rp2040 import build as pico
from tests.virtual.simavr import build as uno

_ROOT = Path(__file__).parents[2]
_BYTES_IN_KB = 1000


def sections(command: str, image: Path) -> dict[str, int]:
    """Return the size of each section of a linked image."""
    listing = subprocess.run([command, "-A", str(image)], capture_output=True, text=True, check=True).stdout
    rows = (line.split() for line in listing.splitlines() if line.startswith("."))
    return {row[0]: int(row[1]) for row in rows}


def kb(*counts: int) -> float:
    return sum(counts) / _BYTES_IN_KB


def test_the_readme_says_what_the_arduino_s_image_takes() -> None:
    size = sections("avr-size", uno.build()[0])
    flash_kb = kb(size[".text"], size[".data"])
    ram_kb = kb(size[".data"], size[".bss"])
    said = f"| Arduino firmware | {flash_kb:.0f} kB flash, {ram_kb:.1f} kB SRAM |"
    assert said in (_ROOT / "README.md").read_text("utf-8")


def test_the_page_says_what_the_pico_s_image_takes() -> None:
    size = sections("arm-none-eabi-size", pico.build() / "mandible-rp2040.elf")
    flash_kb = kb(size[".boot2"], size[".text"], size[".data"])
    ram_kb = kb(size[".data"], size[".bss"])
    said = f"| flash, RAM | {flash_kb:.0f} of 2048 kB, {ram_kb:.0f} of 264 kB |"
    assert said in (_ROOT / "docs" / "firmware.md").read_text("utf-8")
