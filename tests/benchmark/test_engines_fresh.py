"""A point of the grid in a process of its own: what it answers, and every way in which that goes wrong."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mandible.benchmarks.grid import fresh, passes
from mandible.benchmarks.grid.fresh import Round, Work
from mandible.benchmarks.grid.point import Point
from mandible.benchmarks.grid.turns import in_turns
from mandible.benchmarks.hearing import first_hops
from mandible.benchmarks.speech import sample
from mandible.errors import DeviceError
from tests.benchmark.grid_point import point


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """Next to nothing."""
    path = tmp_path / "hops.npy"
    np.save(path, first_hops(sample(), 30))
    return Work(path, 2, 1.0)


def test_a_fresh_process_answers_the_same_each_time(work: Work, tmp_path: Path) -> None:
    first, second = (fresh.timed(point(), work, tmp_path) for _ in range(2))
    assert first.answers == second.answers
    assert first.exact
    line = point().line(point().create())
    assert passes.digest(passes.heard(line, first_hops(sample(), 30))) == first.answers
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hops.npy"]


def program(body: str) -> list[str]:
    return [sys.executable, "-c", f"import os, sys, json\nrequest, answer = sys.argv[1:]\n{body}"]


GOOD = {
    "start_ms": 1.0, "answers": "a" * 64, "exact": True, "hops_us": [1.0], "cpu_s": [0.1], "wall_s": [0.1],
    "minor_faults": [0], "major_faults": [0], "rss_mb": None,
}  # fmt: skip


def answering(told: object) -> list[str]:
    return program(f"open(answer, 'w').write({json.dumps(told)!r})")


def test_an_answer_that_is_one(work: Work, tmp_path: Path) -> None:
    found = fresh.timed(point(), work, tmp_path, answering(GOOD))
    assert found == Round(1.0, "a" * 64, True, (1.0,), (0.1,), (0.1,), (0.0,), (0.0,), None)


@pytest.mark.parametrize(
    "changed",
    [
        {"start_ms": "soon"}, {"start_ms": math.nan}, {"start_ms": -1}, {"start_ms": True},
        {"start_ms": 10**400},
        {"hops_us": []}, {"hops_us": 3}, {"hops_us": [None]}, {"cpu_s": [0.0]}, {"wall_s": [0]},
        {"answers": 7}, {"answers": "a" * 65}, {"exact": "yes"}, {"rss_mb": []}, {"minor_faults": [math.inf]},
    ],
)  # fmt: skip
def test_an_answer_that_is_none(changed: dict[str, Any], work: Work, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="gave figures that are none"):
        fresh.timed(point(), work, tmp_path, answering({**GOOD, **changed}))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("os.abort()", r"its process died \(Aborted\)"),
        ("sys.exit(3)", r"its process died \(status 3\)"),
        ("pass", "gave no figures"),
        ("open(answer, 'wb').write(b'\\xff' * 99)", "gave no figures"),
        ("open(answer, 'w').write('[' * 100000)", "gave no figures"),
        ("open(answer, 'w').truncate(99 << 20)", "gave no figures"),
        ("os.mkfifo(answer)", "gave no figures"),
        ("open(answer, 'w').write('{}')", "gave figures that are none"),
        ("open(answer, 'w').write(json.dumps({'why': 'a\\nb' * 9999}))", r"a\\n"),
    ],
)
def test_a_process_that_dies_or_talks_nonsense_has_one_line(
    body: str, said: str, work: Work, tmp_path: Path
) -> None:
    with pytest.raises(DeviceError, match=said) as refused:
        fresh.timed(point(), work, tmp_path, program(body))
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 1000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hops.npy"]


def test_a_process_that_hangs_is_ended_with_all_it_started(work: Work, tmp_path: Path) -> None:
    body = (
        "import signal, subprocess\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])\n"
        f"open({str(tmp_path / 'pids')!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "signal.pause()"
    )
    began_s = time.monotonic()
    with pytest.raises(DeviceError, match="did not finish within 1 s and was ended"):
        fresh.timed(point(), dataclasses.replace(work, limit_s=1.0), tmp_path, program(body))
    assert time.monotonic() - began_s < 5
    for pid in map(int, (tmp_path / "pids").read_text().split()):
        assert not alive(pid)


def alive(pid: int) -> bool:
    try:
        told = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return told.rpartition(") ")[2][0] != "Z"


def test_a_worker_left_alone_ends_by_itself(tmp_path: Path) -> None:
    """Its hops never come: a pipe that nobody writes to."""
    request, hops = tmp_path / "request.json", tmp_path / "hops.npy"
    os.mkfifo(hops)
    asked = {
        "point": dataclasses.asdict(point()),
        "hops": str(hops),
        "passes": 1,
        "seconds": 1.0,
        "limit_s": 0.0,
    }
    request.write_text(json.dumps({**asked, "passes": 1, "seconds": 1.0}))
    words = [*fresh.PROGRAM, str(request), str(tmp_path / "answer.json")]
    assert subprocess.run(words, timeout=20, capture_output=True).returncode == -signal.SIGALRM


def test_a_point_that_fails_is_left_out_and_the_others_take_turns(tmp_path: Path) -> None:
    """A stand-in times them, so that the order can be seen and one can fail in its second round."""
    order: list[str] = []
    good = fresh.Round(1.0, "a" * 64, True, (1.0,), (0.1,), (0.1,), (0.0,), (0.0,), None)

    def timed(one: Point) -> Round:
        order.append(one.engine)
        if order.count("litert") == 2 and one.engine == "litert":
            raise DeviceError("it broke")
        return good

    turns = in_turns([point("c"), point("litert"), point("onnx")], 3, timed, lambda _: None)
    assert order == ["c", "litert", "onnx", "litert", "onnx", "c", "onnx", "c"]
    assert {one.engine: why for one, why in turns.failed.items()} == {"litert": "it broke"}
    assert {one.engine: len(rounds) for one, rounds in turns.rounds.items()} == {"c": 3, "onnx": 3}
