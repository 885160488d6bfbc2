"""Writes the ``README.md`` of a program on one chip."""

from __future__ import annotations

from pathlib import Path

from mandible.firmware_bridge.rig import Rig
from mandible.models.released import ModelFile
from mandible.quantize.c_code.rig_tables import left_out
from mandible.quantize.one_chip.board_table import Microphone, OneChipBoard
from mandible.quantize.one_chip.makefile import IMAGE
from mandible.wording import one_line

_BUILD = """\
    sudo apt-get install make python3 gcc-arm-none-eabi libnewlib-arm-none-eabi
    make
"""
_UF2 = f"""\
Hold the Pico's BOOTSEL button while you plug it in, and copy `{IMAGE}.uf2` to the drive that appears.
"""
_ELF = f"""\
`{IMAGE}.elf` runs in QEMU as it is: it hears the file `microphone` (16 kHz, mono, signed 16 bits, no header),
and what happens is written to `record`.

    qemu-system-arm -M mps2-an386 -display none -monitor none -no-reboot \\
        -serial none -serial file:record -icount shift=5,sleep=off \\
        -semihosting-config enable=on,target=native -kernel {IMAGE}.elf

For a board of yours
- write the functions of `boards/cortex_m4/hardware.h` in place of `mps2.c`,
- and those of `one_chip/microphone.h` in place of `microphone_semihosting.c`;
- copy your chip's memory into `boards/cortex_m4/link.ld`, and set CLOCK_HZ to what it runs at;
- take a `watch_hop` that does nothing in place of `watch_report.c`.
"""
_REST = """\
`line/` turns sound into visemes and pulses, `core/` guards the servos, `boards/` knows the chip,
`one_chip/one_chip.c` is the main loop.
"""


def text(board: OneChipBoard, microphone: Microphone, model: ModelFile, rig: Rig) -> str:
    """Return the page."""
    servos = ", ".join(f"{one.output} ({_plain(one.name)})" for one in rig.channels)
    parts = [
        f"# A talking puppet on one chip: {board.name}\n",
        f"Model {_plain(model.name)}, rig {_plain(Path(rig.file).name)}.\nMicrophone: {microphone.about}.\n",
        f"{_BUILD}\n{_UF2 if board.image == 'uf2' else _ELF}",
        f"Servo outputs: {servos}.\nTheir limits are part of the image; to change them, export again.\n",
        _REST,
    ]
    resting = left_out(rig)
    if resting:
        names = ", ".join(map(_plain, resting))
        parts.append(f"Idle life and expression are not exported; without a pose at neutral: {names}.\n")
    return "\n".join(parts)


def _plain(name: str) -> str:
    return one_line(name).replace("`", "'")[:100]
