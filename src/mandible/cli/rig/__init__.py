"""``mandible rig``: begin a rig file, check and explain it, see it move, and store its limits on a board."""

from __future__ import annotations

import argparse
from types import ModuleType

from mandible.cli.rig import check, explain, new, plot, store, trial

_ACTIONS: dict[str, tuple[ModuleType, str]] = {
    "new": (new, "write a rig file to begin with"),
    "check": (check, "read a rig file and say whether it is right"),
    "explain": (explain, "show every value and pose of a rig, and where each comes from"),
    "test": (trial, "move every channel gently through its poses, one after the other"),
    "plot": (plot, "draw what the servos do while a recording is spoken"),
    "store": (store, "write a rig's limits to a board's permanent memory"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions and their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, (module, summary) in _ACTIONS.items():
        action = actions.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        module.add_arguments(action)
        # Also understood after the action; SUPPRESS keeps what was given before it.
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="machine-readable")
        action.add_argument("-v", "--verbose", action="store_true", default=argparse.SUPPRESS)


def main(args: argparse.Namespace) -> int:
    """Run the action that was asked for."""
    return int(_ACTIONS[args.action][0].main(args))
