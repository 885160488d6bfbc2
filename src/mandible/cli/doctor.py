"""``mandible doctor``: what works here, what does not, and the command that mends it."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict

from mandible.device import doctor
from mandible.device.doctor import FAIL, OK, WARN
from mandible.wording import one_line, wrapped

COLOURS = {OK: "green", WARN: "yellow", FAIL: "red"}
INDENT = " " * 7


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
    tell = painter()
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    failed = False
    for check in doctor.examine(args.quick):
        failed = failed or check.result == FAIL
        finding = one_line(f"{check.name}: {check.finding}")
        if width is not None:
            finding = wrapped(finding, width - 5, "  ").replace("\n", "\n     ")
        tell(f"{check.result:>4}", COLOURS[check.result], finding)
        if check.remedy:  # on one line however long it is: what is copied from there goes into a shell
            print(f"{INDENT}mend it: {one_line(check.remedy)}", flush=True)
    return int(failed)


def painter() -> Callable[[str, str, str], None]:
    """Return what prints a word in a colour, and a text after it; also without Rich."""
    try:
        from rich.console import Console
    except ImportError:
        return lambda word, _colour, text: print(word, text, flush=True)
    console = Console()

    def tell(word: str, colour: str, text: str) -> None:
        console.print(f"[{colour}]{word}[/] ", end="")
        console.out(text, highlight=False)

    return tell
