"""Two trees at work in turns: pairs of fresh processes, short blocks, samples kept pair by pair."""

from __future__ import annotations

import math
import os
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from mandible.benchmarks.compare.design import Design, Row
from mandible.benchmarks.compare.ratios import Quad, of_pair
from mandible.benchmarks.compare.workers import NotHereError, Tree, Worker
from mandible.device.engines.trial import SPEECH
from mandible.errors import InputError

VISEMES = "visemes"


@dataclass
class Samples:
    """What a row gave so far.

    Attributes:
        pairs: the logarithm of this / baseline of each pair.
        baseline, this: a tuple of samples for each pair, in the figure's unit.
    """

    pairs: list[float] = field(default_factory=list)
    baseline: list[tuple[float, ...]] = field(default_factory=list)
    this: list[tuple[float, ...]] = field(default_factory=list)

    def add(self, quads: list[Quad]) -> None:
        """Add a pair."""
        self.pairs.append(of_pair(quads))
        self.baseline.append(tuple(quad[i] for quad in quads for i in (0, 3)))
        self.this.append(tuple(quad[i] for quad in quads for i in (1, 2)))

    def add_one(self, baseline: float, this: float) -> None:
        """Add a pair of which each member gave one sample."""
        self.pairs.append(math.log(this / baseline))
        self.baseline.append((baseline,))
        self.this.append((this,))


@dataclass
class Turns:
    """The two trees, how they are compared, and what came of it.

    Attributes:
        baseline, this: built.
        wav: the recording that both hear.
        design: rows and blocks.
        missing: row -> why it is not compared.
        visemes: tree -> what it made of the recording, a name per hop; empty where it cannot.
        samples: of every row that both can do.
    """

    baseline: Tree
    this: Tree
    wav: Path
    design: Design
    missing: dict[str, str] = field(default_factory=dict)
    visemes: dict[str, list[str]] = field(default_factory=dict)
    samples: dict[str, Samples] = field(default_factory=lambda: defaultdict(Samples))

    def try_out(self) -> None:
        """Do every row once in either tree, which also compiles its Python.

        Raises:
            InputError: this tree cannot do what the baseline can, nothing can be compared, or a worker fails;
                one line.
        """
        self.missing = self._attempt(self.baseline)
        for name, why in self._attempt(self.this).items():
            if name not in self.missing:
                raise InputError(f"{self.this.told} cannot do {name}, which {self.baseline.told} can: {why}")
        timed = {row.name for row in self.design.timed}
        if timed <= self.missing.keys():
            why = next(iter(self.missing.values()))
            raise InputError(f"{self.baseline.told}: nothing in it can be compared ({why}); name a later one")

    def pair(self, number: int) -> None:
        """Start a pair of processes, let them take turns, end them, and keep the samples.

        Raises:
            InputError: a worker fails; one line.
        """
        core = _core(number)
        trees = (self.baseline, self.this)
        try:
            with ExitStack() as stack:
                started = {}
                for tree in trees if number % 2 == 0 else reversed(trees):
                    started[tree.name] = stack.enter_context(self._worker(tree, number, core))
                    self._wait_for(started[tree.name])
                workers = [started[tree.name] for tree in trees]
                self._blocks(workers, number)
                self._ends(workers)
        except NotHereError as error:
            told = f"{self.baseline.told} or {self.this.told}"
            raise InputError(f"{told} fails at what it could do before: {error}") from None

    def _wait_for(self, worker: Worker) -> None:
        """Return when a worker has started, so that none starts beside the other."""
        with suppress(NotHereError):
            worker.ask("start")

    def _blocks(self, workers: list[Worker], number: int) -> None:
        rows = self._possible(self.design.timed)
        for row in rows:  # caches, and what a first call makes
            for worker in workers:
                worker.work(row.name, row.block)
        quads: dict[str, list[Quad]] = {row.name: [] for row in rows}
        end_s, done = time.monotonic() + self.design.pair_s, 0
        while rows and (done < self.design.least_quads or time.monotonic() < end_s):
            for row in rows:
                work = partial(_block, workers, row)
                quads[row.name].append(_quad(row, number + done, work))
            done += 1
        for row in rows:
            self.samples[row.name].add(quads[row.name])

    def _ends(self, workers: list[Worker]) -> None:
        for row in self._possible(self.design.once):
            base, this = (worker.given(row.name) * row.per_ns for worker in workers)
            self.samples[row.name].add_one(base, this)

    def _possible(self, rows: tuple[Row, ...]) -> list[Row]:
        return [row for row in rows if row.name not in self.missing]

    def _attempt(self, tree: Tree) -> dict[str, str]:
        """Return what the tree cannot do: row -> why."""
        cannot: dict[str, str] = {}
        with self._worker(tree, 0, None) as worker:
            try:
                worker.ask("kernels")
            except NotHereError as error:
                raise InputError(f"{tree.told}: a C kernel builds, but does not load: {error}") from None
            for name in (*(row.name for row in self.design.rows), VISEMES):
                try:
                    given = worker.ask(name).get("given")
                except NotHereError as error:
                    cannot[name] = str(error)
                    continue
                if name == VISEMES:
                    self.visemes[tree.name] = [str(one) for one in given or ()]
        return cannot

    def _worker(self, tree: Tree, seed: int, core: int | None) -> Worker:
        return Worker(tree, (str(self.wav), str(SPEECH), self.design.rig), seed, core)


def _block(workers: list[Worker], row: Row, who: int) -> int:
    return workers[who].work(row.name, row.block)


def _quad(row: Row, turn: int, work: Callable[[int], int]) -> Quad:
    """Let both work twice, in turns; return baseline, this, this, baseline.

    Every second time they work in the order this, baseline, baseline, this: neither is always the first.
    """
    unit = row.per_ns / row.block
    first, second = (0, 1) if turn % 2 == 0 else (1, 0)
    one, two, three, four = (work(who) * unit for who in (first, second, second, first))
    return (one, two, three, four) if first == 0 else (two, one, four, three)


def _core(number: int) -> int | None:
    """Return the core of a pair: both on the same one, the next pair on the next."""
    try:
        usable = sorted(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        return None
    return usable[number % len(usable)]
