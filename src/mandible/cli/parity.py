"""``mandible parity``: one model on every engine there is, byte against byte."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console

from mandible.cli.eval import WIDE_COLUMNS, checked, progress_bar
from mandible.errors import DeviceError, InputError
from mandible.models import page as shell
from mandible.quantize import parity
from mandible.quantize.parity import accuracy, document, hops, page, registry, subject, table, tolerances

HOPS, RECORDINGS, SEED = 1000, 50, 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the options of the verb."""
    parser.add_argument("model", metavar="MODEL", help="a released name, or an int8 .tflite file")
    parser.add_argument(
        "--against",
        default=registry.ALL,
        metavar="NAMES",
        help=f"all (default), or: {','.join(parity.NAMES)}",
    )
    parser.add_argument("--hops", type=int, default=HOPS, metavar="N", help="hops of speech (default: 1000)")
    parser.add_argument(
        "--random-hops", type=int, default=HOPS, metavar="N", help="hops of random int8 (default: 1000)"
    )
    parser.add_argument("--seed", type=int, default=SEED, metavar="N", help="of the random hops")
    parser.add_argument(
        "--speech", type=Path, metavar="WAV", help="speech to compare on: a WAV file or a folder"
    )
    parser.add_argument(
        "--float", dest="float_name", metavar="FLOAT", help="the float network (a released model has its own)"
    )
    parser.add_argument(
        "--corpus", type=Path, metavar="DIR", help="measure accuracy on its test recordings too"
    )
    parser.add_argument(
        "--set", action="append", nargs="+", default=[], metavar="NAME", help="sources, or patterns of them"
    )
    parser.add_argument(
        "--recordings", type=int, default=RECORDINGS, metavar="N", help="most test recordings (default: 50)"
    )
    parser.add_argument(
        "--tolerance", metavar="T", help="a TOML file, or as in max_lsb=3,argmax_agreement=0.98"
    )
    parser.add_argument("--tflite-python", metavar="PYTHON", help="a Python that has tflite-runtime")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with tables and pictures too")


def main(args: argparse.Namespace) -> int:
    """Compare, print a table or JSON, and tell by the exit code whether everything holds."""
    names, by_name = registry.asked(args.against)
    if args.html is not None:
        shell.check(args.html)
    if args.corpus is None and args.set:
        raise InputError("--set chooses sources of a corpus; give one with --corpus")
    model = subject.named(args.model, args.float_name)
    plan = planned(args, names, model)
    with progress_bar() as bar:
        tasks = {name: bar.add_task(name, total=plan.hops_for(name)) for name in names}

        def advance(name: str, count: int) -> None:
            if name in tasks:
                bar.advance(tasks[name], count)

        found = parity.check(model, plan, advance)
    told = document.document(found)
    show(told, args.json)
    # Last: a full disk must not cost the figures.
    if args.html is not None:
        page.write(args.html, told)
    # Of all engines those count that can be; what was asked for by name must be.
    unfit = by_name & {one.name for one in found.too_large}
    if found.broken or unfit:
        return 1
    absent = by_name & {one.name for one in found.missing}
    return DeviceError.exit_code if absent else 0


def planned(args: argparse.Namespace, names: list[str], model: parity.Subject) -> parity.Plan:
    """Return what the options ask for, checked."""
    speech_hops, random_hops = checked("--hops", args.hops), checked("--random-hops", args.random_hops)
    for option, count in (("--hops", speech_hops), ("--random-hops", random_hops)):
        if count > hops.MOST_HOPS:
            raise InputError(f"{option} {count}: at most {hops.MOST_HOPS}")
    limits = tolerances.load(model.name, args.tolerance)
    chosen = [name for names in args.set for name in names]
    if args.recordings < 1:
        raise InputError(f"--recordings {args.recordings}: give a number from 1 on")
    recordings = (
        []
        if args.corpus is None
        else accuracy.held_out(args.corpus, chosen, args.recordings, model.lookahead_ms)
    )
    speech = (
        [one.utterance.path for one in recordings]
        if recordings and args.speech is None
        else hops.recordings_in(args.speech)
    )
    return parity.Plan(
        names=names,
        segments=hops.segments(speech, speech_hops, random_hops, checked("--seed", args.seed)),
        tolerances=limits,
        recordings=recordings,
        tflite_python=args.tflite_python,
        speech_hops=speech_hops,
    )


def show(told: dict[str, object], as_json: bool) -> None:
    """Print the report on standard output."""
    if as_json:
        print(json.dumps(told, allow_nan=False))
        return
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDE_COLUMNS)
    console.print(table.table(told))
    for line in table.remarks(told):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
