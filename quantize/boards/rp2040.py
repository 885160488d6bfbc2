"""Running an image on the simulated RP2040 of npm's ``rp2040js``, which counts every instruction."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from mandible.errors import DeviceError
from mandible.quantize.boards import tools
from mandible.quantize.boards.cores import Core
from mandible.quantize.boards.faults import fault
from mandible.quantize.boards.measured import Run
from mandible.quantize.boards.stage import Stage

RUNNER = Path(__file__).with_name("harness") / "rp2040.mjs"
SYMBOLS = ("harness_reset", "harness_step", "harness_input", "harness_output", "harness_stack_top")
# The simulator does some ten million instructions a second, a hop takes about one million.
STARTING_S = 60.0
HOP_S = 2.0
# Far more than any model of the family takes; a loop without an end stops here.
MOST_INSTRUCTIONS = 50_000_000
STATUS_FAULT = 4


def require() -> Path:
    """Return the folder that holds rp2040js.

    Raises:
        DeviceError: it, or Node.js to run it, is missing; says how to install it.
    """
    tools.find("node")
    return tools.node_modules()


def run(elf: Path, sources: Path, core: Core, stage: Stage, hops: bytes) -> Run:
    """Run the hops; see ``Image.run``."""
    modules = require()
    with tempfile.TemporaryDirectory(prefix="mandible-rp2040-") as name:
        folder = Path(name)
        _flat(elf, folder / "image")
        (folder / "hops").write_bytes(hops)
        request = {
            "modules": str(modules.resolve()),
            "load": core.code.start,
            "stack_bytes": core.stack_bytes,
            "input_bytes": stage.input_bytes,
            "output_bytes": stage.output_bytes,
            "most_instructions": MOST_INSTRUCTIONS,
            **_symbols(elf),
        }
        (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
        limit_s = STARTING_S + HOP_S * len(hops) / stage.input_bytes
        done = tools.call(["node", RUNNER], limit_s, folder)
        if done.returncode not in (0, STATUS_FAULT):
            raise DeviceError(f"rp2040js: ended with {done.returncode}: {tools.first_complaint(done.stderr)}")
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        if done.returncode == STATUS_FAULT:
            raise fault(sources, core, result["hop"], result["fault"])
        outputs = (folder / "outputs").read_bytes()
    counts: list[int] = result["instructions"]
    mean = round(sum(counts) / len(counts), 1)
    return Run(outputs, mean, max(counts), result["stack_bytes"], tuple(counts))


def _flat(elf: Path, target: Path) -> None:
    done = tools.call(["arm-none-eabi-objcopy", "-O", "binary", elf, target], 30)
    if done.returncode != 0:
        raise DeviceError(f"arm-none-eabi-objcopy: {tools.first_complaint(done.stderr)}")


def _symbols(elf: Path) -> dict[str, int]:
    rows = [line.split() for line in tools.call(["arm-none-eabi-nm", elf], 30).stdout.splitlines()]
    found = {row[2]: int(row[0], 16) for row in rows if len(row) == 3}
    return {name: found[name] for name in SYMBOLS}
