"""``mandible benchmark``: what the line costs here and how well it hears, as a table, a file and a page."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from mandible.benchmarks import peers, result, runner, suite, table
from mandible.benchmarks.bench import Bench
from mandible.benchmarks.compare import files, revisions, trees
from mandible.benchmarks.devices import AUTO, DEVICES, ROOT, device
from mandible.benchmarks.plain_console import PlainConsole
from mandible.benchmarks.report import page
from mandible.benchmarks.speech import Speech, of_corpus, sample
from mandible.benchmarks.stdout_aside import stdout_aside
from mandible.cli import benchmark_wires
from mandible.errors import DeviceError, InputError
from mandible.firmware_bridge.rig_keys import nearest
from mandible.models import page as shell
from mandible.whole_file import check_place
from mandible.wording import shortened

PAGE = Path("benchmark.html")
DEFAULT_SPEECH_S = 600.0
MOST_SPEECH_S = 86_400.0
QUICK = "quick"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the options of the verb."""
    parser.add_argument(
        "--device", choices=(*DEVICES, AUTO), default=AUTO,
        help="whose figures: this computer, a Raspberry Pi, a Jetson, or microcontrollers in simulators "
        "(default: whatever this computer is)",
    )  # fmt: skip
    parser.add_argument(
        "--suite", default=QUICK, metavar="NAME|FILE", help="quick (default), full, or a .toml file"
    )
    parser.add_argument(
        "--only", action="extend", nargs="+", metavar="PROBE", help="only these probes of the suite"
    )
    parser.add_argument(
        "--peers", nargs="*", metavar="NAME",
        help="measure other programs too, on the same recordings; fetches them into a cache",
    )  # fmt: skip
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="hear this corpus, not only the sample")
    parser.add_argument(
        "--set", action="append", nargs="+", default=[], metavar="NAME", help="sources of the corpus"
    )
    parser.add_argument(
        "--speech", type=float, metavar="S",
        help=f"seconds of the corpus at most (default {DEFAULT_SPEECH_S:g})",
    )  # fmt: skip
    parser.add_argument(
        "--compare", metavar="FILE|TAG",
        help="hold the figures that are the same everywhere against a result file, or this code's speed "
        "against a tag's or commit's, in turns",
    )  # fmt: skip
    parser.add_argument(
        "--from", dest="source", type=Path, metavar="FILE", help="show this result; measure nothing"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the result here")
    parser.add_argument(
        "--html", nargs="?", type=Path, const=PAGE, metavar="FILE", help=f"write a page too (default {PAGE})"
    )
    parser.add_argument(
        "--root", type=Path, default=ROOT, metavar="DIR",
        help="take the computer's sys and proc from this folder, to rehearse: figures are marked simulated",
    )  # fmt: skip
    benchmark_wires.add_arguments(parser)


def main(args: argparse.Namespace) -> int:
    """Measure, or read a result; show it; exit 1 where a comparison does not hold."""
    for path in (args.output, args.html):
        if path is not None:
            shell.check(path) if path is args.html else check_place(path)
    console = Console(stderr=True)
    baseline = revisions.revision(args.compare) if args.compare is not None else None
    if baseline is not None:
        _refuse_beside_revision(args)
        with stdout_aside():
            found = trees.compared(baseline, device(args.device, args.root), console)
    else:
        held_against = None if args.compare is None else result.read(Path(args.compare))
        if held_against is not None:
            files.check(held_against, args.compare)
            if args.source is None and device(args.device, args.root).simulated:
                raise InputError(f"--compare: figures of --root {args.root} are simulated; leave one out")
        if args.source is not None:
            found = result.read(args.source)
        else:
            with stdout_aside():
                found = _measured(args, console)
        if held_against is not None:
            try:
                found.comparison = files.compared(found, held_against, args.compare)
            except InputError:
                _keep(args, found)  # it took minutes, and can be held against another file
                raise
    _keep(args, found)
    try:
        if args.json:
            print(result.dumped(found), end="")
        else:
            table.show(found, PlainConsole())
        print(end="", flush=True)
    except BrokenPipeError:
        # Who read has seen enough, such as `head`; the verdict stands all the same.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _exit_code(found)


def _exit_code(found: result.Result) -> int:
    if not found.measurements:
        return DeviceError.exit_code  # every probe lacks a part, and has said which
    return 0 if found.comparison is None or found.comparison["holds"] else 1


def _keep(args: argparse.Namespace, found: result.Result) -> None:
    """Write the file and the page that were asked for."""
    if args.output is not None:
        result.write(args.output, found)
    if args.html is not None:
        page.write(args.html, found)


def _refuse_beside_revision(args: argparse.Namespace) -> None:
    """Refuse options of the probes: two trees always do the same work, on the sample."""
    chosen = {
        "--from": args.source,
        "--suite": None if args.suite == QUICK else args.suite,
        "--only": args.only,
        "--peers": args.peers,
        "--corpus": args.corpus,
        "--set": args.set or None,
        "--speech": args.speech,
        "--loopback": args.loopback,
        "--port": args.port,
    }
    for option, value in chosen.items():
        if value is not None:
            raise InputError(f"{option}: has no part in comparing with a revision; leave one of them out")


def _measured(args: argparse.Namespace, console: Console) -> result.Result:
    where = device(args.device, args.root)
    chosen = suite.load(args.suite)
    recorded = benchmark_wires.loopback_step(args)
    steps = chosen.on(where.kind) if recorded is None else (recorded,)
    if args.only:
        steps = tuple(step for step in steps if step.probe in _known(args.only, steps, chosen.name))
    if not steps:
        raise InputError(f"--suite {chosen.name}: it has no probe for {where.kind}")
    steps = benchmark_wires.with_port(args, steps)
    rivals = () if args.peers is None else peers.chosen(args.peers)
    with tempfile.TemporaryDirectory(prefix="mandible-benchmark-") as scratch:
        bench = Bench(where, _speech(args), Path(scratch), rivals)
        return runner.run(chosen, steps, bench, console)


def _known(asked: list[str], steps: Sequence[suite.Step], name: str) -> list[str]:
    names = [step.probe for step in steps]
    for one in asked:
        if one not in names:
            raise InputError(
                f"--only {shortened(one)}: not in suite {name} for this device; {nearest(one, names)}"
            )
    return asked


def _speech(args: argparse.Namespace) -> Speech:
    if args.corpus is None:
        for option, value in (("--set", args.set or None), ("--speech", args.speech)):
            if value is not None:
                raise InputError(f"{option}: needs --corpus DIR")
        return sample()
    most_s = DEFAULT_SPEECH_S if args.speech is None else args.speech
    if not 0 < most_s <= MOST_SPEECH_S:
        raise InputError(f"--speech {most_s:g}: give more than 0 and at most {MOST_SPEECH_S:g} seconds")
    return of_corpus(args.corpus, [name for names in args.set for name in names], most_s)
