"""Compiling a program on one chip, and what it takes of the chip."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from mandible.errors import DeviceError, InputError
from mandible.quantize import programs
from mandible.quantize.boards import tools
from mandible.quantize.one_chip.board_table import OneChipBoard
from mandible.quantize.one_chip.makefile import IMAGE

# Weights of half a megabyte compile in seconds; more than this is a compiler that hangs.
BUILD_TIMEOUT_S = 300.0
SIZE_TIMEOUT_S = 30.0
_NEEDED = ("make", "arm-none-eabi-gcc", "arm-none-eabi-objcopy", "arm-none-eabi-size")
_KEPT_IN_FLASH = (".boot2", ".text", ".rodata", ".data")
_KEPT_IN_RAM = (".data", ".bss")


@dataclass(frozen=True)
class Built:
    """An image.

    Attributes:
        image: what is flashed.
        elf: the same with names, for simulators and debuggers.
        flash_bytes: code, weights and first values.
        ram_bytes: variables, and code and weights where they run from RAM; the stack apart.
    """

    image: Path
    elf: Path
    flash_bytes: int
    ram_bytes: int


def build(folder: Path, board: OneChipBoard) -> Built:
    """Run ``make`` in a folder that ``export`` has written.

    Raises:
        DeviceError: a program is missing; names the package.
        InputError: it does not compile, or does not fit.
    """
    for program in _NEEDED:
        tools.find(program)
    words = [tools.find("make"), "-s", f"-j{os.cpu_count() or 1}", "-C", str(folder)]
    done = programs.run(words, BUILD_TIMEOUT_S, remedy="look for what hangs, or run make there by hand")
    if done.returncode != 0:
        said = tools.first_complaint(done.stderr.decode(errors="replace"))
        raise InputError(f"{folder}: does not build: {said}")
    elf = folder / f"{IMAGE}.elf"
    sections = _section_bytes(elf)
    flash_bytes = sum(sections.get(name, 0) for name in _KEPT_IN_FLASH)
    return Built(
        folder / f"{IMAGE}.{board.image}",
        elf,
        flash_bytes,
        sum(sections.get(name, 0) for name in _KEPT_IN_RAM),
    )


def _section_bytes(elf: Path) -> dict[str, int]:
    done = tools.call(["arm-none-eabi-size", "-A", elf], SIZE_TIMEOUT_S)
    if done.returncode != 0:
        raise DeviceError(f"arm-none-eabi-size: {tools.first_complaint(done.stderr)}")
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith(".")]
    return {row[0]: int(row[1]) for row in rows}
