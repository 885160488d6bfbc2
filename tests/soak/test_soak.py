"""An hour of speech in the full tier, two minutes in the quick one: line and board stay what they were."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mandible.device.audio import WavWriter
from mandible.device.frames import HOP_SAMPLES
from tests.voices.sentences import SEED_VARIABLE, fresh_seed
from tests.voices.synthesis import fresh_utterances

ROOT = Path(__file__).parents[2]
EXACT = ("c", "tflite", "reference")
SENTENCES = 6
PAUSE_SAMPLES = 8000
LOOP_HOPS = 3000
# The first loop starts from nothing: the second is the first that another one must equal.
RUN_IN_LOOPS = 1
# Buffers of fixed length (round trips, clock samples) are full, Python's caches warm.
WARM_LOOPS = 2
# The last thousand round trips are all there.
TRACED_WARM_LOOPS = 8
# The counts of the stages' histograms have outgrown Python's ready-made small numbers: ten minutes.
LONG_WARM_LOOPS = 20
GROWTH_BYTES = 64_000
# One hour at four times the speed of speech would take a quarter of one.
TIMES_REAL_TIME = 4
SMOKE_MINUTES = 2.0
SECONDS_A_MINUTE = 15


def endless(sound: Path, minutes: float, *options: str) -> dict[str, Any]:
    """Run ``tests.soak.endless``."""
    command = [sys.executable, "-m", "tests.soak.endless", str(sound), "--minutes", str(minutes), *options]
    # Generous: the slowest engine, traced, on a busy computer.
    limit_s = 120 + 4 * SECONDS_A_MINUTE * minutes
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=limit_s)
    assert ended.returncode == 0, ended.stderr
    return dict(json.loads(ended.stdout))


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute of fresh sentences that begins and ends in silence."""
    seed = fresh_seed()
    print(f"{SEED_VARIABLE}={seed}")
    pause = np.zeros(PAUSE_SAMPLES, np.int16)
    pieces = [part for spoken in fresh_utterances(SENTENCES, seed) for part in (pause, spoken.pcm)]
    whole = np.zeros(LOOP_HOPS * HOP_SAMPLES, np.int16)
    said = np.concatenate(pieces)[: len(whole) - PAUSE_SAMPLES]
    whole[: len(said)] = said
    path = tmp_path_factory.mktemp("soak") / "speech.wav"
    with WavWriter(path) as writer:
        writer.write(whole)
    return path


def nothing_is_lost_or_drifts(report: dict[str, Any]) -> None:
    """Every hop reached the board, and every loop came out as the ones before it."""
    assert report["hops"] == LOOP_HOPS * len(report["visemes"])
    assert report["sent"] == report["hops"]
    # The last few answers are still on the cable.
    assert report["hops"] - 2 <= report["answered"]
    assert (report["lost"], report["skipped"], report["refused"]) == (0, 0, 0)
    # Once blank, once with its limits stored.
    assert report["greetings"] == 2
    assert len(set(report["visemes"][RUN_IN_LOOPS:])) == 1
    assert len(set(report["pins"][RUN_IN_LOOPS:])) == 1


def memory_stays_flat(report: dict[str, Any], warm_loops: int = WARM_LOOPS) -> None:
    """Resident memory within 1 % of what it was after the warm-up."""
    after_warm_up, *later = report["resident_bytes"][warm_loops:]
    assert max(later) <= 1.01 * after_warm_up


def said_by_all(sound: Path, minutes: float) -> dict[str, Any]:
    """Return what each exact engine makes of the sound; they work side by side."""
    with ThreadPoolExecutor() as together:
        runs = {name: together.submit(endless, sound, minutes, "--engine", name) for name in EXACT}
        return {name: run.result()["visemes"] for name, run in runs.items()}


def test_two_minutes_of_speech_leave_no_trace(speech: Path) -> None:
    report = endless(speech, SMOKE_MINUTES)
    nothing_is_lost_or_drifts(report)
    memory_stays_flat(report)


def test_the_exact_engines_say_the_same_for_a_minute(speech: Path) -> None:
    said = said_by_all(speech, 1)
    assert said["reference"] == said["tflite"] == said["c"]


@pytest.mark.full
def test_an_hour_of_speech_leaves_no_trace(speech: Path) -> None:
    report = endless(speech, 60)
    nothing_is_lost_or_drifts(report)
    memory_stays_flat(report, LONG_WARM_LOOPS)
    assert report["times_real_time"] >= TIMES_REAL_TIME


@pytest.mark.full
def test_the_exact_engines_say_the_same_for_an_hour(speech: Path) -> None:
    said = said_by_all(speech, 60)
    assert said["reference"] == said["tflite"] == said["c"]


@pytest.mark.full
def test_ten_minutes_allocate_nothing_that_stays(speech: Path) -> None:
    traced = endless(speech, 10, "--trace")["traced_bytes"]
    assert max(traced[TRACED_WARM_LOOPS:]) - traced[TRACED_WARM_LOOPS] < GROWTH_BYTES
