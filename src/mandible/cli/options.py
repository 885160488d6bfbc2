"""Options that several verbs share, and the line they describe."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mandible.api import DEFAULT_MODEL, assemble, choose
from mandible.device.pipeline import Line
from mandible.device.sinks.formats import FORMAT_IDS, suffix
from mandible.errors import InputError
from mandible.firmware_bridge.rig import Rig
from mandible.models import released


def add_line_options(parser: argparse.ArgumentParser) -> None:
    """Model, engine, rig and track options of ``run`` and ``bake``."""
    parser.add_argument(
        "--model", metavar="M", help=f"a released model's name or a .tflite file (default: {DEFAULT_MODEL})"
    )
    parser.add_argument(
        "--engine", metavar="E", help="see docs/engines.md (default: c, or litert without its kernel)"
    )
    parser.add_argument("--rig", metavar="FILE", help="a rig file, or the name of one that ships")
    parser.add_argument(
        "--format",
        metavar="F",
        help=f"one of {', '.join(FORMAT_IDS)} (default: by the suffix of OUT, else csv)",
    )
    parser.add_argument(
        "--stamp",
        choices=("aligned", "emission"),
        default="aligned",
        help="stamp rows with the sound they speak for, or with the moment they were known",
    )


@dataclass(frozen=True)
class LinePlan:
    """What the options ask for, checked, so that every worker can build the same line."""

    model: released.ModelFile
    engine: str
    rig: Rig | None

    @classmethod
    def from_options(cls, args: argparse.Namespace) -> LinePlan:
        """Resolve names and files. Errors name what is wrong before anything is opened."""
        rig = None if args.rig is None else Rig.load(args.rig)
        return cls(*choose(args.model, args.engine, rig), rig)

    def build(self) -> Line:
        """Return a fresh line."""
        return assemble(self.model, self.engine, self.rig)

    def header(self, sound: Mapping[str, object], stamp: str) -> dict[str, object]:
        """What an output says about its making; ``sound`` is what the source says of itself."""
        return {
            **sound,
            "model": self.model.name,
            "model_sha256": self.model.sha256,
            "engine": self.engine,
            "lookahead_ms": self.model.lookahead_ms,
            "stamp": stamp,
        }


def track_format(args: argparse.Namespace) -> str:
    """Return the format asked for, or the one that the output's suffix stands for, or csv."""
    if args.format is not None:
        suffix(args.format)  # refuses an unknown one
        return str(args.format)
    by_suffix = {suffix(name): name for name in FORMAT_IDS}
    return by_suffix.get(Path(args.output or "").suffix.lower(), "csv")


def keep_apart(reads: str, *writes: str | None) -> None:
    """Refuse to write over the sound that is being read, or two outputs into one file."""
    taken = {place(reads): "is the sound that is being read"}
    for name in writes:
        if name == "":
            raise InputError("an output needs a name; - is standard output")
        if name is None or name == "-":
            continue
        where = place(name)
        if where in taken:
            raise InputError(f"{name}: {taken[where]}; write somewhere else")
        taken[where] = "is written already"


def place(name: str) -> Path:
    """Return where a name leads, links followed; of a name that leads nowhere, as far as it goes."""
    try:
        return Path(name).resolve()
    except (OSError, RuntimeError):
        return Path(name)
