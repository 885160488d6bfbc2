"""Builds whole exports for this computer."""

from __future__ import annotations

import subprocess
from pathlib import Path

from mandible.models.network import Network
from mandible.quantize import c_code
from tests.c_code.filters import SANITIZED, STRICT

FILTER = Path(__file__).with_name("line_filter.c")


def write(network: Network, target: str, folder: Path) -> Path:
    """Export a network that lies in no file."""
    folder.mkdir()
    for name, text in c_code.source_files(network, c_code.target_named(target), "Network of a test").items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def build(folder: Path, *options: str) -> Path:
    """Compile an export with warnings and sanitizers; return the program."""
    command = ["gcc", *STRICT, "-Wvla", *SANITIZED, *options, f"-I{folder}", str(FILTER)]
    command += [str(path) for path in sorted(folder.glob("*.c"))]
    subprocess.run([*command, "-o", str(folder / "filter")], check=True, capture_output=True, text=True)
    return folder / "filter"


def build_network(folder: Path, *options: str, head: str = "", head_bytes: int = 0) -> Path:
    """Compile only the network of an export, with one of its heads."""
    with_head = (f"-DHEAD_BYTES={head_bytes}", f"-DHEAD={head or 'oldest'}")
    return build(folder, "-DSTAGE_NETWORK", *with_head, *options)
