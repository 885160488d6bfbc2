"""``mandible rig``: check a rig file, or store its limits on a board."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from mandible.device import engines
from mandible.errors import DeviceError, InputError
from mandible.firmware_bridge.limits import limits_crc
from mandible.firmware_bridge.port_url import parse_port_url
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.rig_keys import nearest
from mandible.firmware_bridge.storing import LimitsWriter
from mandible.models import released
from mandible.models.visemes import VISEME_NAMES
from mandible.wording import one_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare ``rig check`` and ``rig store``."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="read a rig file and say whether it is right")
    check.add_argument("--explain", action="store_true", help="show every value and where it comes from")
    store = actions.add_parser("store", help="write a rig's limits to a board's permanent memory")
    store.add_argument("--port", required=True, metavar="URL", help="e.g. serial:///dev/ttyACM0")
    store.add_argument("--yes", action="store_true", help="write without asking")
    for action in (check, store):
        action.add_argument("rig", metavar="FILE", help="rig file, or the name of a shipped rig")
        # Also understood after the action; SUPPRESS keeps what was given before it.
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="machine-readable")
        action.add_argument("-v", "--verbose", action="store_true", default=argparse.SUPPRESS)


def main(args: argparse.Namespace) -> int:
    """Run the action that was asked for."""
    rig = Rig.load(args.rig)
    if args.action == "store":
        return _store(rig, args)
    _refuse_what_is_not_there(rig)
    return _check(rig, args)


def _refuse_what_is_not_there(rig: Rig) -> None:
    """Raise InputError where the rig names a model or an engine that no run could take."""
    try:
        released.resolve(rig.model.name)
    except InputError as error:
        raise rig.error("model.name", str(error)) from error
    if rig.model.engine and rig.model.engine not in engines.NAMES:
        message = f'"{rig.model.engine}" is no engine; {nearest(rig.model.engine, engines.NAMES)}'
        raise rig.error("model.engine", message)


def _check(rig: Rig, args: argparse.Namespace) -> int:
    if args.json:
        print(json.dumps(_as_json(rig), indent=2))
    elif args.explain:
        console = Console()
        console.print(_explained(rig))
        console.print(_poses(rig))
    else:
        names = ", ".join(channel.name for channel in rig.channels)
        print(one_line(f"{rig.file}: right; {len(rig.channels)} channel(s): {names}"))
    return 0


def _as_json(rig: Rig) -> dict[str, object]:
    return {
        "file": rig.file,
        "limits_crc": limits_crc(rig.limits),
        "values": [
            {
                "key": e.key,
                "value": e.value,
                "line": e.line,
                "source": "default" if e.line is None else "file",
            }
            for e in rig.effective
        ],
        "poses_us": {
            viseme: {c.name: pulse for c, pulse in zip(rig.channels, poses_us, strict=True)}
            for viseme, poses_us in zip(VISEME_NAMES, rig.poses_us, strict=True)
        },
    }


def _explained(rig: Rig) -> Table:
    table = Table(Column("key", no_wrap=True), "value", "from", "meaning", title=_plain(rig.file))
    for e in rig.effective:
        source = "default" if e.line is None else f"line {e.line}"
        table.add_row(_plain(e.key), _plain(json.dumps(e.value)), source, e.about)
    return table


def _poses(rig: Rig) -> Table:
    table = Table("viseme", *(_plain(channel.name) for channel in rig.channels), title="Pulses in µs")
    for viseme, poses_us in zip(VISEME_NAMES, rig.poses_us, strict=True):
        table.add_row(viseme, *map(str, poses_us))
    table.add_section()
    table.add_row("neutral", *map(str, rig.neutral_us))
    return table


def _store(rig: Rig, args: argparse.Namespace) -> int:
    url = parse_port_url(args.port)
    if url.scheme == "none":
        raise InputError("--port none: has no board to store limits on; name one, e.g. serial:///dev/ttyACM0")
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
    table = Table(
        "output",
        "channel",
        "min µs",
        "max µs",
        "neutral µs",
        "µs per s",
        title=_plain(f"{rig.file} -> {board}"),
    )
    for c in sorted(rig.channels, key=lambda channel: channel.output):
        row = (c.output, _plain(c.name), c.min_us, c.max_us, c.neutral_us, c.speed_us_per_s)
        table.add_row(*map(str, row))
    console = Console()
    console.print(table)
    console.print(
        f"Watchdog: {rig.link.watchdog_ms} ms. Every other output loses its limits.", highlight=False
    )
    if difference is not None:
        console.print(f"Now: {difference}.", highlight=False)


def _plain(text: str) -> str:
    """Return text from a rig file as a table shows it: no terminal codes, no markup."""
    return escape(one_line(text))


def _agreed() -> bool:
    print("Check them against the puppet: from now on the board moves anywhere within them.")
    try:
        answer = input("Write these limits to the board? [y/N] ")
    except EOFError:
        print()
        raise InputError("the question got no answer: nothing was stored; say y, or add --yes") from None
    return answer.strip().casefold() in ("y", "yes")
