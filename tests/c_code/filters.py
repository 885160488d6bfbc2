"""Builds stages of the exported C for this computer, with warnings and sanitizers, and runs hops through."""

from __future__ import annotations

import subprocess
from pathlib import Path

import mandible.device.decoder_c
import mandible.device.frontend
import mandible.quantize.c_code

STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
SANITIZED = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
FILTER = Path(__file__).with_name("hop_filter.c")
SOURCES = Path(mandible.quantize.c_code.__file__).parent / "sources"
FRONT_END = Path(mandible.device.frontend.__file__).parent
DECODER = Path(mandible.device.decoder_c.__file__).parent
STAGES = {
    "STAGE_FRONT_END": FRONT_END / "logmel.c",
    "STAGE_DECODER": DECODER / "mandible_decoder.c",
    "STAGE_RIG": SOURCES / "mandible_rig.c",
}


def build(stage: str, folder: Path, *options: str, **tables: str) -> Path:
    """Compile a stage with options and headers (``mandible_rig_tables=text``); return the program."""
    for name, text in tables.items():
        (folder / f"{name}.h").write_text(text, encoding="ascii")
    program = folder / "filter"
    places = [f"-I{place}" for place in (folder, SOURCES, DECODER, FRONT_END)]
    command = ["gcc", *STRICT, *SANITIZED, f"-D{stage}", *options, *places, str(FILTER), str(STAGES[stage])]
    subprocess.run([*command, "-o", str(program)], check=True, capture_output=True, text=True)
    return program


def run(program: Path, hops: bytes) -> bytes:
    """Return the results of all hops; fails where a sanitizer complains."""
    done = subprocess.run([str(program)], input=hops, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout
