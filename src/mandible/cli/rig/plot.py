"""``mandible rig plot``: draws what the servos do while a recording is spoken."""

from __future__ import annotations

import argparse
import importlib.util
import json
from pathlib import Path

from mandible.errors import DeviceError, InputError
from mandible.firmware_bridge.rig import Rig
from mandible.whole_file import written
from mandible.wording import one_line, shortened


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("rig", metavar="RIG", help="rig file, or the name of a shipped rig")
    parser.add_argument("--wav", required=True, metavar="FILE", help="the recording, at most ten minutes")
    parser.add_argument("-o", "--output", required=True, metavar="PNG", help="the picture")


def main(args: argparse.Namespace) -> int:
    """Draw the picture, whole or not at all."""
    rig = Rig.load(args.rig)
    output = Path(args.output)
    if output.suffix.lower() != ".png":
        raise InputError(f"-o {shortened(args.output)}: the picture is a PNG; end its name in .png")
    if importlib.util.find_spec("matplotlib") is None:
        raise DeviceError("the picture needs matplotlib, which is not installed: pip install matplotlib")
    from mandible.benchmarks.rig_curves import draw  # only who draws needs matplotlib

    with written(output) as path:
        seconds = draw(rig, Path(args.wav), path)
    if args.json:
        channels = [channel.name for channel in rig.channels]
        print(json.dumps({"file": args.output, "seconds": seconds, "channels": channels}))
    else:
        print(one_line(f"wrote {args.output}: {len(rig.channels)} channel(s), {seconds:g} s"))
    return 0
