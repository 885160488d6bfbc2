"""Comparing with a revision, ten times each: a line slowed by a quarter is found, an unchanged one passes.

``pytest -m full -s tests/benchmark/test_compare_ten_times.py`` prints the ratio and interval of every one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.benchmark.compare_clone import TAG, Clone

TIMES = 10
LIMIT_S = 400
SPIN = "import os\nos.nice(5)\nwhile True: sum(range(10000))"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    folder = tmp_path_factory.mktemp("compare")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        yield Clone(folder / "clone")


@contextmanager
def every_core_busy() -> Iterator[None]:
    others = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait(10)


@contextmanager
def left_alone() -> Iterator[None]:
    yield


MACHINES = {"as it is": left_alone, "every core busy": every_core_busy}


def compared(clone: Clone, what: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        clone.command("benchmark", "--compare", TAG, "--json"),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert done.stdout, done.stderr
    result = json.loads(done.stdout)
    rows = {row["subject"]["stage"]: row for row in result["comparison"]["rows"] if "stage" in row["subject"]}
    told = " ".join(
        f"{name} {row['ratio']:.3f} [{row['low']:.3f} {row['high']:.3f}] {row['verdict']};"
        for name, row in rows.items()
    )
    print(f"{what}: exit {done.returncode}, {result['duration_s']} s: {told}", flush=True)
    return done.returncode, rows


@pytest.mark.full
@pytest.mark.parametrize("state", MACHINES)
def test_ten_of_ten_slowed_lines_are_found_and_ten_of_ten_unchanged_ones_pass(
    clone: Clone, state: str
) -> None:
    unchanged, slowed = [], []
    with MACHINES[state]():
        for _ in range(TIMES):
            clone.restore()
            unchanged.append(compared(clone, f"{state}, unchanged"))
            clone.slow_line()
            slowed.append(compared(clone, f"{state}, slowed"))
    clone.restore()
    assert [status for status, _ in unchanged] == [0] * TIMES
    assert [status for status, _ in slowed] == [1] * TIMES
    assert [rows["live"]["verdict"] for _, rows in slowed] == ["worse"] * TIMES


@pytest.mark.full
@pytest.mark.parametrize("stage", ["front_end", "engine"])
def test_a_slowed_stage_is_found_in_its_own_row(clone: Clone, stage: str) -> None:
    clone.restore()
    getattr(clone, f"slow_{stage}")()
    status, rows = compared(clone, f"{stage} slowed")
    clone.restore()
    assert status == 1
    assert rows[stage]["verdict"] == "worse"
