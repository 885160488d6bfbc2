"""Options that several verbs share, and the line they describe."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mandible.api import build_line
from mandible.device import engines
from mandible.device.pipeline import Line
from mandible.errors import InputError
from mandible.firmware_bridge.rig import Rig
from mandible.models import released

DEFAULT_MODEL = "small"


def add_line_options(parser: argparse.ArgumentParser) -> None:
    """Model, engine, rig and track options of ``run`` and ``bake``."""
    parser.add_argument(
        "--model", metavar="M", help=f"a released model's name or a .tflite file (default: {DEFAULT_MODEL})"
    )
    parser.add_argument("--engine", metavar="E", help="see docs/engines.md (default: the fastest exact one)")
    parser.add_argument("--rig", metavar="FILE", help="a rig file, or the name of one that ships")
    parser.add_argument("--format", metavar="F", help="track format (default: csv)")
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
        named = args.model or (None if rig is None else rig.model.name) or DEFAULT_MODEL
        engine = args.engine or (None if rig is None else rig.model.engine) or engines.default_name()
        return cls(released.resolve(named), engine, rig)

    def build(self) -> Line:
        """Return a fresh line."""
        return build_line(self.model, self.engine, self.rig)

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


def keep_apart(reads: str, writes: str | None) -> None:
    """Refuse to write a file over the one that is being read."""
    if writes is not None and Path(writes).exists() and Path(reads).exists() and Path(reads).samefile(writes):
        raise InputError(f"{writes}: is the sound that is being read; write somewhere else")
