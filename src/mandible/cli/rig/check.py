"""``mandible rig check``: says whether a rig file is right, its model and engine included."""

from __future__ import annotations

import argparse

from mandible.cli.rig import explain
from mandible.device import engines
from mandible.errors import InputError
from mandible.firmware_bridge.port_url import parse_port_url
from mandible.firmware_bridge.reach import within_reach
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.rig_keys import nearest
from mandible.models import released
from mandible.wording import one_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("rig", metavar="FILE", help="rig file, or the name of a shipped rig")
    parser.add_argument("--explain", action="store_true", help="show every value, as rig explain does")


def main(args: argparse.Namespace) -> int:
    """Check, and say so in one line, or explain."""
    rig = Rig.load(args.rig)
    refuse_what_is_not_there(rig)
    if args.json or args.explain:
        explain.show(rig, args.json)
    else:
        names = ", ".join(channel.name for channel in rig.channels)
        print(one_line(f"{rig.file}: right; {len(rig.channels)} channel(s): {names}"))
    return 0


def refuse_what_is_not_there(rig: Rig) -> None:
    """Raise InputError where the rig names a port, a model or an engine that no run could take."""
    within_reach(parse_port_url(rig.link.port), rig)
    try:
        released.resolve(rig.model.name)
    except InputError as error:
        raise rig.error("model.name", str(error)) from error
    if rig.model.engine and rig.model.engine not in engines.NAMES:
        message = f'"{rig.model.engine}" is no engine; {nearest(rig.model.engine, engines.NAMES)}'
        raise rig.error("model.engine", message)
