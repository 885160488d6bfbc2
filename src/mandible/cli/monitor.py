"""``mandible monitor``: a line at work, in the terminal; one that runs already, or one of its own."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from mandible.device.daemon.control_client import ControlClient, find
from mandible.device.daemon.control_socket import DEFAULT_HZ, MOST_HZ
from mandible.device.daemon.socket_place import FOLDER
from mandible.errors import InputError

Show = Callable[[Mapping[str, Any]], None]
# What only a line of its own takes, as mandible run does.
OWN_LINE = ("source", "model", "engine", "rig", "port", "gain", "high_pass")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the options of the verb."""
    parser.add_argument(
        "--source", metavar="S", help="listen to this with a line of its own, as mandible run does"
    )
    parser.add_argument("--model", metavar="M", help="of that line")
    parser.add_argument("--engine", metavar="E", help="of that line")
    parser.add_argument("--rig", metavar="FILE", help="of that line")
    parser.add_argument("--port", metavar="URL", help="of that line")
    parser.add_argument("--gain", metavar="G", help="of that line: auto, off, or a number of dB")
    parser.add_argument("--high-pass", metavar="HZ", help="of that line, or off")
    parser.add_argument("--control", metavar="SOCKET", help="the control socket of the line that runs")
    parser.add_argument("--name", default=FOLDER, help="the service that is meant, if there are several")
    parser.add_argument("--hz", type=float, default=DEFAULT_HZ, help=f"pictures a second, 1 to {MOST_HZ}")


def main(args: argparse.Namespace) -> int:
    """Show until Ctrl-C, or until the line ends."""
    if not 1 <= args.hz <= MOST_HZ:
        raise InputError(f"--hz {args.hz}: give 1 to {MOST_HZ}")
    aimless = next((name for name in OWN_LINE if getattr(args, name) is not None), None)
    if args.source is None and aimless is not None:
        raise InputError(f"--{aimless.replace('_', '-')}: is for a line of monitor's own; add --source S")
    with ExitStack() as stack:
        # Before anything takes the screen.
        client = None if args.source is not None else stack.enter_context(connected(args))
        show = show_json if args.json else stack.enter_context(Screen()).show
        try:
            if client is None:
                own_line(args, show)
            else:
                for status in client.watch(args.hz):
                    show(status)
        except KeyboardInterrupt:
            return 0
    if client is not None:
        print("mandible: the line has ended", file=sys.stderr)
    return 0


def connected(args: argparse.Namespace) -> ControlClient:
    """Return a connection to the line that is meant."""
    return ControlClient(Path(args.control) if args.control else find(args.name))


def own_line(args: argparse.Namespace, show: Show) -> None:
    """Run a line in this thread, and show it from another."""
    # With all that a line needs, which a look at one does not.
    from mandible.cli.live_options import read_live_options, wanted_from
    from mandible.device.daemon.live import Live

    given = {name: getattr(args, name) for name in OWN_LINE}
    options = [f"--{name.replace('_', '-')}={value}" for name, value in given.items() if value is not None]
    plan, wanted = wanted_from(read_live_options([*options, "--expression", "--realtime"]))
    ended = threading.Event()

    def watch(live: Live) -> None:
        while not ended.wait(1 / args.hz):
            show(live.snapshot().to_json())

    with Live(plan, replace(wanted, meter=False)) as live:
        watching = threading.Thread(target=watch, args=(live,), name="monitor", daemon=True)
        watching.start()
        try:
            live.run()
        finally:
            ended.set()
            watching.join()
        show(live.snapshot().to_json())


def show_json(status: Mapping[str, Any]) -> None:
    """Print a status as one line."""
    print(json.dumps(status, separators=(",", ":")), flush=True)


class Screen:
    """The terminal's other screen; leaving it gives everything back as it was."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live as Picturing

        from mandible.device.daemon.monitor_view import Picture

        console = Console()
        if not console.is_terminal:
            raise InputError("monitor: standard output is no terminal; add --json")
        self._picture = Picture
        self._live = Picturing(console=console, screen=True, auto_refresh=False)

    def __enter__(self) -> Screen:
        self._live.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        # A terminal that has no other screen, as Linux' own console, would keep the last picture.
        self._live.console.clear()
        self._live.__exit__(*error)

    def show(self, status: Mapping[str, Any]) -> None:
        """Draw a status."""
        self._live.update(self._picture(status), refresh=True)
