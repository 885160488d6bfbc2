"""Running an image in QEMU, which counts one nanosecond an instruction, and reading what it counted."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.errors import DeviceError
from mandible.quantize.boards import tools
from mandible.quantize.boards.cores import Core
from mandible.quantize.boards.faults import EXCEPTIONS, fault
from mandible.quantize.boards.measured import Run
from mandible.quantize.boards.stage import Stage

PROGRAM = "qemu-system-arm"
# QEMU does some 200 million instructions a second here; a slow host gets ten times as long.
STARTING_S = 60.0
HOP_S = 0.1

# harness_main.c and harness_start.c know these too.
CALIBRATIONS = 4
CALIBRATION_INSTRUCTIONS = 1_000_000
CALIBRATION_TOLERANCE = 1e-3
OVERHEADS = 64
WAITING_INSTRUCTIONS = 4
STATUS_EXCEPTION = 100


def require() -> None:
    """Raise DeviceError, which says how to install it, where QEMU is missing."""
    tools.find(PROGRAM)


def run(elf: Path, sources: Path, core: Core, stage: Stage, hops: bytes) -> Run:
    """Run the hops; see ``Image.run``."""
    count = len(hops) // stage.input_bytes
    with tempfile.TemporaryDirectory(prefix="mandible-qemu-") as name:
        folder = Path(name)
        (folder / "hops").write_bytes(hops)
        done = tools.call(_command(core, elf.resolve()), STARTING_S + HOP_S * count, folder)
        outputs, counts = _content(folder / "outputs"), _content(folder / "counts")
    if done.returncode != 0:
        finished = len(outputs) // stage.output_bytes
        if done.returncode >= STATUS_EXCEPTION:
            number = done.returncode - STATUS_EXCEPTION
            raise fault(sources, core, finished, EXCEPTIONS.get(number, f"exception {number}"))
        if "Lockup" in done.stderr:
            raise fault(sources, core, finished, "a fault within a fault")
        raise DeviceError(f"{PROGRAM}: ended with {done.returncode}: {tools.first_complaint(done.stderr)}")
    rows = np.frombuffer(counts, "<u4").reshape(-1, 3).astype(np.int64)
    if len(outputs) != count * stage.output_bytes or len(rows) != CALIBRATIONS + OVERHEADS + count + 1:
        raise DeviceError(f"{PROGRAM}: wrote only a part of its results; is the disk full?")
    return _counted(core, outputs, rows)


def _command(core: Core, elf: Path) -> list[str | Path]:
    machine = [PROGRAM, "-M", core.machine, "-display", "none", "-monitor", "none", "-serial", "none"]
    # shift=0: one nanosecond an instruction, so that the same program always counts the same.
    return [*machine, "-icount", "shift=0", "-semihosting-config", "enable=on,target=native", "-kernel", elf]


def _content(file: Path) -> bytes:
    return file.read_bytes() if file.is_file() else b""


def _counted(core: Core, outputs: bytes, rows: NDArray[np.int64]) -> Run:
    """Turn (n, 3) ticks, steps waited before and steps waited after into instructions."""
    spans = rows[:-1, 0] * core.instructions_per_tick - rows[:-1, 2] * WAITING_INSTRUCTIONS
    known, nothing = spans[:CALIBRATIONS], spans[CALIBRATIONS : CALIBRATIONS + OVERHEADS]
    overhead = float(nothing.mean())
    error = float(known.mean()) - overhead - CALIBRATION_INSTRUCTIONS
    if abs(error) > CALIBRATION_TOLERANCE * CALIBRATION_INSTRUCTIONS:
        raise DeviceError(
            f"{PROGRAM}: on {core.machine} a loop of {CALIBRATION_INSTRUCTIONS} instructions counts as "
            f"{CALIBRATION_INSTRUCTIONS + error:.0f}: its timer is not the one in cores.toml; use QEMU 7 or 8"
        )
    measured = spans[CALIBRATIONS + OVERHEADS :] - overhead
    mean, most = round(float(measured.mean()), 1), round(float(measured.max()))
    return Run(outputs, mean, most, int(rows[-1, 0]), tuple(measured.round().tolist()))
