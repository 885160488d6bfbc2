"""Lets a puppet on one chip speak the sample: ``python -m mandible.benchmarks.one_chip``.

The images that ``mandible export firmware`` writes run on QEMU's Cortex-M4 and on rp2040js, in virtual time.
Their visemes are held against the host's line, their pulses against the host's build of the firmware core,
and every hop's instructions are counted. Writes ``results/one-chip.json`` beside this file.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.api import assemble
from mandible.benchmarks import mcu
from mandible.device.frames import Frame
from mandible.firmware_bridge.rig import Rig
from mandible.models import released
from mandible.quantize import one_chip
from mandible.quantize.boards.cores import optimisation
from mandible.quantize.one_chip.simulated import Seen, run, twin
from mandible.whole_file import written

RESULT = Path(__file__).resolve().parent / "results" / "one-chip.json"
MODEL = "nano"
RIG = "skull"
HOPS = 1059
# What a hop may take: cores as the result's readers ask for them, whatever the simulated board runs at.
CLOCK_MHZ = {"pico": 133, "cortex-m4": 64}
# Loads, branches and waits for flash take more than one; what it really is, only a board tells.
CYCLES_PER_INSTRUCTION = 2.0
HOP_US = 10_000


@dataclass(frozen=True)
class Played:
    """What a board's puppet did, and what it takes of the board.

    Attributes:
        board: which board.
        seen: every hop and period.
        differing_bytes: bytes of weights and shown visemes that are not the host's.
        most_apart_us: the most that a pulse is off the host's build of the firmware core.
        flash_bytes, ram_bytes: of the image.
    """

    board: one_chip.OneChipBoard
    seen: Seen
    differing_bytes: int
    most_apart_us: int
    flash_bytes: int
    ram_bytes: int

    @property
    def refused(self) -> int:
        """How many set-points the firmware core refused."""
        return sum(hop.move != 0 for hop in self.seen.hops)


def play(key: str, pcm: NDArray[np.int16]) -> Played:
    """Let a board's puppet hear (n, 160) samples.

    Raises:
        DeviceError: a compiler or simulator is missing.
    """
    board, rig, model = one_chip.board_named(key), Rig.load(RIG), released.resolve(MODEL)
    with tempfile.TemporaryDirectory(prefix="mandible-one-chip-") as folder:
        one_chip.export(model, rig, board, Path(folder))
        built = one_chip.build(Path(folder), board)
        seen = run(built.elf, board, len(rig.channels), pcm.astype("<i2").tobytes())
    line = assemble(model, mcu.EXACT_ENGINE, rig)
    frames = [line.step(Frame(index, 0, hop)) for index, hop in enumerate(pcm)]
    apart_us = _most_apart_us(seen, rig, board)
    return Played(board, seen, _differing(frames, seen), apart_us, built.flash_bytes, built.ram_bytes)


def measure(key: str, hops: int) -> dict[str, Any]:
    """Return one row of the result file: a board's puppet that has heard so many hops of the sample.

    Raises:
        DeviceError: a compiler or simulator is missing.
    """
    played = play(key, mcu.speech(hops))
    seen = played.seen
    instructions = np.array(seen.instructions)
    cycles_allowed = CLOCK_MHZ[key] * HOP_US
    taken = CYCLES_PER_INSTRUCTION * int(instructions.max())
    counted = {"most_cycles_counted": max(seen.cycles)} if seen.cycles else {}
    return {
        "board": key,
        "model": MODEL,
        "rig": RIG,
        "microphone": played.board.microphone(None).name,
        "hops": len(seen.hops),
        "differing_viseme_bytes": played.differing_bytes,
        "periods": len(seen.periods),
        "most_us_from_host_pulses": played.most_apart_us,
        "set_points_refused": played.refused,
        "instructions_per_hop": round(float(instructions.mean()), 1),
        "most_instructions": int(instructions.max()),
        **counted,
        "clock_mhz": CLOCK_MHZ[key],
        "cycles_in_a_hop": cycles_allowed,
        "most_cycles_assumed": round(taken),
        "share_of_a_hop": round(taken / cycles_allowed, 3),
        "flash_bytes": played.flash_bytes,
        "ram_bytes": played.ram_bytes,
    }


def _differing(frames: list[Frame], seen: Seen) -> int:
    """Return how many bytes of weights and shown visemes are not the host's; a missing hop counts whole."""
    expected = b"".join(
        frame.weights.tobytes() + bytes([frame.viseme])
        for frame in frames[: len(seen.hops)]
        if frame.weights is not None and frame.viseme is not None
    )
    given = b"".join(hop.weights + bytes([hop.shown]) for hop in seen.hops)
    return sum(a != b for a, b in zip(expected, given, strict=True))


def _most_apart_us(seen: Seen, rig: Rig, board: one_chip.OneChipBoard) -> int:
    given = np.array([period.pulses_us for period in seen.periods])
    return int(np.abs(given - np.array(list(twin.pulses(seen, rig, board)))).max())


def main() -> None:
    """Measure, print a table, and write the result file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hops", type=int, default=HOPS, help=f"hops of speech (default {HOPS})")
    parser.add_argument("-o", "--output", type=Path, default=RESULT, help="result file")
    args = parser.parse_args()
    rows = [measure(key, args.hops) for key in one_chip.BOARDS]
    result = {
        "benchmark": "one_chip",
        "versions": mcu.versions(),
        "model_sha256": released.resolve(MODEL).sha256,
        "settings": {
            "speech": mcu.SAMPLE.name,
            "speech_sha256": sha256(mcu.SAMPLE.read_bytes()).hexdigest(),
            "optimisation": optimisation(),
            "cycles_per_instruction": CYCLES_PER_INSTRUCTION,
            "taken": "instructions from taking a hop's samples to its set-point, interrupts included",
            "most_cycles_counted": "as the simulator counts them for a Cortex-M0+ that runs from RAM",
        },
        "rows": rows,
    }
    for row in rows:
        print(*(f"{name} {value}" for name, value in row.items()), sep=", ")
    with written(args.output) as partial:
        partial.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(args.output)


if __name__ == "__main__":
    main()
