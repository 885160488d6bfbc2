"""Our exported C, compiled for this machine with its own compiler under the strictest warnings."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mandible.errors import DeviceError, InputError
from mandible.models.network import Network
from mandible.models.visemes import VISEME_COUNT
from mandible.quantize import programs
from mandible.quantize.boards.tools import first_complaint
from mandible.quantize.c_code import source_files, target_named
from mandible.quantize.parity.engine import Hops, Options, Outcome, Progress
from mandible.quantize.parity.subject import Subject

MAIN = Path(__file__).with_name("exported_c_main.c")
FLAGS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror")
COMPILERS = ("cc", "gcc", "clang")
COMPILE_LIMIT_S = 120
RUN_LIMIT_S_PER_HOP = 0.05
LEAST_LIMIT_S = 60.0


class Program:
    """The compiled program, started anew for every segment."""

    def __init__(self, program: Path) -> None:
        self._program = program

    def run(self, segments: Sequence[Hops], progress: Progress) -> Outcome:
        """Run every segment; the price is that of the quickest hundred hops."""
        logits, quickest_us = [], np.inf
        for hops in segments:
            limit_s = LEAST_LIMIT_S + RUN_LIMIT_S_PER_HOP * len(hops)
            done = programs.run([str(self._program)], limit_s, hops.tobytes())
            if done.returncode or len(done.stdout) != len(hops) * VISEME_COUNT:
                raise InputError(
                    f"the exported C ended with status {done.returncode} after "
                    f"{len(done.stdout) // VISEME_COUNT} of {len(hops)} hops"
                )
            quickest_us = min(quickest_us, float(done.stderr))
            logits.append(np.frombuffer(done.stdout, np.int8).reshape(-1, VISEME_COUNT))
            progress(len(hops))
        return Outcome(list(logits), quickest_us if segments else None)


def exported(subject: Subject, network: Network, target: str, folder: Path) -> Path:
    """Write a network of the subject as C for a target of ``mandible export c`` and return the folder."""
    texts = source_files(network, target_named(target), f"Network {subject.sha256[:16]}")
    folder.mkdir()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def create(name: str, subject: Subject, options: Options) -> Program:
    """Return the engine; raises DeviceError where there is no C compiler that can be run."""
    compiler = next(
        (found for one in (os.environ.get("CC", ""), *COMPILERS) if (found := shutil.which(one))), None
    )
    if compiler is None:
        raise DeviceError(f"engine {name}: no C compiler; run: apt-get install gcc, or name one in CC")
    # With its heads, as mandible export c writes it.
    sources = exported(subject, subject.network, "generic", options.folder / f"{name}-source")
    program = options.folder / name
    # Only the network: the front end and the decoder have tests of their own.
    files = [str(MAIN), *sorted(map(str, sources.glob("mandible_model.c"))),
             *sorted(map(str, sources.glob("mandible_kernels*.c")))]  # fmt: skip
    words = [compiler, *FLAGS, f"-I{sources}", *files, "-o", str(program)]
    done = programs.run(words, COMPILE_LIMIT_S, remedy="name another compiler in CC")
    if done.returncode:
        complaint = first_complaint(done.stderr.decode(errors="replace"))
        raise InputError(f"the exported C does not compile: {complaint}")
    return Program(program)
