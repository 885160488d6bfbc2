"""``mandible export c``: C99 source of a model for a microcontroller."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from mandible.errors import InputError
from mandible.firmware_bridge.rig import Rig
from mandible.models import released
from mandible.quantize import c_code
from mandible.quantize.c_code.rig_tables import left_out
from mandible.wording import one_line, shortened


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the options of the kind."""
    parser.add_argument(
        "--model", default="nano", metavar="M", help="a released name or a streaming .tflite (default: nano)"
    )
    parser.add_argument("-o", "--output", required=True, metavar="DIR", help="folder to write")
    targets = "; ".join(f"{target.name}: {target.purpose}" for target in c_code.TARGETS.values())
    parser.add_argument("--target", default="generic", metavar="T", help=f"{targets} (default: generic)")
    parser.add_argument("--rig", metavar="FILE", help="a rig file or name: writes its mixing and limits too")


def main(args: argparse.Namespace) -> int:
    """Write the folder, and say what is in it and how to call it."""
    if not args.output:
        raise InputError("-o needs the name of a folder; . is the current one")
    rig = None if args.rig is None else Rig.load(args.rig)
    model = released.resolve(args.model)
    files = c_code.export(model, Path(args.output), args.target, rig)
    note = None if rig is None else left_out_note(rig)
    if args.json:
        names = [path.name for path in files]
        said = {"model": model.name, "target": args.target, "folder": args.output, "files": names}
        print(json.dumps(said if note is None else {**said, "note": note}))
    else:
        place = one_line(args.output)
        print(f"wrote {len(files)} files to {place}; compile the .c files, and begin with mandible.h")
        if note is not None:
            print(f"mandible: {note}", file=sys.stderr)
    return 0


def left_out_note(rig: Rig) -> str | None:
    """Return the line about servos that the C does not move as the host does; None where it moves all."""
    resting = left_out(rig)
    if not resting:
        return None
    names = one_line(", ".join(map(shortened, resting)))
    left = "idle life and expression are not exported; without a pose at neutral"
    return f"{one_line(rig.file)}: {left}: {names}"
