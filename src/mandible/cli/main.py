"""Entry point of the ``mandible`` command."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Sequence

from mandible import __version__
from mandible.errors import DeviceError, InputError, MandibleError
from mandible.runtime_packages import broken_package, remedy
from mandible.saying import say

# verb -> one line of help; each verb lives in mandible.cli.<verb> and offers add_arguments() and main().
VERBS = {
    "run": "listen (or read a file) and move a mouth, live",
    "play": "play a recording through the loudspeaker, the mouth in time with it",
    "bake": "turn recordings into viseme tracks",
    "rig": "begin, check, explain, test and draw a rig; store its limits on a board",
    "calibrate": "find a puppet's limits, on the terminal or on a web page",
    "flash": "put the firmware on an Arduino Uno or Nano, or a Raspberry Pi Pico",
    "devices": "list microphones, loudspeakers and serial ports",
    "data": "check a corpus, or see and hear what training makes of it",
    "train": "train a viseme network on recordings with phone times",
    "eval": "measure models on recordings with phone times",
    "quantize": "make a float model small, and say what that cost",
    "export": "write a model for a microcontroller, ONNX or TensorRT",
    "engines": "time the engines that are installed, and say what a faster one would cost",
    "benchmark": "measure what the line costs here and how well it hears; compare",
    "parity": "compare a model on every engine, byte by byte",
    "models": "list the models that come with mandible, and what they need",
    "monitor": "watch a line at work in the terminal",
    "service": "start a line with the machine, and tell one that runs what to do",
    "doctor": "check this machine and say how to mend what is missing",
}

# Verbs that hand the words after -- on to another verb, as args.passed_on. Options that they do not know may
# be meant for that one; so they get them as args.misplaced, and say where they belong.
PASSES_ON = ("service",)

# What a shell reports for a program that Ctrl-C ended.
INTERRUPTED = 130


def build_parser(verb: str | None) -> argparse.ArgumentParser:
    """Return the parser; only the named verb's module is imported, to keep start-up short."""
    parser = argparse.ArgumentParser(prog="mandible", description="Lip-sync for small computers.")
    parser.add_argument("--version", action="version", version=f"mandible {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, summary in VERBS.items():
        sub = verbs.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        if name == verb:
            sub.add_argument("--json", action="store_true", help="machine-readable output")
            sub.add_argument("-v", "--verbose", action="store_true", help="say more; show tracebacks")
            importlib.import_module(f"mandible.cli.{name}").add_arguments(sub)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb. Exit codes: 0 ok, 1 a check did not hold, 2 bad input or usage, 3 device missing."""
    words = list(sys.argv[1:] if argv is None else argv)
    verb = next((w for w in words if w in VERBS), None)
    passed_on: list[str] = []
    if verb in PASSES_ON and "--" in words:
        end = words.index("--")
        words, passed_on = words[:end], words[end + 1 :]
    # A service manager's and a closing terminal's way to say stop: unwind, so that nothing stays behind.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    verbose = not {"-v", "--verbose"}.isdisjoint(words)
    try:
        args = parsed(words, verb)
        args.passed_on = passed_on
        return int(importlib.import_module(f"mandible.cli.{args.verb}").main(args))
    except MandibleError as error:
        return complain(error, error.exit_code, verbose)
    except ImportError as error:
        package = broken_package(error)
        if package is None:
            raise
        missing = DeviceError(f"{package} is not installed, or does not load: {remedy(package, error)}")
        missing.__cause__ = error
        return complain(missing, missing.exit_code, verbose)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our standard output is gone; nothing more to say, and nobody to say it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        named = f"{error.filename}: " if error.filename else ""
        return complain(InputError(f"{named}{error.strerror or error}"), InputError.exit_code, verbose)


def parsed(words: Sequence[str], verb: str | None) -> argparse.Namespace:
    """Return the options; usage errors end the program here."""
    parser = build_parser(verb)
    if verb not in PASSES_ON:
        return parser.parse_args(words)
    args, misplaced = parser.parse_known_args(words)
    args.misplaced = misplaced
    return args


def complain(error: MandibleError, exit_code: int, verbose: bool) -> int:
    """Say in one line what is wrong, after the traceback if it was asked for; return the exit code."""
    if verbose:
        traceback.print_exception(error)
    say(f"mandible: {error}")
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
