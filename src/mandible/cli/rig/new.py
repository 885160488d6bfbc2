"""``mandible rig new``: writes a rig file to begin with."""

from __future__ import annotations

import argparse
import json
import shlex
from pathlib import Path

from mandible.errors import InputError
from mandible.firmware_bridge.rig_starter import starter
from mandible.small_file import exists
from mandible.whole_file import written
from mandible.wording import one_line, shortened

_ENDING = ".toml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("name", metavar="NAME", help="name of the puppet")
    parser.add_argument("--from", dest="begun_from", metavar="RIG", help="begin with this rig's text")
    parser.add_argument("-o", "--output", metavar="FILE", help=f"file to write (default: NAME{_ENDING})")


def main(args: argparse.Namespace) -> int:
    """Write the file, and say what comes next; one that is there stays as it is."""
    name = args.name.removesuffix(_ENDING)
    if args.output is None and (
        not name or name != Path(name).name or name[0] in ".-" or not name.isprintable()
    ):
        named = shortened(args.name) or "an empty NAME"
        raise InputError(f"{named}: not a name; write letters, or add -o FILE")
    output = Path(args.output or f"{name}{_ENDING}")
    text = starter(name, args.begun_from)
    if exists(output) or output.is_symlink():
        raise InputError(
            f"{one_line(str(output))}: is there already; choose another name, or remove it first"
        )
    with written(output) as path:
        path.write_text(text, "utf-8")
    if args.json:
        print(json.dumps({"file": str(output), "from": args.begun_from}))
    else:
        check = f"mandible rig check {shlex.quote(str(output))}"
        next_step = "write your outputs into it (mandible calibrate finds limits)"
        print(one_line(f"wrote {output}; {next_step}, then: {check}"))
    return 0
