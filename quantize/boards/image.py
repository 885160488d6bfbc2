"""A program for one core: what it weighs, and running hops through it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mandible.errors import InputError
from mandible.quantize.boards import qemu, rp2040, tools
from mandible.quantize.boards.cores import Core, core
from mandible.quantize.boards.measured import Run
from mandible.quantize.boards.stage import Stage

SIZE_TIMEOUT_S = 30.0


def require(core_name: str) -> None:
    """See to it that what simulates a core is installed, before minutes go into building for it.

    Raises:
        InputError: there is no such core.
        DeviceError: it is missing; says how to install it.
    """
    {"qemu": qemu.require, "rp2040js": rp2040.require}[core(core_name).runner]()


@dataclass(frozen=True)
class Image:
    """Exported C and the harness, linked for a core; made by ``build``.

    Attributes:
        core: the core it runs on.
        stage: what a hop goes through.
        sources: the folder of exported C.
        elf: the image itself.
    """

    core: Core
    stage: Stage
    sources: Path
    elf: Path

    @cached_property
    def _section_bytes(self) -> dict[str, int]:
        """Bytes of every section. The harness has sections of its own, see ``harness/link.ld``."""
        words = tools.call(["arm-none-eabi-size", "-A", self.elf], SIZE_TIMEOUT_S).stdout
        rows = [line.split() for line in words.splitlines() if line.startswith(".")]
        return {row[0]: int(row[1]) for row in rows}

    def _weigh(self, *sections: str) -> int:
        return sum(self._section_bytes.get(section, 0) for section in sections)

    @property
    def flash_bytes(self) -> int:
        """Code, constants and initial values of the exported objects and what they use of the libraries.

        Only what the stage reaches is linked. Vectors, start-up code and harness do not count.
        """
        return self._weigh(".text", ".rodata", ".data")

    @property
    def ram_bytes(self) -> int:
        """The static variables of the exported objects and the state the caller keeps; the stack apart."""
        return self._weigh(".data", ".bss", ".context")

    def run(self, hops: bytes) -> Run:
        """Run whole hops through the stage, from a fresh state, on the simulated core.

        Raises:
            InputError: ``hops`` is not at least one whole hop, or the code faulted.
            DeviceError: the simulator is missing, or did not come to an end.
        """
        if not hops or len(hops) % self.stage.input_bytes:
            raise InputError(
                f"{len(hops)} bytes are no whole hops for stage {self.stage.value}: "
                f"give at least one of {self.stage.input_bytes} bytes"
            )
        runner = {"qemu": qemu.run, "rp2040js": rp2040.run}[self.core.runner]
        return runner(self.elf, self.sources, self.core, self.stage, hops)
