"""Holds this code's speed against another revision's, built beside it, their runs in turns."""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from mandible.benchmarks import runner
from mandible.benchmarks.compare import building, verdicts
from mandible.benchmarks.compare.design import Design, Row, design
from mandible.benchmarks.compare.export import export_present
from mandible.benchmarks.compare.ratios import of_pairs
from mandible.benchmarks.compare.revisions import Revision, described
from mandible.benchmarks.compare.turns import VISEMES, Samples, Turns
from mandible.benchmarks.compare.workers import Tree
from mandible.benchmarks.devices import Device
from mandible.benchmarks.machine import machine, versions
from mandible.benchmarks.measurement import Measurement, exact
from mandible.benchmarks.result import Result
from mandible.benchmarks.speech import SAMPLE, sample
from mandible.errors import DeviceError, InputError
from mandible.models.scoring.score import score_track

PROBE = "trees"
KIND = "tree"
BASELINE, THIS = "baseline", "this"
MODELS = "src/mandible/models/released"
WARM_UP = (
    "every row is done once in either tree before anything counts, and a block of it in every process; "
    "blocks go baseline, this, this, baseline"
)


def compared(wanted: Revision, where: Device, console: Console) -> Result:
    """Build both, run them in turns, and return a result whose ``comparison`` says what differs.

    Raises:
        InputError: the revision holds no mandible that runs, or this one does not; one line.
        DeviceError: a compiler or another tool is missing, or the machine is too busy to tell anything.
    """
    if where.simulated:
        raise InputError(f"--root {where.root}: simulated figures are not compared; leave out --root")
    building.compiler()
    began_s = time.monotonic()
    chosen = design()
    result = Result(
        device=where.kind,
        simulated=False,
        suite=f"compare {wanted.named}",
        begun=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        machine=machine(),
        settings={PROBE: asdict(chosen)},
        warm_up=WARM_UP,
        versions={
            **versions(),
            "compiler": building.compiler(),
            BASELINE: wanted.commit,
            THIS: described(wanted.repository),
        },
    )
    with tempfile.TemporaryDirectory(prefix="mandible-compare-") as scratch, runner.bar_on(console) as bar:
        turns = _turned(wanted, Path(scratch).resolve(), chosen, bar)
        rows = [_timed_row(row, turns, result) for row in chosen.rows]
        rows += _exact_rows(turns, result)
    if all(row["verdict"] == verdicts.NOT_COMPARED for row in rows[: len(chosen.rows)]):
        raise DeviceError(
            f"--compare {wanted}: this machine is too busy to tell more work from the same; "
            "end what else runs, and compare again"
        )
    result.comparison = {
        "against": str(wanted),
        "kind": KIND,
        "holds": all(row["verdict"] != verdicts.WORSE for row in rows),
        "rows": rows,
    }
    result.duration_s = time.monotonic() - began_s
    return result


def _turned(wanted: Revision, scratch: Path, chosen: Design, bar: Progress) -> Turns:
    task = bar.add_task("", total=chosen.pairs + 3)

    def tell(doing: str) -> None:
        bar.update(task, description=doing)

    # Names of equal length, side by side: where a path ends moves what lies behind it in memory.
    baseline = Tree(BASELINE, str(wanted), scratch / "base")
    this = Tree(THIS, "this tree", scratch / "this")
    building.build_commit(wanted, baseline.folder, tell)
    bar.advance(task)
    tell("builds this tree")
    export_present(wanted.repository, this.folder)
    building.build(this.folder, this.told)
    bar.advance(task)
    tell("tries both")
    turns = Turns(baseline, this, SAMPLE, chosen)
    turns.try_out()
    bar.advance(task)
    number = 0
    while number < chosen.pairs or (number < chosen.most_pairs and _undecided(turns)):
        tell(f"pair {number + 1}, in turns")
        turns.pair(number)
        number += 1
        bar.update(task, advance=1, total=max(chosen.pairs, number + 1) + 3)
    return turns


def _undecided(turns: Turns) -> bool:
    """Whether a row of work can neither be called slower nor would have been, had it been so by much."""
    for row in turns.design.rows:
        if row.name in turns.samples:
            ratio = of_pairs(turns.samples[row.name].pairs)
            if ratio.low <= 1 + row.limit and ratio.finds(row.limit) > row.finds:
                return True
    return False


def _timed_row(row: Row, turns: Turns, result: Result) -> verdicts.Row:
    subject = {"stage": row.name}
    if row.name in turns.missing:
        return verdicts.row(PROBE, row.figure, subject, verdicts.NOT_COMPARED, turns.missing[row.name])
    samples: Samples = turns.samples[row.name]
    conditions = sample().conditions()
    values = []
    for tree, rounds in ((BASELINE, samples.baseline), (THIS, samples.this)):
        one = Measurement(PROBE, row.figure, {**subject, "tree": tree}, tuple(rounds), conditions)
        result.measurements.append(one)
        values.append(one.value)
    ratio = of_pairs(samples.pairs)
    interval = (ratio.middle, ratio.low, ratio.high)
    finds = ratio.finds(row.limit)
    return verdicts.ratio_row(
        PROBE, row.figure, subject, values[0], values[1], interval, row.limit, finds, row.finds
    )


def _exact_rows(turns: Turns, result: Result) -> list[verdicts.Row]:
    rows = []
    limits = turns.design.exact

    def held(figure: str, subject: dict[str, str | int], baseline: float, now: float) -> None:
        for tree, value in ((BASELINE, baseline), (THIS, now)):
            result.measurements.append(exact(PROBE, figure, {**subject, "tree": tree}, value))
        rows.append(verdicts.exact_row(PROBE, figure, subject, baseline, now, limits[figure]))

    def told(figure: str, subject: dict[str, str | int], why: str) -> None:
        rows.append(verdicts.row(PROBE, figure, subject, verdicts.NOT_COMPARED, why))

    if VISEMES in turns.missing:
        told("accuracy", {"speech": SAMPLE.name}, turns.missing[VISEMES])
    else:
        heard = [_accuracy(turns.visemes[tree.name]) for tree in (turns.baseline, turns.this)]
        held("accuracy", {"speech": SAMPLE.name}, heard[0], heard[1])
    sizes = [building.installed_bytes(tree.folder) for tree in (turns.baseline, turns.this)]
    held("package_bytes", {"package": "mandible"}, sizes[0], sizes[1])
    models = [_models(tree.folder) for tree in (turns.baseline, turns.this)]
    for name in sorted(models[0].keys() | models[1].keys()):
        if name in models[0] and name in models[1]:
            held("model_bytes", {"model": name}, models[0][name], models[1][name])
        else:
            only = turns.this.told if name in models[1] else turns.baseline.told
            told("model_bytes", {"model": name}, f"only in {only}")
    return rows


def _accuracy(visemes: list[str]) -> float:
    """Return the share of the sample's frames that show an accepted viseme, at the shift that suits best."""
    recording = sample().recordings[0]
    rows = [(0.01 * hop, 0.01 * (hop + 1), name) for hop, name in enumerate(visemes)]
    return score_track(recording.phones, rows, recording.phoneset)["accuracy_best"]


def _models(tree: Path) -> dict[str, int]:
    return {file.stem: file.stat().st_size for file in sorted((tree / MODELS).glob("*.tflite"))}
