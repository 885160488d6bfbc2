"""Runs a suite: each probe in turn, its figures marked as what they are, its failure noted and no more."""

from __future__ import annotations

import importlib
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timezone
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from mandible.benchmarks.bench import Bench
from mandible.benchmarks.machine import machine, versions
from mandible.benchmarks.measurement import Measurement, NotMeasured
from mandible.benchmarks.result import Result
from mandible.benchmarks.suite import Step, Suite
from mandible.errors import MandibleError
from mandible.wording import one_line

WARM_UP = (
    "what is timed over and over hears the same speech once before, other programs their first recording; "
    "a round is a process of its own where code is timed, and subjects take turns, so that a busy moment of "
    "the machine hits them all; lateness and the line to a board are watched from the start"
)


def run(suite: Suite, steps: Sequence[Step], bench: Bench, console: Console) -> Result:
    """Measure the steps of a suite, and return everything with what it was measured on.

    A probe that lacks a part (an engine, a simulator, a sensor) is noted in ``not_measured``; others go on.
    """
    began_s = time.monotonic()
    result = Result(
        device=bench.device.kind,
        simulated=bench.device.simulated,
        suite=suite.name,
        begun=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        machine=machine(bench.device.root),
        settings={step.probe: asdict(step.settings) for step in steps},
        warm_up=WARM_UP,
    )
    with bar_on(console) as bar:
        task = bar.add_task("", total=len(steps))
        for step in steps:
            bar.update(task, description=step.probe)
            bench.tell = lambda doing, name=step.probe: bar.update(task, description=f"{name}: {doing}")  # type: ignore[misc]
            _measure(step, bench, result)
            bar.advance(task)
    result.models = bench.models
    result.versions = versions(sorted(bench.packages))
    result.duration_s = time.monotonic() - began_s
    return result


def _measure(step: Step, bench: Bench, result: Result) -> None:
    probe: Any = importlib.import_module(f"mandible.benchmarks.probes.{step.probe}")
    try:
        for found in probe.measure(step.settings, bench):
            if isinstance(found, NotMeasured):
                result.not_measured[f"{step.probe}: {found.part}"] = one_line(found.reason)
                continue
            # A board that is only a folder has no figures of its own.
            marked = replace(found, simulated=True) if bench.device.simulated else found
            if isinstance(marked, Measurement):
                result.measurements.append(marked)
            else:
                result.series.append(marked)
    except MandibleError as error:
        result.not_measured[step.probe] = one_line(str(error))
    except OSError as error:  # such as a disk that is full: what others have measured for minutes stays
        named = f"{error.filename}: " if error.filename else ""
        result.not_measured[step.probe] = one_line(f"{named}{error.strerror or error}")


def bar_on(console: Console) -> Progress:
    """Return a bar with the time and a word on what is being done; it leaves nothing behind."""
    return Progress(
        BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}"), console=console, transient=True
    )
