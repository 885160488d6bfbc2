"""Counts the exported C's instructions on every simulated core: ``python -m mandible.benchmarks.mcu``.

Every released model is exported for the kernels that suit the core, and hears the same speech. Counts come
from simulators, so they are the same on every machine; they are instructions, not cycles: a core that takes
several cycles for one is slower than they look. Writes ``results/mcu.json`` beside this file.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import wave
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from mandible import __version__
from mandible.api import assemble
from mandible.device.frames import HOP_SAMPLES, Frame
from mandible.models import network, released
from mandible.quantize import boards
from mandible.quantize.boards import tools
from mandible.quantize.boards.cores import optimisation
from mandible.quantize.c_code import export
from mandible.whole_file import written

RESULT = Path(__file__).resolve().parent / "results" / "mcu.json"
SAMPLE = Path(__file__).resolve().parents[1] / "samples" / "puppet.wav"
MODELS = ("nano", "small", "base")
HOPS = 1000
EXACT_ENGINE = "reference"


@dataclass(frozen=True)
class Hearing:
    """What a model hears, and what each stage has to answer as the host computes it; hop after hop."""

    pcm: bytes
    mel: bytes
    logits: bytes
    weights_and_viseme: bytes

    def of(self, stage: boards.Stage) -> tuple[bytes, bytes]:
        """Return what goes into a stage and what has to come out."""
        return {
            boards.Stage.FRONT_END: (self.pcm, self.mel),
            boards.Stage.NETWORK: (self.mel, self.logits),
            boards.Stage.LINE: (self.pcm, self.weights_and_viseme),
        }[stage]


def speech(hops: int = HOPS) -> NDArray[np.int16]:
    """Return the first hops of the spoken sample, (hops, 160)."""
    with wave.open(str(SAMPLE)) as file:
        pcm = np.frombuffer(file.readframes(hops * HOP_SAMPLES), "<i2")
    return pcm.astype(np.int16).reshape(-1, HOP_SAMPLES)


def hear(model: released.ModelFile, pcm: NDArray[np.int16]) -> Hearing:
    """Run (n, 160) samples through the line on the host."""
    line = assemble(model, EXACT_ENGINE, None)
    mel, logits, shown = bytearray(), bytearray(), bytearray()
    for index, hop in enumerate(pcm):
        frame = line.step(Frame(index, 0, hop))
        assert frame.mel is not None
        assert frame.logits is not None
        assert frame.weights is not None
        assert frame.viseme is not None
        mel += frame.mel.tobytes()
        logits += frame.logits.tobytes()
        shown += frame.weights.tobytes() + bytes([frame.viseme])
    return Hearing(pcm.astype("<i2").tobytes(), bytes(mel), bytes(logits), bytes(shown))


@dataclass(frozen=True)
class Counted:
    """What a stage took on a core; see ``boards.Image`` and ``boards.Run``.

    ``differing_bytes``: how many of the bytes it gave are not the host's.
    """

    core: boards.Core
    stage: boards.Stage
    run: boards.Run
    flash_bytes: int
    ram_bytes: int
    differing_bytes: int


def count(sources: Path, core: str, stage: boards.Stage, hearing: Hearing) -> Counted:
    """Build exported C in ``sources`` for a core and let it hear.

    Raises:
        InputError: it does not fit the core.
        DeviceError: a compiler or simulator is missing.
    """
    given, expected = hearing.of(stage)
    with tempfile.TemporaryDirectory(prefix="mandible-mcu-") as folder:
        image = boards.build(sources, core, stage.value, Path(folder))
        run = image.run(given)
        differing = sum(a != b for a, b in zip(run.outputs, expected, strict=True))
        return Counted(image.core, stage, run, image.flash_bytes, image.ram_bytes, differing)


def measure(sources: Path, core: str, stage: boards.Stage, hearing: Hearing) -> dict[str, Any]:
    """Return one row of the result file: what ``count`` found."""
    found = count(sources, core, stage, hearing)
    return {
        "core": core,
        "target": found.core.target,
        "stage": stage.value,
        "instructions_per_hop": found.run.instructions,
        "most_instructions": found.run.most_instructions,
        "flash_bytes": found.flash_bytes,
        "ram_bytes": found.ram_bytes,
        "stack_bytes": found.run.stack_bytes,
        "differing_bytes": found.differing_bytes,
    }


def run(models: Iterable[str], hops: int, console: Console) -> dict[str, Any]:
    """Measure every stage of every model on every core; return the result file's content."""
    pcm = speech(hops)
    rows: list[dict[str, Any]] = []
    too_large: list[dict[str, Any]] = []
    files = {name: released.resolve(name) for name in models}
    work = [(name, core) for name in files for core in boards.CORES]
    hearings = {name: hear(file, pcm) for name, file in files.items()}
    for name, core in track(work, "measuring", console=console, transient=True):
        with tempfile.TemporaryDirectory(prefix="mandible-mcu-") as folder:
            sources = Path(folder) / name
            export(files[name], sources, boards.core(core).target)
            for stage in boards.Stage:
                if stage is boards.Stage.FRONT_END and name != next(iter(files)):
                    continue  # it does not depend on the model
                try:
                    rows.append({"model": name, **measure(sources, core, stage, hearings[name])})
                except boards.TooLargeError as error:
                    reason = str(error).removeprefix(f"{sources}: ")
                    too_large.append({"model": name, "core": core, "stage": stage.value, "reason": reason})
    return {
        "benchmark": "mcu",
        "models": {
            name: {"sha256": file.sha256, "parameters": network.load(file.path).parameters}
            for name, file in files.items()
        },
        "versions": versions(),
        "settings": {
            "hops": len(pcm),
            "speech": SAMPLE.name,
            "speech_sha256": sha256(SAMPLE.read_bytes()).hexdigest(),
            "optimisation": optimisation(),
            "taken": "executed instructions a hop; the front end is the same in every model",
            "flash_bytes": "code, constants and initial values, with what is used of the libraries",
            "ram_bytes": "static variables and the caller's state; the stack apart",
        },
        "rows": rows,
        "too_large": too_large,
    }


def versions() -> dict[str, str]:
    """Return the versions that a count depends on."""
    return {
        "mandible": __version__,
        "arm-none-eabi-gcc": tools.version("arm-none-eabi-gcc"),
        "qemu-system-arm": tools.version("qemu-system-arm"),
        "rp2040js": tools.RP2040JS.split("@")[1],
    }


def show(result: dict[str, Any]) -> None:
    """Print the result as a table."""
    columns = ("instructions_per_hop", "most_instructions", "flash_bytes", "ram_bytes", "stack_bytes")
    print(f"{'model':6} {'core':13} {'stage':10}", *(f"{name.split('_')[0]:>12}" for name in columns))
    for row in result["rows"]:
        figures = " ".join(f"{row[name]:12,.0f}" for name in columns)
        differing = f"{row['differing_bytes']} bytes differ"
        print(f"{row['model']:6} {row['core']:13} {row['stage']:10} {figures}  {differing}")
    for row in result["too_large"]:
        print(f"{row['model']:6} {row['core']:13} {row['stage']:10} {row['reason']}")


def main() -> None:
    """Measure, print a table, and write the result file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "models", nargs="*", default=MODELS, help=f"released models (default {' '.join(MODELS)})"
    )
    parser.add_argument("--hops", type=int, default=HOPS, help=f"hops of speech (default {HOPS})")
    parser.add_argument("-o", "--output", type=Path, default=RESULT, help="result file")
    args = parser.parse_args()
    boards.node_modules()  # before minutes of work, not after them
    result = run(args.models, args.hops, Console(stderr=True))
    show(result)
    with written(args.output) as partial:
        partial.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(args.output)


if __name__ == "__main__":
    main()
