"""``mandible doctor``: what works here, what does not, and the command that mends it."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from rich.console import Console

from mandible.device import doctor
from mandible.device.doctor import FAIL, OK, WARN
from mandible.wording import one_line

COLOURS = {OK: "green", WARN: "yellow", FAIL: "red"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what ``doctor`` takes."""
    parser.add_argument(
        "--quick", action="store_true", help="neither listen to microphones nor time engines (under 2 s)"
    )


def main(args: argparse.Namespace) -> int:
    """Print every check; exit code 1 if one that the line cannot do without failed."""
    if args.json:
        checks = list(doctor.examine(args.quick))
        ok = all(check.result != FAIL for check in checks)
        print(json.dumps({"ok": ok, "checks": [asdict(check) for check in checks]}))
        return int(not ok)
    console = Console()
    failed = False
    for check in doctor.examine(args.quick):
        failed = failed or check.result == FAIL
        console.print(f"[{COLOURS[check.result]}]{check.result:>4}[/] ", end="")
        for text in (f"{check.name}: {check.finding}", *([f"mend it: {check.remedy}"] * bool(check.remedy))):
            indent = "       " if text.startswith("mend it: ") else ""
            console.print(indent + one_line(text), markup=False, highlight=False, soft_wrap=True)
    return int(failed)
