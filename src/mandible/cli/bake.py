"""``mandible bake``: recordings in, one viseme track each out."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from mandible.cli.options import LinePlan, add_line_options, keep_apart
from mandible.device.audio import open_source
from mandible.device.frames import HOP_MS
from mandible.device.pipeline import drive
from mandible.device.sinks.formats import open_track, suffix
from mandible.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the options of the verb."""
    parser.add_argument("inputs", nargs="+", metavar="IN", help="WAV files, or folders of them")
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="a file, or a folder for many")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="files at once")
    add_line_options(parser)


def main(args: argparse.Namespace) -> int:
    """Bake every input; the first bad one ends the run with its error, after the others are written."""
    plan = LinePlan.from_options(args)
    format_name = args.format or "csv"
    pairs = pair_outputs(args.inputs, args.output, suffix(format_name))
    for recording, track in pairs:
        keep_apart(recording, track)
    console = Console(stderr=True)
    done: list[dict[str, object]] = []
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("baking", total=len(pairs))
        for result in bake_all(pairs, plan, format_name, args.stamp, args.jobs):
            done.append(result)
            progress.advance(task)
    if args.json:
        print(json.dumps(sorted(done, key=lambda result: str(result["input"]))))
    elif args.verbose:
        for result in done:
            console.print(f"{result['input']} -> {result['output']} ({result['seconds']} s)", highlight=False)
    return 0


def pair_outputs(inputs: Sequence[str], output: str, suffix: str) -> list[tuple[str, str]]:
    """(input, output) of every recording; a folder stands for the WAV files below it."""
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


def bake_all(
    pairs: Sequence[tuple[str, str]], plan: LinePlan, format_name: str, stamp: str, jobs: int
) -> Iterator[dict[str, object]]:
    """Bake on as many processes as asked for, yielding results as they come."""
    if jobs <= 1 or len(pairs) == 1:
        for recording, track in pairs:
            yield bake_one(recording, track, plan, format_name, stamp)
        return
    with ProcessPoolExecutor(min(jobs, len(pairs))) as pool:
        work = [pool.submit(bake_one, *pair, plan, format_name, stamp) for pair in pairs]
        for finished in as_completed(work):
            yield finished.result()


def bake_one(recording: str, track: str, plan: LinePlan, format_name: str, stamp: str) -> dict[str, object]:
    """Bake one recording; on any error the old track, if there was one, stays as it was."""
    line = plan.build()
    with open_source(recording) as source:
        header = plan.header(source.header, stamp)
        with open_track(track, format_name, stamp, delay_ms=line.delay_ms, header=header) as sink:
            hops = drive(source, line, [sink.write])
            sink.close(hops * HOP_MS / 1000)
    return {"input": recording, "output": track, "seconds": hops * HOP_MS / 1000, "engine": plan.engine}
