"""Choosing the simulator of a board."""

from __future__ import annotations

from pathlib import Path

from mandible.errors import DeviceError, InputError
from mandible.quantize.one_chip.board_table import OneChipBoard
from mandible.quantize.one_chip.simulated import qemu, rp2040
from mandible.quantize.one_chip.simulated.seen import Seen

HOP_BYTES = 320


def run(elf: Path, board: OneChipBoard, channels: int, pcm: bytes, microphone: str | None = None) -> Seen:
    """Let an image hear whole hops of samples, then nothing, until the core has brought the mouth to rest.

    Args:
        elf: as ``build`` made it.
        board: for which it was built.
        channels: of its rig.
        pcm: int16, 16 kHz, mono.
        microphone: for which it was built; None for the board's first.

    Raises:
        InputError: ``pcm`` is not at least one whole hop.
        DeviceError: the simulator is missing or did not come to an end, or the program faulted.
    """
    if not pcm or len(pcm) % HOP_BYTES:
        raise InputError(
            f"{len(pcm)} bytes of sound are no whole hops; give at least one of {HOP_BYTES} bytes"
        )
    if board.layer == "cortex_m4":
        return qemu.run(elf, channels, pcm)
    if board.layer == "rp2040":
        return rp2040.run(elf, channels, pcm, board.microphone(microphone).name)
    raise DeviceError(f"{board.name}: there is no simulator for it")
