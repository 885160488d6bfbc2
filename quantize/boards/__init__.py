"""Running exported C on the cores it is for: Cortex-M in QEMU, and the M0+ of an RP2040 in rp2040js.

``build`` compiles a folder of exported C for a core, ``Image.run`` sends hops through it and counts
instructions. No hardware is needed, and the same program always counts the same.
"""

from mandible.quantize.boards.build import build
from mandible.quantize.boards.cores import Core, core, names
from mandible.quantize.boards.faults import TooLargeError
from mandible.quantize.boards.image import Image, require
from mandible.quantize.boards.measured import Run
from mandible.quantize.boards.stage import Stage
from mandible.quantize.boards.tools import node_modules

CORES = names()

__all__ = [
    "CORES",
    "Core",
    "Image",
    "Run",
    "Stage",
    "TooLargeError",
    "build",
    "core",
    "names",
    "node_modules",
    "require",
]
