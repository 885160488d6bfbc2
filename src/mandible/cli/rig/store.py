"""``mandible rig store``: writes a rig's limits to a board, only when told to."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys

from rich.console import Console
from rich.table import Table

from mandible.cli.rig.explain import plain
from mandible.errors import DeviceError, InputError
from mandible.firmware_bridge.drivers.registry import has_driver
from mandible.firmware_bridge.port_url import parse_port_url
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.storing import LimitsWriter


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("rig", metavar="FILE", help="rig file, or the name of a shipped rig")
    parser.add_argument("--port", required=True, metavar="URL", help="e.g. serial:///dev/ttyACM0")
    parser.add_argument("--yes", action="store_true", help="write without asking")


def main(args: argparse.Namespace) -> int:
    """Show what would be written, ask, write, and read it back."""
    rig = Rig.load(args.rig)
    url = parse_port_url(args.port)
    if url.scheme == "none":
        raise InputError("--port none: has no board to store limits on; name one, e.g. serial:///dev/ttyACM0")
    if has_driver(url.scheme):
        raise InputError(
            f"--port {url.text}: such a controller keeps no limits; every run gives it the rig's by itself"
        )
    if not args.yes and (args.json or not sys.stdin.isatty()):
        raise InputError("storing limits needs a yes: run this in a terminal, or add --yes")
    with LimitsWriter(url, rig) as writer:
        board, difference = writer.greet()
        if any(channel.output >= board.channels for channel in rig.channels):
            raise DeviceError(f"{url.text}: {difference}; give the channels of {rig.file} lower outputs")
        if not args.json:
            _show_plan(rig, board.kind, difference)
        written = difference is not None and (args.yes or _agreed())
        if written:
            writer.write()
    if args.json:
        limits = [dataclasses.asdict(one) for one in rig.limits]
        print(json.dumps({"board": board.kind, "written": written, "limits": limits}))
    elif difference is None:
        print("Nothing to do: the board has these limits already.")
    else:
        print("Stored, and read back." if written else "Nothing was written.")
    return 0 if written or difference is None else 1


def _show_plan(rig: Rig, board: str, difference: str | None) -> None:
    columns = ("output", "channel", "min µs", "max µs", "neutral µs", "µs/s", "µs/s²", "reversed")
    table = Table(*columns, title=plain(f"{rig.file} -> {board}"))
    for c in sorted(rig.channels, key=lambda channel: channel.output):
        numbers = (c.min_us, c.max_us, c.neutral_us, c.speed_us_per_s, c.accel_us_per_s2)
        table.add_row(str(c.output), plain(c.name), *map(str, numbers), "yes" if c.reversed else "")
    console = Console()
    console.print(table)
    link = rig.link
    rests = f"no pulses after {link.idle_detach_s} s of rest" if link.idle_detach_s else "pulses also at rest"
    console.print(
        f"Watchdog: {link.watchdog_ms} ms. {link.pulse_hz} pulses a second, {rests}. "
        "Every other output loses its limits.",
        highlight=False,
    )
    if difference is not None:
        console.print(f"Now: {difference}.", highlight=False)


def _agreed() -> bool:
    print("Check them against the puppet: from now on the board moves anywhere within them.")
    try:
        answer = input("Write these limits to the board? [y/N] ")
    except EOFError:
        print()
        raise InputError("the question got no answer: nothing was stored; say y, or add --yes") from None
    return answer.strip().casefold() in ("y", "yes")
