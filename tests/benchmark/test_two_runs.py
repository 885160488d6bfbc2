"""Two runs of the quick suite: each under a minute and a half, and as far apart as the intervals say."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from mandible.benchmarks import result
from mandible.benchmarks.result import Result
from mandible.own_python import own_python

LIMIT_S = 90
# Intervals are for 95 of 100 cases.
AGREEING = 0.95


def quick(path: Path) -> tuple[Result, float]:
    """Run the quick suite; return its result and how long it took."""
    began_s = time.monotonic()
    words = ("benchmark", "--device", "host", "--suite", "quick", "--json", "-o", str(path))
    subprocess.run(
        own_python("mandible.cli.main", *words), check=True, stdout=subprocess.DEVNULL, timeout=10 * LIMIT_S
    )
    return result.read(path), time.monotonic() - began_s


def outside(one: Result, other: Result) -> tuple[list[str], int]:
    """Return which figures of the other run lie outside the interval of the first, and how many could."""
    later = {measured.key: measured for measured in other.measurements}
    timed = [measured for measured in one.measurements if measured.expected[0] < measured.expected[1]]
    assert all(measured.key in later for measured in timed)
    missed = []
    for measured in timed:
        low, high = measured.expected
        value = later[measured.key].value
        if not low <= value <= high:
            told = " ".join(map(str, measured.subject.values()))
            missed.append(f"{measured.figure} {told}: {value:.4g}, not {low:.4g} to {high:.4g}")
    return missed, len(timed)


@pytest.mark.full
def test_two_quick_runs_take_their_time_and_agree_within_their_intervals(tmp_path: Path) -> None:
    (one, one_s), (other, other_s) = (quick(tmp_path / f"{number}.json") for number in range(2))
    for first, second in ((one, other), (other, one)):
        missed, all_of_them = outside(first, second)
        print(f"{all_of_them - len(missed)} of {all_of_them} figures agree", *missed, sep="\n  ")
        assert len(missed) <= (1 - AGREEING) * all_of_them
    print(f"{one_s:.0f} s, {other_s:.0f} s")
    assert max(one_s, other_s) < LIMIT_S
