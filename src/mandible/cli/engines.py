"""``mandible engines``: what a hop costs in each engine, and what a faster one would cost in exactness."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TextIO

from rich.console import Console
from rich.table import Table

from mandible.api import DEFAULT_MODEL
from mandible.device.engines.comparison import Comparison, compare
from mandible.device.engines.trial import Agreement
from mandible.errors import InputError
from mandible.models import network, released
from mandible.wording import one_line, wrapped

DEFAULT_SECONDS = 3.0
MOST_SECONDS = 3600
# Stands before the command in what an engine that is missing says.
RUN = " run: "
COLUMNS = ("µs p50", "p99", "core %", "start", "MB", "speech", "noise")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the options of the verb."""
    parser.add_argument(
        "model", nargs="?", default=DEFAULT_MODEL, metavar="MODEL",
        help=f"a released model's name or a .tflite file (default: {DEFAULT_MODEL})",
    )  # fmt: skip
    parser.add_argument(
        "--seconds", type=float, default=DEFAULT_SECONDS, metavar="S",
        help=f"how long to time them, all together (default: {DEFAULT_SECONDS:g})",
    )  # fmt: skip


def main(args: argparse.Namespace) -> int:
    """Measure, then say what was found."""
    if not 0 < args.seconds <= MOST_SECONDS:
        raise InputError(f"--seconds {args.seconds}: give more than 0 and at most {MOST_SECONDS}")
    model = released.resolve(args.model)
    network.load(model.path)  # a damaged one is said before anything is started
    with libraries_aside(args.verbose) as terminal, Console(file=terminal).status("every engine in turn"):
        found = compare(model.path, args.seconds)
    if args.json:
        told = {"model": model.name, "model_sha256": model.sha256, **as_json(found)}
        print(json.dumps(told))
        return 0
    console = Console()
    console.print(f"{model.name}, one thread, a hop of 10 ms at a time; * is the default.", highlight=False)
    console.print(table(found))
    console.print("speech, noise: hops with the exact engines' strongest viseme ± steps of the logits.\n")
    width = console.width if console.is_terminal else sys.maxsize
    for name, reason in found.missing.items():
        # The command on a line of its own, however long it is: what is copied from there goes into a shell.
        why, run, command = one_line(reason).removeprefix(f"engine {name}: ").partition(RUN)
        print(wrapped(f"{name} is missing: {why.rstrip(';')}", width, "  "))
        if run:
            print(f"  run: {command}")
    for line in advice(found).splitlines():
        print(wrapped(line, width, "  "))
    return 0


@contextmanager
def libraries_aside(verbose: bool) -> Iterator[TextIO]:
    """Yield standard error for ourselves, while what engines' libraries write there goes nowhere.

    With ``verbose`` it is seen.
    """
    sys.stderr.flush()
    before = os.dup(2)
    try:
        if not verbose:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 2)
            os.close(nowhere)
        with open(before, "w", encoding=sys.stderr.encoding, errors="replace", closefd=False) as ours:
            yield ours
    finally:
        os.dup2(before, 2)
        os.close(before)


def as_json(found: Comparison) -> dict[str, object]:
    """Return everything that was found."""
    rows = [{**asdict(trial), **asdict(found.starts[trial.name])} for trial in found.trials]
    return {"default": found.default, "engines": rows, "missing": dict(found.missing)}


def table(found: Comparison) -> Table:
    """Return a row for every engine that starts; it fits 80 columns."""
    made = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    made.add_column("engine", no_wrap=True)
    made.add_column("exact", no_wrap=True)
    for column in COLUMNS:
        made.add_column(column, justify="right", no_wrap=True)
    for trial in found.trials:
        start = found.starts[trial.name]
        made.add_row(
            trial.name + (" *" if trial.name == found.default else ""),
            "yes" if trial.exact else "no",
            f"{trial.p50_us:.1f}",
            f"{trial.p99_us:.1f}",
            f"{trial.core_percent:.2f}",
            f"{start.start_ms:.0f} ms",
            "?" if start.memory_mb is None else f"{start.memory_mb:.0f}",
            distance(trial.speech),
            distance(trial.noise),
        )
    return made


def distance(close: Agreement) -> str:
    """Say how far an engine is from the exact logits, in few characters."""
    if close.largest_difference_lsb == 0:
        return "equal"
    return f"{100 * close.equal_argmax:.1f}% ±{close.largest_difference_lsb}"


def advice(found: Comparison) -> str:
    """Say what taking a faster engine than the default would cost."""
    default = next((trial for trial in found.trials if trial.name == found.default), None)
    if default is None:
        return f"The default, {found.default}, does not start here."
    faster = found.faster()
    if not faster:
        kind = "exact" if default.exact else "not exact"
        return f"Nothing here that is not exact is faster than {default.name}, which is {kind}."
    prices = [
        f"{one.name} takes {100 * one.p50_us / default.p50_us:.0f} % of {default.name}'s time; "
        f"on this speech {100 * (1 - one.speech.equal_argmax):.1f} % of hops then show another viseme, "
        f"and logits are up to {one.speech.largest_difference_lsb} steps off."
        for one in faster
    ]
    return "\n".join(prices)
