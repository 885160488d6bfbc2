"""``mandible bake``: recordings in, one viseme track each out."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from mandible.cli.options import add_line_options, keep_apart, plan_from, track_format
from mandible.device.audio import open_source
from mandible.device.frames import HOP_MS
from mandible.device.pipeline import drive
from mandible.device.sinks.formats import open_track, suffix
from mandible.errors import InputError, MandibleError
from mandible.line_plan import LinePlan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the options of the verb."""
    parser.add_argument("inputs", nargs="+", metavar="IN", help="WAV files, or folders of them")
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="a file, or a folder for many")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="files at once")
    add_line_options(parser)


def main(args: argparse.Namespace) -> int:
    """Bake every input. A bad one gets its line and spoils nothing for the others."""
    if args.jobs < 1:
        raise InputError(f"--jobs {args.jobs}: give at least 1")
    plan = plan_from(args)
    format_name = track_format(args)
    pairs = pair_outputs(args.inputs, args.output, suffix(format_name))
    for recording, track in pairs:
        keep_apart(recording, plan, track)
    work = [Work(recording, track, plan, format_name, args.stamp) for recording, track in pairs]
    console = Console(stderr=True)
    done: list[dict[str, object]] = []
    failed: list[MandibleError] = []
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("baking", total=len(work))
        for result in bake_all(work, args.jobs):
            progress.advance(task)
            if isinstance(result, MandibleError):
                failed.append(result)
            else:
                done.append(result)
    done.sort(key=lambda result: str(result["input"]))
    if args.json:
        # Where the track takes standard output, the summary would spoil it.
        print(json.dumps(done), file=sys.stderr if args.output == "-" else sys.stdout)
    elif args.verbose:
        for result in done:
            console.print(
                f"{result['input']} -> {result['output']} ({result['seconds']} s)",
                highlight=False,
                markup=False,
            )
    for error in sorted(failed, key=str)[:-1]:
        print(f"mandible: {error}", file=sys.stderr)
    if failed:
        raise max(failed, key=str)
    return 0


def pair_outputs(inputs: Sequence[str], output: str, suffix: str) -> list[tuple[str, str]]:
    """(input, output) of every recording; a folder stands for the WAV files below it."""
    if not output:
        raise InputError("-o: an output needs a name; - is standard output")
    if len(inputs) == 1 and not Path(inputs[0]).is_dir() and not Path(output).is_dir():
        return [(inputs[0], output)]
    recordings: list[str] = []
    for name in inputs:
        folder = Path(name)
        found = sorted(str(path) for path in folder.rglob("*") if path.suffix.lower() == ".wav")
        if folder.is_dir() and not found:
            raise InputError(f"{name}: no .wav files in this folder")
        recordings += found if folder.is_dir() else [name]
    if output == "-":
        raise InputError(f"-o -: {len(recordings)} recordings do not fit one output; name a folder")
    target = Path(output)
    if target.exists() and not target.is_dir():
        raise InputError(f"{output}: is a file, but {len(recordings)} recordings need a folder")
    pairs = [(name, str(target / (Path(name).stem + suffix))) for name in recordings]
    owners: dict[str, str] = {}
    for name, track in pairs:
        if track in owners:
            raise InputError(f"{name}: would overwrite the track of {owners[track]}; bake them apart")
        owners[track] = name
    target.mkdir(parents=True, exist_ok=True)
    return pairs


@dataclass(frozen=True)
class Work:
    """One recording and everything a worker process needs to bake it."""

    recording: str
    track: str
    plan: LinePlan
    format_name: str
    stamp: str


def bake_all(work: Sequence[Work], jobs: int) -> Iterator[dict[str, object] | MandibleError]:
    """Bake on as many processes as asked for, yielding results as they come.

    Leaving early, for whatever reason, ends the workers too.
    """
    if jobs == 1 or len(work) == 1:
        yield from map(attempt, work)
        return
    with Pool(min(jobs, len(work)), initializer=obey_the_parent) as pool:
        yield from pool.imap_unordered(attempt, work)


def obey_the_parent() -> None:
    """Leave Ctrl-C to the parent, which then ends the workers; they unwind, so that no partial file stays."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def attempt(work: Work) -> dict[str, object] | MandibleError:
    """Bake one recording; return what was done, or what is wrong with it."""
    try:
        return bake_one(work)
    except MandibleError as error:
        return error


def bake_one(work: Work) -> dict[str, object]:
    """Bake one recording; on any error the old track, if there was one, stays as it was."""
    line = work.plan.build()
    with open_source(work.recording) as source:
        header = work.plan.header(source.header, work.stamp, line.engine.heads)
        with open_track(
            work.track, work.format_name, work.stamp, delay_ms=line.delay_ms, header=header
        ) as sink:
            seconds = drive(source, line, [sink.write]) * HOP_MS / 1000
            sink.close(seconds)
    return {
        "input": work.recording,
        "output": work.track,
        "seconds": seconds,
        "model": work.plan.model.name,
        "engine": work.plan.engine,
    }
