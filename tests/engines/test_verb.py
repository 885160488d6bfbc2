"""``mandible engines``: every engine beside the others, and what the missing ones want."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from mandible.cli import engines as verb
from mandible.cli import main
from mandible.device import engines
from mandible.device.engines import starting
from mandible.device.engines.comparison import Comparison, compare
from mandible.device.engines.starting import Start, start
from mandible.device.engines.trial import Agreement, Trial, agreement, run, speech_hops, try_out
from mandible.errors import DeviceError
from mandible.models import released
from tests.cli.command import complaint, mandible
from tests.engines.hops import STREAMING_MODEL, random_hops
from tests.engines.make_speech import part


def test_as_a_command_it_times_all_and_says_what_is_missing() -> None:
    done = mandible("engines", "nano", "--seconds", "0.3", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["model"], told["model_sha256"]) == ("nano", released.resolve("nano").sha256)
    assert told["default"] == "c"
    rows = {row["name"]: row for row in told["engines"]}
    assert list(rows) == engines.available()
    assert set(told["missing"]) == set(engines.NAMES) - set(rows)
    assert "pip install" in told["missing"]["tflite-runtime"]
    assert "sudo apt install" in told["missing"]["tensorrt"]
    for row in rows.values():
        assert 0 < row["p50_us"] <= row["p99_us"]
        assert row["core_percent"] == pytest.approx(row["us_per_hop"] / 100, abs=0.001)
        assert row["start_ms"] > 0
        assert 10 < row["memory_mb"] < 500
        for heard in ("speech", "noise"):
            if row["exact"]:
                assert row[heard] == {"largest_difference_lsb": 0, "equal_argmax": 1.0}
            assert row[heard]["largest_difference_lsb"] <= 3
            assert row[heard]["equal_argmax"] >= 0.9
    assert rows["reference"]["p50_us"] > 3 * rows["c"]["p50_us"]


def found(**p50_us: float) -> Comparison:
    """A comparison of engines with these times; ``c`` and ``reference`` are exact."""
    trials = []
    for name, us in p50_us.items():
        exact = name in ("c", "reference")
        close = Agreement(0, 1.0) if exact else Agreement(2, 0.973)
        trials.append(Trial(name, exact, us, us, us, us / 100, close, close))
    return Comparison("c", tuple(trials), {name: Start(12.0, 29.0) for name in p50_us}, {"onnx": "why"})


def test_a_faster_engine_is_named_with_its_price() -> None:
    assert verb.advice(found(c=20.0, litert=10.0, reference=5.0)) == (
        "litert takes 50 % of c's time; on this speech 2.7 % of hops then show another viseme, "
        "and logits are up to 2 steps off."
    )
    assert "not exact is faster than c, which is exact" in verb.advice(found(c=20.0, litert=21.0))
    assert verb.advice(found(litert=21.0)) == "The default, c, does not start here."


def test_the_table_fits_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = found(c=20.0, litert=19.5, reference=12345.6)
    monkeypatch.setattr(verb, "compare", lambda model, seconds: shown)
    assert main.main(["engines"]) == 0
    said = capsys.readouterr().out
    rows = {line.split()[0]: line for line in said.splitlines()[1:5]}
    assert rows["c"].split() == ["c", "*", "yes", "20.0", "20.0", "0.20", "12", "ms", "29", "equal", "equal"]
    assert rows["litert"].split()[-4:] == ["97.3%", "±2", "97.3%", "±2"]
    assert "12345.6" in rows["reference"]
    assert "onnx is missing: why" in said
    assert "…" not in said
    assert all(len(row) <= 80 for row in rows.values())


def test_what_is_missing_is_broken_between_words_and_its_command_not_at_all(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(Console, "is_terminal", property(lambda _: True))
    command = "pip install " + " ".join(["'a-package-of-its-own==2.14.0'"] * 4)
    shown = found(c=20.0, litert=10.0)
    reason = f"engine onnx: {'a package that is not installed ' * 3}here; run: {command}"
    missing = Comparison(shown.default, shown.trials, shown.starts, {"onnx": reason})
    monkeypatch.setattr(verb, "compare", lambda model, seconds: missing)
    assert main.main(["engines"]) == 0
    lines = capsys.readouterr().out.splitlines()
    begin = next(at for at, line in enumerate(lines) if line.startswith("onnx is missing: a package"))
    run = lines.index(f"  run: {command}")
    words = " ".join(lines[begin:run]).split()
    assert words == ("onnx is missing: " + "a package that is not installed " * 3 + "here").split()
    assert all(len(line) <= 60 for line in lines[begin:run] + lines[run + 1 :])


def test_what_libraries_say_while_they_start_is_not_seen(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def compared(model: Path, seconds: float) -> Comparison:
        os.write(2, b"INFO: Created a delegate\n")
        return found(c=20.0)

    monkeypatch.setattr(verb, "compare", compared)
    assert main.main(["engines"]) == 0
    assert capfd.readouterr().err == ""
    os.write(2, b"standard error is back")
    assert capfd.readouterr().err == "standard error is back"
    assert main.main(["engines", "-v"]) == 0
    assert "INFO: Created a delegate" in capfd.readouterr().err


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "1e9"])
def test_an_impossible_time_is_refused(seconds: str) -> None:
    assert "--seconds" in complaint(mandible("engines", "--seconds", seconds), 2)


def test_a_damaged_model_is_said_before_anything_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cut.tflite"
    path.write_bytes(STREAMING_MODEL.read_bytes()[:5000])
    monkeypatch.setattr(verb, "compare", None)
    assert main.main(["engines", str(path)]) == 2
    assert "cut.tflite: truncated" in capsys.readouterr().err


def test_an_engine_that_does_not_start_is_missing_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, model: Path) -> Start:
        if name == "onnx":
            raise DeviceError("it crashes")
        return Start(1.0, None)

    monkeypatch.setattr("mandible.device.engines.comparison.start", refuse)
    told = compare(STREAMING_MODEL, 0.01)
    assert told.missing["onnx"] == "it crashes"
    assert "onnx" not in [trial.name for trial in told.trials]


def pretend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> None:
    """Let another program stand where Python is, as a broken package would."""
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("kill -ILL $$", r"engine c: it crashes \(SIGILL\)"),
        ("echo INFO >&2; echo 'the package is broken' >&2; exit 1", "^the package is broken$"),
        ("exit 1", "does not say why"),
        ("echo '{\"start_ms\": '", "does not say why"),
        ("echo '[1]'", "does not say why"),
        ("sleep 5", "does not start within"),
    ],
)
def test_a_start_that_fails_is_one_line(
    script: str, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pretend(monkeypatch, tmp_path, script)
    monkeypatch.setattr(starting, "LONGEST_START_S", 2 if script == "sleep 5" else 60)
    with pytest.raises(DeviceError, match=told):
        start("c", STREAMING_MODEL)


def test_a_start_takes_nothing_from_the_present_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit('taken from here')")
    monkeypatch.chdir(tmp_path)
    assert start("c", STREAMING_MODEL).start_ms > 0


def test_the_speech_is_that_of_the_sample() -> None:
    np.testing.assert_array_equal(speech_hops(), part())


def test_agreement_counts_the_strongest_and_the_farthest() -> None:
    exact = np.zeros((4, 15), np.int8)
    exact[:, 3] = 100
    other = exact.copy()
    other[0, 5] = 127
    other[1, 3] = -128
    assert agreement(exact, exact) == Agreement(0, 1.0)
    assert agreement(other, exact) == Agreement(228, 0.5)


def test_trials_leave_nothing_behind_in_one_another() -> None:
    """Every engine starts from the state before the first hop, however often it was timed."""
    hops = random_hops(40)
    for passes in (1, 3):
        trials = try_out(["c", "litert"], STREAMING_MODEL, hops, hops, passes=passes)
        shown = [(trial.name, trial.speech, trial.noise) for trial in trials]
        exact = run(engines.create("c", STREAMING_MODEL), hops)
        fast = agreement(run(engines.create("litert", STREAMING_MODEL), hops), exact)
        assert shown == [("c", Agreement(0, 1.0), Agreement(0, 1.0)), ("litert", fast, fast)]
