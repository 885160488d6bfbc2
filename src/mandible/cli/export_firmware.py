"""``mandible export firmware``: a puppet's whole program for one chip, microphone to servos."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from mandible.cli.export_c import left_out_note
from mandible.errors import InputError
from mandible.firmware_bridge.rig import Rig
from mandible.models import released
from mandible.quantize import one_chip
from mandible.wording import one_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the options of the kind."""
    boards = ", ".join(f"{key} ({board.name})" for key, board in one_chip.BOARDS.items())
    microphones = "; ".join(
        f"{key}: {', '.join(one.name for one in board.microphones)}" for key, board in one_chip.BOARDS.items()
    )
    parser.add_argument("--board", required=True, metavar="B", help=boards)
    parser.add_argument("--rig", required=True, metavar="FILE", help="a rig file or name")
    parser.add_argument(
        "--model", default="nano", metavar="M", help="a released name or a streaming .tflite (default: nano)"
    )
    parser.add_argument("--microphone", metavar="M", help=f"{microphones} (default: the first)")
    parser.add_argument("-o", "--output", required=True, metavar="DIR", help="folder to write")
    parser.add_argument("--build", action="store_true", help="compile it, too, and say what it takes")


def main(args: argparse.Namespace) -> int:
    """Write the folder, build it where asked to, and say what is in it."""
    if not args.output:
        raise InputError("-o needs the name of a folder; . is the current one")
    board = one_chip.board_named(args.board)
    rig = Rig.load(args.rig)
    model = released.resolve(args.model)
    folder = Path(args.output)
    files = one_chip.export(model, rig, board, folder, args.microphone)
    built = one_chip.build(folder, board) if args.build else None
    note = left_out_note(rig)
    if args.json:
        told = {
            "model": model.name,
            "board": board.key,
            "microphone": board.microphone(args.microphone).name,
            "folder": args.output,
            "files": [str(path.relative_to(folder)) for path in files],
        }
        if built is not None:
            told["image"] = str(built.image)
            told |= {"flash_bytes": built.flash_bytes, "ram_bytes": built.ram_bytes}
        print(json.dumps(told if note is None else {**told, "note": note}))
        return 0
    if built is None:
        place = one_line(args.output)
        print(f"wrote {len(files)} files to {place}; build the image with: make -C {place}")
    else:
        print(
            f"{one_line(str(built.image))}: flash {built.flash_bytes:,} of {board.chip.flash_bytes:,} bytes, "
            f"RAM {built.ram_bytes:,} of {board.chip.ram_bytes:,} bytes before the stack"
        )
    if note is not None:
        print(f"mandible: {note}", file=sys.stderr)
    return 0
