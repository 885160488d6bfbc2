"""Options that several verbs share, and the line they describe."""

from __future__ import annotations

import argparse
from pathlib import Path

from mandible.api import DEFAULT_MODEL
from mandible.device.sinks.formats import FORMAT_IDS, suffix
from mandible.errors import InputError
from mandible.firmware_bridge.port_url import parse_port_url
from mandible.firmware_bridge.rig import Rig
from mandible.line_plan import LinePlan

# Of verbs that move a board and were given no rig.
DEFAULT_RIG = "skull"


def add_line_options(parser: argparse.ArgumentParser) -> None:
    """Model, engine, rig and track options of ``run`` and ``bake``."""
    parser.add_argument(
        "--model", metavar="M", help=f"a released model's name or a .tflite file (default: {DEFAULT_MODEL})"
    )
    parser.add_argument(
        "--engine", metavar="E", help="see docs/engines.md (default: c, or litert without its kernel)"
    )
    parser.add_argument("--rig", metavar="FILE", help="a rig file, or the name of one that ships")
    parser.add_argument(
        "--format",
        metavar="F",
        help=f"one of {', '.join(FORMAT_IDS)} (default: by the suffix of OUT, else csv)",
    )
    parser.add_argument(
        "--stamp",
        choices=("aligned", "emission"),
        default="aligned",
        help="stamp rows with the sound they speak for, or with the moment they were known",
    )
    parser.add_argument(
        "--expression",
        action="store_true",
        help="hear arousal and emphasis for jsonl rows, monitor and metrics, whatever the rig shows",
    )


def plan_from(args: argparse.Namespace) -> LinePlan:
    """Return the line that the options ask for. Errors name what is wrong before anything is opened."""
    return LinePlan.of(args.model, args.engine, args.rig, args.expression)


def port_from(asked: str | None, rig: Rig | None) -> str | None:
    """Return the URL of the board, as asked for, else the rig's; None where that is ``none:``.

    Raises:
        InputError: it is no port URL.
    """
    url = asked or (None if rig is None else rig.link.port)
    return None if url is None or parse_port_url(url).scheme == "none" else url


def track_format(args: argparse.Namespace) -> str:
    """Return the format asked for, or the one that the output's suffix stands for, or csv."""
    if args.format is not None:
        suffix(args.format)  # refuses an unknown one
        chosen = str(args.format)
    else:
        by_suffix = {suffix(name): name for name in FORMAT_IDS}
        chosen = by_suffix.get(Path(args.output or "").suffix.lower(), "csv")
    if args.expression and args.output is not None and chosen != "jsonl":
        raise InputError(f"--expression: {chosen} has no room for it; add --format jsonl")
    return chosen


def keep_apart(sound: str, plan: LinePlan, *writes: str | None) -> None:
    """Refuse to write over what is being read, sound, model or rig, or two outputs into one file."""
    taken = {place(name): what for name, what in plan.reads.items()}
    taken[place(sound)] = "is the sound that is being read"
    for name in writes:
        if name == "":
            raise InputError("an output needs a name; - is standard output")
        if name is None or name == "-":
            continue
        where = place(name)
        if where in taken:
            raise InputError(f"{name}: {taken[where]}; write somewhere else")
        taken[where] = "is written already"


def place(name: str) -> Path:
    """Return where a name leads, links followed; of a name that leads nowhere, as far as it goes."""
    try:
        return Path(name).resolve()
    except (OSError, RuntimeError):
        return Path(name)
