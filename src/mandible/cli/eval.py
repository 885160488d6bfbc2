"""``mandible eval``: how well models do on recordings with phone times, with intervals."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mandible.errors import InputError
from mandible.models import evaluate
from mandible.models import page as shell
from mandible.models.evaluation import measure, page, sets, subjects, table
from mandible.models.scoring.bootstrap import DRAWS, SEED
from mandible.wording import shown

# Where standard output is no terminal, tables keep their columns whole.
WIDE_COLUMNS = 150
LOUDEST_NOISE_DB, QUIETEST_NOISE_DB = -20.0, 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the options of the verb."""
    parser.add_argument(
        "models", nargs="+", metavar="MODEL", help="a released name, a .tflite file or a training folder"
    )
    parser.add_argument(
        "--corpus", type=Path, required=True, metavar="DIR",
        help="corpus directory, or a folder of labelled recordings",
    )  # fmt: skip
    parser.add_argument(
        "--set", action="append", nargs="+", default=[], metavar="NAME", help="sources, or patterns of them"
    )
    parser.add_argument("--split", default="test", help="train, dev, test (default) or all")
    parser.add_argument("--snr", default="", metavar="DB,DB", help="measure with noise too, as in 20,10,5")
    parser.add_argument("--by", metavar="COLUMN", help="a table for each value of a column of utts.csv")
    parser.add_argument("--engine", metavar="E", help="see docs/engines.md (default: c, or litert)")
    parser.add_argument("--draws", type=int, default=DRAWS, metavar="N", help="resamples for the intervals")
    parser.add_argument("--seed", type=int, default=SEED, metavar="N", help="of resampling and noise")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with tables and pictures too")


def main(args: argparse.Namespace) -> int:
    """Measure, then print tables, or JSON with everything."""
    plan = measure.Plan(noise_levels(args.snr), checked("--draws", args.draws), checked("--seed", args.seed))
    if args.html is not None:
        shell.check(args.html)
    models = subjects.all_named(args.models, args.engine)
    chosen = sets.chosen(args.corpus, [name for names in args.set for name in names], args.split)
    with progress_bar() as bar:
        task = bar.add_task("listening", total=measure.work(models, chosen, plan))
        document, results = evaluate.evaluation(
            models, args.corpus, chosen, plan, args.by, lambda count: bar.advance(task, count)
        )
    document["split"] = args.split
    _show(document, args.json)
    # Last: a full disk must not cost the figures.
    if args.html is not None:
        page.write(args.html, document, results)
    return 0


def _show(document: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(document, allow_nan=False))
        return
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDE_COLUMNS)
    for number, one in enumerate(table.tables(document)):
        if number:
            console.print()
        console.print(one)
    console.print(table.NOTE, markup=False, highlight=False)


def progress_bar() -> Progress:
    """Return a bar on standard error, which shows nothing where that is no terminal."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def noise_levels(text: str) -> tuple[float, ...]:
    """Return the signal-to-noise ratios, in dB, that ``--snr`` asks for, each once."""
    levels: list[float] = []
    for word in filter(None, (part.strip() for part in text.split(","))):
        try:
            level = float(word)
        except ValueError:
            level = math.nan
        if not LOUDEST_NOISE_DB <= level <= QUIETEST_NOISE_DB:
            raise InputError(
                f"--snr {shown(word)}: give numbers from {LOUDEST_NOISE_DB:g} to {QUIETEST_NOISE_DB:g} dB, "
                "as in 20,10,5"
            )
        if level not in levels:
            levels.append(level)
    return tuple(levels)


def checked(option: str, value: int) -> int:
    """Return a number that must not be negative."""
    if not 0 <= value <= 1_000_000_000:
        raise InputError(f"{option} {value}: give a number from 0 on")
    return value
