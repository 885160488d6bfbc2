"""``mandible run``: listen, and move a mouth, live."""

from __future__ import annotations

import argparse
import json
import sys

from mandible.cli.live_options import add_live_options, wanted_from
from mandible.device.daemon.live import Live


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the options of the verb."""
    add_live_options(parser)


def main(args: argparse.Namespace) -> int:
    """Run until the source ends, the duration is over, or a signal asks to stop."""
    with Live(*wanted_from(args)) as live:
        live.run()
        summary = live.summary()
    if args.json:
        # Where the track takes standard output, the summary would spoil it.
        print(json.dumps(summary), file=sys.stderr if args.output == "-" else sys.stdout)
    elif args.verbose:
        print(json.dumps(summary, indent=2), file=sys.stderr)
    return 1 if live.lost else 0
