"""A real ``mandible run``, a real firmware core on a virtual board: how late the one makes the other."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mandible.benchmarks.bench import Bench
from mandible.benchmarks.devices import Device
from mandible.benchmarks.lateness.figures import Run, measurements
from mandible.benchmarks.lateness.matching import Spoken
from mandible.benchmarks.lateness.performance import through_a_pipe
from mandible.benchmarks.lateness.sentence import programme
from mandible.benchmarks.lateness.watched_board import WatchedBoard
from mandible.benchmarks.measurement import Measurement, Series
from mandible.benchmarks.probes import lateness
from mandible.benchmarks.speech import Recording, Speech, sample
from mandible.errors import DeviceError
from mandible.firmware_bridge.rig import Rig

# "My mama baked a marvelous apple pie".
FROM_S, TO_S = 3.68, 5.0
SLACK_MS = 15.0


def mama() -> Recording:
    (whole,) = sample().recordings
    rows = tuple((a - FROM_S, b - FROM_S, phone) for a, b, phone in whole.phones if a >= 3.84 and b <= TO_S)
    return replace(
        whole, name="mama", pcm=whole.pcm[round(FROM_S * 16_000) : round(TO_S * 16_000)], phones=rows
    )


def performed(folder: Path, lead_ms: int) -> Run:
    folder.mkdir()
    rig = folder / "rig.toml"
    text = (Path(Rig.load("skull").file)).read_text("utf-8")
    rig.write_text(f"{text}\n[link]\npulse_hz = 51\nlead_ms = {lead_ms}\n")
    with WatchedBoard(folder / "board.csv") as board:
        seen = through_a_pipe(programme([mama()], 1), board, "--rig", str(rig))
    return Run(seen, Spoken.of(seen.heard, Rig.load(rig)))


def test_forty_milliseconds_more_are_forty_milliseconds_more_in_every_figure(tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        early, late = pool.map(lambda lead_ms: performed(tmp_path / str(lead_ms), lead_ms), (10, 50))
    found = [
        {one.figure: one.value for one in measurements("lateness", {}, [run], {})} for run in (early, late)
    ]
    for figure in ("sound_to_pulse_ms", "track_shift_ms", "jaw_shift_ms"):
        assert found[1][figure] - found[0][figure] == pytest.approx(40, abs=SLACK_MS), figure
    assert found[1]["sound_to_pose_ms"] == pytest.approx(found[0]["sound_to_pose_ms"], abs=SLACK_MS)
    # What is so by design is in it: half a window and the lookahead.
    assert found[0]["sound_to_pose_ms"] > 42.5
    assert found[0]["sound_to_pulse_ms"] > found[0]["sound_to_pose_ms"]


def test_the_probe_gives_every_figure_and_one_syllable_on_one_clock(tmp_path: Path) -> None:
    bench = Bench(Device("host"), Speech("mama", (mama(),)), tmp_path)
    found = list(lateness.measure(lateness.Settings(seconds=1), bench))
    figures = {one.figure: one for one in found if isinstance(one, Measurement)}
    assert figures.keys() >= {
        "sound_to_pulse_ms", "sound_to_pose_ms", "jaw_shift_ms", "onset_shift_ms", "closure_shift_ms",
        "track_shift_ms", "known_part_ms", "source_held_ms", "live_stage_p50_ms", "dropped_hops",
        "live_stage_p99_ms", "lost_poses",
    }  # fmt: skip
    # A sample for every hop of the sentence, but for those that a busy computer lost.
    assert len(figures["sound_to_pulse_ms"].samples) > 0.8 * (TO_S - FROM_S) * 100
    stages = {
        one.subject["stage"] for one in found if isinstance(one, Measurement) and "stage" in one.subject
    }
    assert stages >= {"wait", "front_end", "engine", "sinks", "link", "lookahead", "half a window"}
    series = {(one.name, one.subject.get("phone")): one for one in found if isinstance(one, Series)}
    asked = series["syllable-commanded", None].columns
    given = series["syllable-measured", None].columns
    level = series["syllable-sound", None].columns
    (starts_ms, ends_ms) = series["syllable-phone", "AA"].columns.values()
    assert min(map(float, asked["time_ms"])) < -100  # type: ignore[arg-type]
    opens_ms = [first_above(one, 1350.0) for one in (asked, given)]
    sounds_ms = float(starts_ms[0] or 0)
    # The jaw opens for the vowel: first asked for, then given, both after it is heard.
    assert sounds_ms < opens_ms[0] < opens_ms[1] < sounds_ms + 250
    assert len(level["time_ms"]) == len(level["level"]) > 200
    visemes = {one.subject.get("viseme") for one in found if isinstance(one, Series)}
    assert visemes >= {"PP", "aa"}
    assert ends_ms[0] == pytest.approx(190, abs=1)


def first_above(columns: object, pulse_us: float) -> float:
    """Return when a pulse was first so wide after the closure of the /m/ at 0."""
    assert isinstance(columns, dict)
    at_ms, widths_us = np.array(columns["time_ms"]), np.array(columns["pulse_us"])
    closed = np.flatnonzero((at_ms > 20) & (widths_us < 1300))
    return float(at_ms[closed[0] :][widths_us[closed[0] :] > pulse_us][0])


def test_a_run_that_fails_says_why_in_its_own_words(tmp_path: Path) -> None:
    with WatchedBoard(tmp_path / "board.csv") as board, pytest.raises(DeviceError, match=r"sailor"):
        through_a_pipe(programme([mama()], 1), board, "--model", "sailor")


KILLED = """
import sys
from pathlib import Path
from mandible.benchmarks.lateness.performance import through_a_pipe
from mandible.benchmarks.lateness.sentence import programme
from mandible.benchmarks.lateness.watched_board import WatchedBoard
from mandible.benchmarks.speech import sample
board = WatchedBoard(Path(sys.argv[1]))
through_a_pipe(programme(sample().recordings, 1), board, "--rig", "skull")
"""


def test_nothing_is_left_when_the_benchmark_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "board.csv"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(log)])
    try:
        wait_until(lambda: log.exists() and log.stat().st_size > 0, 20)
        children = [int(one) for one in children_of(process.pid)]
        assert len(children) == 2
    finally:
        process.kill()
        process.wait()
    wait_until(lambda: not any(alive(one) for one in children), 20)


def children_of(pid: int) -> list[str]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [child for task in tasks for child in (task / "children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        os.kill(pid, 0)
    except (OSError, ProcessLookupError):
        return False
    return state != "Z"


def wait_until(holds: object, limit_s: float) -> None:
    assert callable(holds)
    give_up_s = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < give_up_s
        time.sleep(0.01)


@pytest.mark.full
def test_two_quick_runs_agree_within_the_interval_that_they_state(tmp_path: Path) -> None:
    bench = Bench(Device("host"), sample(), tmp_path)
    first, again = (
        {one.key: one for one in lateness.measure(lateness.Settings(), bench) if isinstance(one, Measurement)}
        for _ in range(2)
    )
    assert first.keys() == again.keys()
    for key, one in first.items():
        low, high = one.expected
        assert low <= again[key].value <= high, key


@pytest.mark.full
def test_a_real_sound_server_shows_the_same_lateness_but_for_what_it_keeps_back(tmp_path: Path) -> None:
    bench = Bench(Device("host"), sample(), tmp_path)
    pipe, microphone = (
        {
            one.figure: one.value
            for one in lateness.measure(lateness.Settings(source=source), bench)
            if isinstance(one, Measurement)
        }
        for source in (lateness.PIPE, lateness.MICROPHONE)
    )
    assert microphone["source_held_ms"] > pipe["source_held_ms"]
    for figure in ("sound_to_pulse_ms", "track_shift_ms", "jaw_shift_ms", "closure_shift_ms"):
        assert microphone[figure] == pytest.approx(pipe[figure], abs=SLACK_MS), figure
