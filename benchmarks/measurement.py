"""What a probe hands over: figures with their raw samples, and series over time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from mandible.benchmarks.figures import figure_named
from mandible.benchmarks.intervals import Interval, expected_again, percentile

Rounds = tuple[tuple[float, ...], ...]
Subject = Mapping[str, str | int]
# Enough to tell any number apart that these clocks and counters give.
_DIGITS = 7


@dataclass(frozen=True)
class Measurement:
    """One figure of one subject.

    Attributes:
        probe: who measured it.
        figure: a name of ``figures.toml``, which holds its unit and meaning.
        subject: of what: ``model``, ``engine``, ``precision``, ``threads``, ``stage``, ``core``, ...
        rounds: raw samples in the figure's unit, in the order they were taken, a tuple for every round.
            Rounds are far enough apart (other work, a new process) to tell how much a figure moves.
        conditions: what it was measured with (speech, hops); figures are compared only between equal ones.
        interval: of the value, where the probe knows it better than rounds do, as speakers resampled.
        simulated: not of the device it speaks of, so neither quoted nor compared.
    """

    probe: str
    figure: str
    subject: Subject
    rounds: Rounds
    conditions: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    interval: Interval | None = None
    simulated: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no figure, and rounds that hold none.

        Raises:
            ValueError: there is no such figure, a round is empty, or a sample is no finite number.
        """
        figure_named(self.figure)
        if not self.rounds or not all(self.rounds):
            raise ValueError(f"{self.probe} {self.figure}: a measurement without samples")
        if not all(math.isfinite(sample) for one in self.rounds for sample in one):
            raise ValueError(f"{self.probe} {self.figure}: a sample is no finite number")

    @property
    def key(self) -> tuple[str, str, tuple[tuple[str, str | int], ...]]:
        """What makes it the same figure in another run."""
        return self.probe, self.figure, tuple(sorted(self.subject.items()))

    @property
    def samples(self) -> tuple[float, ...]:
        """Every sample of every round."""
        return tuple(sample for one in self.rounds for sample in one)

    @cached_property
    def of_rounds(self) -> tuple[float, ...]:
        """The figure's statistic of each round."""
        return tuple(figure_named(self.figure).of(one) for one in self.rounds)

    @cached_property
    def value(self) -> float:
        """The figure: the median over rounds of its statistic."""
        return percentile(self.of_rounds, 50)

    @cached_property
    def expected(self) -> Interval:
        """Where another run on the same machine lands in 95 of 100 cases."""
        figure = figure_named(self.figure)
        return self.interval or expected_again(self.of_rounds, figure.floor, figure.floor_abs)

    def summary(self) -> dict[str, float]:
        """Return value, interval, and percentiles over all samples."""
        low, high = self.expected
        samples = self.samples
        spread = {f"p{rank}": percentile(samples, rank) for rank in (50, 95, 99)}
        found = {"value": self.value, "low": low, "high": high, **spread, "max": max(samples)}
        return {name: rounded(number) for name, number in found.items()}

    def as_json(self) -> dict[str, Any]:
        """Return what a result file holds of it."""
        told: dict[str, Any] = {
            "probe": self.probe,
            "figure": self.figure,
            "unit": figure_named(self.figure).unit,
            "subject": dict(self.subject),
            "simulated": self.simulated,
            **self.summary(),
            "conditions": dict(self.conditions),
            "rounds": [[rounded(sample) for sample in one] for one in self.rounds],
        }
        if self.interval is not None:
            told["interval"] = [rounded(end) for end in self.interval]
        return told


@dataclass(frozen=True)
class Series:
    """What was watched over time, for a plot.

    Attributes:
        probe: who watched.
        name: what it shows, such as ``endurance`` or ``syllable``.
        subject: as of a measurement.
        columns: name with unit (``time_s`` first) -> values, all of one length; None where nothing was known.
        simulated: as of a measurement.
    """

    probe: str
    name: str
    subject: Subject
    columns: Mapping[str, Sequence[float | None]]
    simulated: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return what a result file holds of it."""
        columns = {
            name: [None if value is None else rounded(value) for value in values]
            for name, values in self.columns.items()
        }
        return {
            "probe": self.probe,
            "name": self.name,
            "subject": dict(self.subject),
            "simulated": self.simulated,
            "columns": columns,
        }


@dataclass(frozen=True)
class NotMeasured:
    """A part of a probe that could not be measured, while the rest of it can.

    Attributes:
        part: which, such as a program's name.
        reason: why, and the remedy, in one line.
    """

    part: str
    reason: str


def exact(
    probe: str, figure: str, subject: Subject, value: float, conditions: Mapping[str, Any] | None = None
) -> Measurement:
    """Return a figure that is the same each time: a size, a count, an answer of exact arithmetic."""
    return Measurement(
        probe, figure, subject, ((float(value),),), conditions or {}, (float(value), float(value))
    )


def rounded(number: float) -> float:
    """Return a number with as many digits as a clock may have told."""
    return float(f"{number:.{_DIGITS}g}")
