"""Times the Arduino firmware inside: ``python -m tests.measure.uno -o FILE`` writes raw samples as JSON.

The real image runs on the simulated chip, in virtual time: twelve channels get a set-point every 10 ms, while
every interrupt and every planning of a period's pulses is timed by the chip's cycles.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from mandible.whole_file import written
from tests.measure.link import HOP_US, HOPS, IMAGE, Line, off_us, wander
from tests.virtual.simavr.build import ToolsMissingError, build
from tests.virtual.simavr.uno import SimulatedUno

# The ATmega328P's vectors by number (data sheet, table 12-6), as far as the firmware uses them.
VECTORS = {11: "servo", 12: "planning due", 18: "byte received", 19: "byte sent"}
SRAM_BYTES = 2048
MISSING = 3


def measure(baud: int, hops: int = HOPS, seed: int = 1) -> dict[str, Any]:
    """Return one rate's figures: lists in µs, sizes in bytes, loads in per cent.

    Raises:
        ToolsMissingError: a compiler or the simulator is not installed.
    """
    flash_bytes, static_bytes = sizes(build(baud)[0])
    with SimulatedUno(IMAGE, baud) as uno:
        line = Line(uno, seed)
        uno.watch()
        before, began_us = uno.figures(), uno.now_us
        for row in wander(hops, seed):
            line.hop(row)
        asleep_us, lasted_us = uno.figures().asleep_us - before.asleep_us, uno.now_us - began_us
        interrupts, plans_us = uno.interrupts(), uno.plans_us()
        overruns = line.counts().number("overruns")
        stack_bytes = SRAM_BYTES - static_bytes - uno.unused_sram_bytes()
    return {
        "baud": baud,
        "hops": hops,
        "interrupts_us": {
            name: [round(one.took_us, 4) for one in interrupts if one.vector == vector]
            for vector, name in VECTORS.items()
        },
        "planning_us": plans_us,
        "line_per_cent": round(100 * line.sent_bytes * uno.byte_us / (hops * HOP_US), 2),
        "processor_per_cent": round(100 * (1 - asleep_us / lasted_us), 2),
        "width_off_us": off_us(line.pulses),
        "bytes_lost": overruns,
        "flash_bytes": flash_bytes,
        "static_bytes": static_bytes,
        "stack_bytes": stack_bytes,
    }


def sizes(image: Path) -> tuple[int, int]:
    """Return what an image takes of flash, and of SRAM before the stack."""
    done = subprocess.run(["avr-size", str(image)], capture_output=True, text=True, check=True, timeout=30)
    code, initial, zeroed = map(int, done.stdout.splitlines()[1].split()[:3])
    return code + initial, initial + zeroed


def compiler() -> str:
    """Return what made the firmware, such as ``avr-gcc 5.4.0``."""
    done = subprocess.run(["avr-gcc", "-dumpversion"], capture_output=True, text=True, check=True, timeout=30)
    found = re.search(r"\d+(\.\d+)*", done.stdout)
    return f"avr-gcc {found.group(0) if found else 'unknown'}"


def main() -> int:
    """Measure and write; exit 3 where a tool is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--bauds", nargs="+", type=int, default=[115_200])
    parser.add_argument("--hops", type=int, default=HOPS)
    arguments = parser.parse_args()
    try:
        rows = [measure(baud, arguments.hops) for baud in arguments.bauds]
    except ToolsMissingError as error:
        print(error, file=sys.stderr)
        return MISSING
    with written(arguments.output) as partial:
        partial.write_text(json.dumps({"compiler": compiler(), "rows": rows}), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
