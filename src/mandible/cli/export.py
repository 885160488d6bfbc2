"""``mandible export``: write a model in the form that another program or board runs."""

from __future__ import annotations

import argparse
import importlib
from typing import Any

# kind -> one line of help; each lives in mandible.cli.export_<kind> and offers add_arguments() and main().
KINDS = {
    "c": "C99 source for a microcontroller",
    "firmware": "a puppet on one chip: microphone, line and servo firmware as one program",
    "onnx": "an ONNX file, int8 or float",
    "trt": "a TensorRT engine, on the Jetson that will run it",
}


class _KindParser(argparse.ArgumentParser):
    """The parser of one kind, whose module is imported when the command line names it."""

    def __init__(self, *, kind: str = "", **options: Any) -> None:
        super().__init__(**options)
        self._kind: str | None = kind

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Define the options of the kind, then parse."""
        if self._kind is not None:
            module, self._kind = importlib.import_module(f"mandible.cli.export_{self._kind}"), None
            # Left out, they must not undo what was said before the kind.
            unsaid: dict[str, Any] = {"action": "store_true", "default": argparse.SUPPRESS}
            self.add_argument("--json", help="machine-readable output", **unsaid)
            self.add_argument("-v", "--verbose", help="say more; show tracebacks", **unsaid)
            module.add_arguments(self)
        return super().parse_known_args(args, namespace)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the kinds; their options follow when one is named."""
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True, parser_class=_KindParser)
    for name, summary in KINDS.items():
        kinds.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".", kind=name)


def main(args: argparse.Namespace) -> int:
    """Run the kind that was named."""
    return int(importlib.import_module(f"mandible.cli.export_{args.kind}").main(args))
