"""``mandible calibrate``: find a puppet's limits together with a person, on the terminal or on a page."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import AbstractContextManager
from dataclasses import asdict

from rich.console import Console

from mandible.errors import InputError
from mandible.firmware_bridge.calibration.at_a_port import Outcome, Wish, calibrate
from mandible.firmware_bridge.calibration.live import Front, LiveCalibration
from mandible.firmware_bridge.calibration.page_server import Page
from mandible.firmware_bridge.calibration.terminal import Terminal
from mandible.wording import one_line

LOOPBACK = "127.0.0.1:0"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the options of the verb."""
    parser.add_argument("rig", metavar="RIG", help="rig file, or the name of a shipped rig (with -o)")
    parser.add_argument("--port", metavar="URL", help="where the board is (default: the rig's)")
    parser.add_argument("--channel", metavar="NAME", help="find the limits of this part only")
    parser.add_argument("-o", "--output", metavar="FILE", help="write this rig file (default: RIG itself)")
    parser.add_argument("--web", action="store_true", help="on a web page instead of the terminal")
    parser.add_argument(
        "--listen", metavar="HOST:PORT", help="where --web serves (default: this machine only)"
    )
    parser.add_argument("--say", metavar="FILE", help="WAV file of the test sentence (default: the sample)")


def main(args: argparse.Namespace) -> int:
    """Walk the person through it; 0 where something was saved or stored, else 1."""
    if args.listen is not None and not args.web:
        raise InputError(f"--listen {args.listen}: is for the page; add --web")
    wish = Wish(args.rig, args.port, args.channel, args.output, args.say)

    def page(live: LiveCalibration) -> AbstractContextManager[Front]:
        served = Page(live, args.listen or LOOPBACK)
        print(f"Open this page, and keep the address to yourself: {served.url}", file=sys.stderr, flush=True)
        return served

    def terminal(live: LiveCalibration) -> AbstractContextManager[Front]:
        return Terminal(live, Console(stderr=args.json))

    outcome = calibrate(wish, page if args.web else terminal)
    tell(outcome, args.json)
    return 0 if outcome.saved or outcome.stored else 1


def tell(outcome: Outcome, as_json: bool) -> None:
    """Say what was found, and where it is now."""
    if as_json:
        print(json.dumps(asdict(outcome)))
        return
    for one in outcome.found:
        print(one_line(f"{one.channel}: {one.min_us} to {one.max_us} µs, rests at {one.neutral_us} µs"))
    print(one_line(f"{outcome.file}: {'saved' if outcome.saved else 'not written'}"))
    if outcome.stored and not outcome.saved:
        print("The board has these limits, the file has not; mandible rig store puts the file's there.")
    elif outcome.stored is not None:
        print(f"The board {'has' if outcome.stored else 'does not have'} these limits stored.")
